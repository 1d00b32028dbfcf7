import type { DataTest } from './data-test.ts';
import {
  and,
  type ColumnTypes,
  comparedSql,
  differs,
  failingRowsSql,
  failuresSql,
  type MetricCheck,
  wrongRow,
} from './failing-rows.ts';
import { identifier, tableName } from './literal.ts';

/** One query that answers one or more tests: its only row has a column `count_<n>` for each, the number of failures. */
export interface Pass {
  readonly sql: string;
  readonly tests: readonly DataTest[];
}

/**
 * As few queries as there can be: a table is read once for all that one look at each row can tell, and for its unique
 * keys; metrics with the same table, rows and keys are computed together. A table read once for each of its tests took
 * several times as long.
 */
export function passesOf(tests: readonly DataTest[], types: ColumnTypes): Pass[] {
  const groups = new Map<string, DataTest[]>();
  for (const test of tests) {
    const key = togetherKey(test, types);
    groups.set(key, [...(groups.get(key) ?? []), test]);
  }
  return [...groups.values()].map((group) => passOf(group, types));
}

/** The pass of tests that go together, as `passesOf` groups them; of one test, always. */
export function passOf(tests: readonly DataTest[], types: ColumnTypes): Pass {
  const [first] = tests;
  if (first === undefined || first.check.type === 'freshness') {
    return { sql: first === undefined ? '' : failingRowsSql(first, types), tests };
  }
  if (first.check.type === 'metric') return metricPass(tests as readonly DataTest<MetricCheck>[]);
  if (!isOfRows(first, types)) return { sql: failuresSql(first, types).replace(' AS failures', ' AS count_0'), tests };
  const counts = tests.map((test, index) => `${countOf(test, types)} AS count_${index}`);
  return { sql: `SELECT ${counts.join(',\n  ')}\nFROM ${tableName(first.table ?? '.')}`, tests };
}

function togetherKey(test: DataTest, types: ColumnTypes): string {
  const { check } = test;
  if (check.type === 'metric') return JSON.stringify([test.table, check.from, test.where, check.by]);
  return isOfRows(test, types) ? `rows ${test.table}` : `alone ${test.name}`;
}

function isOfRows(test: DataTest, types: ColumnTypes): boolean {
  return test.check.type === 'unique' || wrongRow(test, types) !== undefined;
}

function countOf(test: DataTest, types: ColumnTypes): string {
  const { check, where } = test;
  if (check.type !== 'unique') return `countIf(${and(where, wrongRow(test, types))})`;
  const isNullable = check.columns.some((column) =>
    types
      .get(test.table ?? '')
      ?.get(column)
      ?.includes('Nullable('),
  );
  const columns = check.columns.map(identifier).join(', ');
  // Null is passed over by uniqExact, but not a tuple with a null in it.
  const keys = isNullable ? `tuple(${columns})` : columns;
  return where === undefined
    ? `count() - uniqExact(${keys})`
    : `countIf(${and(where)}) - uniqExactIf(${keys}, ${and(where)})`;
}

function metricPass(tests: readonly DataTest<MetricCheck>[]): Pass {
  const counts = tests.map(({ check }, index) => `countIf(${differs(index, check.tolerance)}) AS count_${index}`);
  return { sql: `SELECT ${counts.join(',\n  ')}\nFROM (\n${comparedSql(tests)}\n)`, tests };
}

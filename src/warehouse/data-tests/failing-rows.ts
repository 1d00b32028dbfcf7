import type { Check, DataTest } from './data-test.ts';
import { identifier, literal, tableName } from './literal.ts';

/** The types of columns by `database.table`, then by column. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Checks of one row at a time: the condition under which a row is wrong. */
export type RowCheck = Extract<Check, { type: 'not_null' | 'accepted_values' | 'expression' | 'relationships' }>;

/** The condition in SQL under which a row of the table is wrong; undefined for what takes more than a row to see. */
export function wrongRow(test: DataTest, types: ColumnTypes): string | undefined {
  const { check } = test;
  switch (check.type) {
    case 'not_null':
      return isMissing(check.column, types.get(test.table ?? '')?.get(check.column) ?? '');
    case 'accepted_values': {
      const column = identifier(check.column);
      return `${column} IS NOT NULL AND ${column} NOT IN (${check.values.map(literal).join(', ')})`;
    }
    case 'relationships': {
      if (check.asOf !== undefined) return undefined;
      const column = identifier(check.column);
      // GLOBAL: on a cluster the keys of all shards are gathered first; on one server it is the same.
      return `${column} IS NOT NULL AND ${column} GLOBAL NOT IN (SELECT ${identifier(check.key)} FROM ${tableName(check.to)})`;
    }
    case 'expression':
      return `NOT ifNull((${closed(check.sql)}), false)`;
    default:
      return undefined;
  }
}

/** A text that ClickHouse keeps for "nothing" is empty, where the column cannot be null. */
function isMissing(column: string, type: string): string {
  const name = identifier(column);
  const isText = /^(LowCardinality\()?(Nullable\()?(String|FixedString)\b/.test(type);
  const isNullable = type.includes('Nullable(');
  if (isText) return isNullable ? `ifNull(${name}, '') = ''` : `${name} = ''`;
  return isNullable ? `${name} IS NULL` : 'false';
}

/** The query that shows what is wrong: a row for each failure, or for each key that several rows have. */
export function failingRowsSql(test: DataTest, types: ColumnTypes): string {
  const { check } = test;
  const wrong = wrongRow(test, types);
  const table = tableName(test.table ?? '.');
  if (wrong !== undefined) {
    return `SELECT ${shown(test)} FROM ${table}\nWHERE ${and(test.where, wrong)}`;
  }
  switch (check.type) {
    case 'unique': {
      const columns = check.columns.map(identifier).join(', ');
      const where = test.where === undefined ? '' : `\nWHERE ${and(test.where)}`;
      return `SELECT ${columns}, count() AS rows_with_it FROM ${table}${where}\nGROUP BY ${columns} HAVING count() > 1\nORDER BY rows_with_it DESC`;
    }
    case 'relationships':
      return asOfSql(test, check);
    case 'history':
      return historySql(test, check);
    case 'metric':
      return `SELECT * FROM (\n${comparedSql([test as DataTest<MetricCheck>])}\n)\nWHERE ${differs(0, check.tolerance)}`;
    case 'freshness':
      return `SELECT max(${identifier(check.column)}) AS newest, dateDiff('second', newest, now()) AS age_seconds, count() AS row_count FROM ${table}`;
    default:
      return (check as Extract<Check, { type: 'query' }>).sql;
  }
}

/** How many failures there are, from the query that shows them. Of keys that several rows have: the rows too many. */
export function failuresSql(test: DataTest, types: ColumnTypes): string {
  const what = test.check.type === 'unique' ? 'sum(rows_with_it - 1)' : 'count()';
  return `SELECT toUInt64(${what}) AS failures FROM (\n${failingRowsSql(test, types)}\n)`;
}

/** What a person needs to find the row: its grain and the tested column; of a row that nobody can name, all. */
function shown({ grain, check }: DataTest): string {
  const tested = 'column' in check ? [check.column] : [];
  if (grain.length === 0 && tested.length > 0) return `${identifier(tested[0]!)}, * EXCEPT ${identifier(tested[0]!)}`;
  if (grain.length === 0 || check.type === 'expression') return '*';
  return [...new Set([...grain, ...tested])].map(identifier).join(', ');
}

/** A condition of a declaration may close with a comment, which must not swallow what follows. */
export function and(...conditions: readonly (string | undefined)[]): string {
  const all = conditions.filter((one) => one !== undefined);
  if (all.length === 1) return closed(all[0]!);
  return all.map((one) => `(${closed(one)})`).join(' AND ');
}

function closed(condition: string): string {
  return condition.includes('--') ? `${condition}\n` : condition;
}

/** No version of the key held at the time of the row. ASOF finds the last that began by then; it may have ended. */
function asOfSql(test: DataTest, check: Extract<Check, { type: 'relationships' }>): string {
  const time = identifier(check.asOf ?? '');
  const column = identifier(check.column);
  const key = identifier(check.key);
  const columns = [...new Set([...test.grain, check.column, check.asOf ?? ''])];
  const where = test.where === undefined ? '' : ` WHERE ${and(test.where)}\n`;
  return [
    `SELECT ${columns.map((name) => `row.${identifier(name)} AS ${identifier(name)}`).join(', ')}`,
    `FROM (SELECT ${columns.map(identifier).join(', ')} FROM ${tableName(test.table ?? '.')}${where}) AS row`,
    `GLOBAL ASOF LEFT JOIN (SELECT ${key} AS version_key, valid_from AS version_from, valid_to AS version_to FROM ${tableName(check.to)}) AS version`,
    `ON version.version_key = row.${column} AND version.version_from <= row.${time}`,
    `WHERE ifNull(version.version_to <= row.${time}, true)`,
  ].join('\n');
}

/** Versions of a key, each with the start of the next and what is current among them. */
function historySql(test: DataTest, check: Extract<Check, { type: 'history' }>): string {
  const [key, from, to, current] = [check.key, check.from, check.to, check.current].map(identifier) as [
    string,
    string,
    string,
    string,
  ];
  const where = test.where === undefined ? '' : `\n  WHERE ${and(test.where)}`;
  return [
    'SELECT * FROM (',
    `  SELECT ${key}, ${from}, ${to}, ${current},`,
    `    row_number() OVER (PARTITION BY ${key} ORDER BY ${from} DESC) AS from_last,`,
    `    lagInFrame(toNullable(${from})) OVER (PARTITION BY ${key} ORDER BY ${from} DESC) AS next_from,`,
    `    countIf(${current}) OVER (PARTITION BY ${key}) AS current_versions`,
    `  FROM ${tableName(test.table ?? '.')}${where}`,
    ')',
    // Ends before it begins; reaches into the next; two are current; one is current that is not the last.
    `WHERE ${to} <= ${from} OR next_from < ${to} OR (current_versions > 1 AND ${current}) OR (${current} AND from_last > 1)`,
  ].join('\n');
}

export type MetricCheck = Extract<Check, { type: 'metric' }>;

/**
 * Rows of a table beside what the formulas give for the same keys: `shown_0`, `computed_0` and so on, for tests of the same
 * table, rows and keys. A key that only one side has is compared with nothing, which is 0.
 */
export function comparedSql(tests: readonly DataTest<MetricCheck>[]): string {
  const [first] = tests;
  if (first === undefined) return '';
  const keys = Object.entries(first.check.by);
  const names = keys.map((_, index) => `key_${index}`).join(', ');
  const shownKeys = keys.map(([column], index) => `${identifier(column)} AS key_${index}`);
  const computedKeys = keys.map(([, expression], index) => `${expression} AS key_${index}`);
  const shownValues = tests.map(({ check }, index) => `${identifier(check.column)} AS shown_${index}`);
  const computedValues = tests.map(({ check }, index) => `${check.formula} AS computed_${index}`);
  const columns = keys.map(([column], index) => `key_${index} AS ${identifier(column)}`);
  const values = tests.map((_, index) => `shown_${index}, computed_${index}`);
  const where = first.where === undefined ? '' : `\n  WHERE ${and(first.where)}`;
  return [
    `SELECT ${[...columns, ...values].join(', ')} FROM`,
    `(SELECT ${[...shownKeys, ...shownValues].join(', ')} FROM ${tableName(first.table ?? '.')}) AS shown`,
    'GLOBAL FULL JOIN',
    `(SELECT ${[...computedKeys, ...computedValues].join(',\n  ')}\n  FROM ${tableName(first.check.from)}${where}\n  GROUP BY ${names}) AS computed`,
    `USING (${names})`,
  ].join('\n');
}

/** Beside the tolerance, as much as adding in another order may make of a floating-point number. */
export function differs(index: number, tolerance: number): string {
  const [shown, computed] = [`ifNull(shown_${index}, 0)`, `ifNull(computed_${index}, 0)`];
  return `abs(toFloat64(${shown}) - toFloat64(${computed})) > abs(toFloat64(${computed})) * ${tolerance + 1e-9}`;
}

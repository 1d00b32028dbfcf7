import type {
  ColumnTestDeclaration,
  MetricDeclaration,
  Severity,
  TableDeclaration,
  TableTestDeclaration,
} from '../catalogue/declaration.ts';
import { type CatalogueFile, catalogueError, columnOf, qualified } from '../catalogue/files.ts';
import type { Check, DataTest } from './data-test.ts';

/**
 * The data tests that files declare, in their order: what is said of a table and of its columns, its grain, each column of a
 * metric, queries, and the freshness of topics. Pure; asks no server.
 *
 * Fails with PARLEY_CATALOGUE_INVALID when two tests have one name.
 */
export function testsOf(files: readonly CatalogueFile[]): DataTest[] {
  // Whoever tests a table of ours need not say its grain again.
  const grains = new Map<string, readonly string[]>();
  for (const file of files) {
    for (const [name, { grain }] of Object.entries(file.declaration.tables)) {
      if (grain !== undefined) grains.set(qualified(file, name), grain);
    }
  }
  const tests = files.flatMap((file) => [
    ...Object.entries(file.declaration.tables).flatMap(([name, table]) => tableTests(file, name, table, grains)),
    ...Object.entries(file.declaration.metrics).flatMap(([name, metric]) => metricTests(file, name, metric)),
    ...queryTests(file),
    ...freshnessTests(file),
  ]);
  const seen = new Map<string, DataTest>();
  for (const test of tests) {
    const other = seen.get(test.name);
    if (other !== undefined) {
      throw catalogueError(test.path, [
        `${test.name}: another test has this name (${other.path}); give one a \`name\``,
      ]);
    }
    seen.set(test.name, test);
  }
  return tests;
}

/** What every kind of test can be told. */
interface Common {
  readonly name?: string | undefined;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly where?: string | undefined;
}

const plain: Common = { severity: 'error', tags: [] };

function tableTests(
  file: CatalogueFile,
  name: string,
  declared: TableDeclaration,
  grains: ReadonlyMap<string, readonly string[]>,
): DataTest[] {
  const table = qualified(file, name);
  const grain = grains.get(table) ?? [];
  const make = (check: Check, own: Common, suffix: string): DataTest => ({
    name: `${table}.${own.name ?? `${check.type}${suffix === '' ? '' : `.${suffix}`}`}`,
    domain: file.domain,
    table,
    where: own.where,
    severity: own.severity,
    tags: [...new Set([...declared.tags, ...own.tags])],
    grain,
    check,
    path: file.path,
  });
  const unique = (columns: readonly string[], own: Common) => make({ type: 'unique', columns }, own, columns.join('-'));
  return [
    ...(declared.grain === undefined || !declared.is_unique ? [] : [unique(declared.grain, plain)]),
    ...declared.tests.map((test) => ofTable(test, make, unique)),
    ...Object.entries(declared.columns).flatMap(([column, tests]) =>
      tests.map((test) => ofColumn(file, column, test, make, unique)),
    ),
  ];
}

type Make = (check: Check, own: Common, suffix: string) => DataTest;
type Unique = (columns: readonly string[], own: Common) => DataTest;

function ofTable({ unique, expression, history }: TableTestDeclaration, make: Make, makeUnique: Unique): DataTest {
  if (unique !== undefined) return makeUnique(unique.columns, unique);
  if (expression !== undefined) return make({ type: 'expression', sql: expression.sql }, expression, '');
  const { key = '', from = '', to = '', current = '' } = history ?? {};
  return make({ type: 'history', key, from, to, current }, history ?? plain, key);
}

function ofColumn(
  file: CatalogueFile,
  column: string,
  { not_null, unique, accepted_values, relationships }: ColumnTestDeclaration,
  make: Make,
  makeUnique: Unique,
): DataTest {
  if (unique !== undefined) return makeUnique([column], unique);
  if (accepted_values !== undefined) {
    return make({ type: 'accepted_values', column, values: accepted_values.values }, accepted_values, column);
  }
  if (relationships !== undefined) {
    const { to, column: key = column, as_of: asOf } = relationships;
    const check: Check = { type: 'relationships', column, to: qualified(file, to), key, asOf };
    return make(check, relationships, asOf === undefined ? column : `${column}.as_of`);
  }
  return make({ type: 'not_null', column }, not_null ?? plain, column);
}

function metricTests(file: CatalogueFile, name: string, metric: MetricDeclaration): DataTest[] {
  const { formula, tolerance, severity, where, tags } = metric;
  return Object.entries(metric.columns).flatMap(([reference, { by }]) => {
    if (by === undefined) return [];
    const { table, column } = columnOf(file, reference);
    const check: Check = { type: 'metric', column, formula, from: qualified(file, metric.from), by, tolerance };
    const grain = Object.keys(by);
    const own = { domain: file.domain, table, where, severity, tags, grain, check, path: file.path };
    return [{ ...own, name: `${metricName(file, name)}.${table.slice(table.indexOf('.') + 1)}.${column}` }];
  });
}

/** The name of a metric in the catalogue. */
export function metricName(file: CatalogueFile, name: string): string {
  return `${file.domain}.metrics.${name}`;
}

function queryTests(file: CatalogueFile): DataTest[] {
  return Object.entries(file.declaration.tests).map(([name, { sql, severity, tags }]) => ({
    name: `${file.domain}.${name}`,
    domain: file.domain,
    table: undefined,
    where: undefined,
    severity,
    tags,
    grain: [],
    check: { type: 'query', sql: sql.trim().replace(/;$/, '') },
    path: file.path,
  }));
}

function freshnessTests(file: CatalogueFile): DataTest[] {
  return Object.entries(file.declaration.sources).map(([topic, { freshness }]) => {
    const { table, column } = columnOf(file, freshness.loaded_at);
    const { warn_after_hours: warnAfterHours, error_after_hours: errorAfterHours } = freshness;
    return {
      name: `${topic}.freshness`,
      domain: file.domain,
      table,
      where: undefined,
      severity: 'error',
      tags: [],
      grain: [],
      check: { type: 'freshness', topic, column, warnAfterHours, errorAfterHours },
      path: file.path,
    };
  });
}

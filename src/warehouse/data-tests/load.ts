import { ParleyError } from '../../errors.ts';
import {
  type CatalogueFile,
  cataloguedDomains,
  catalogueError,
  qualified,
  readCatalogueFile,
  readTestsFolder,
} from '../catalogue/files.ts';
import { namedIn } from '../catalogue/syntax-tree.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { firstDomain } from '../migration-files.ts';
import type { DataTest } from './data-test.ts';
import type { ColumnTypes } from './failing-rows.ts';
import { testsOf } from './plan.ts';

export interface LoadedTests {
  readonly tests: readonly DataTest[];
  readonly types: ColumnTypes;
  readonly files: readonly CatalogueFile[];
  /** The tables and topics that each test is about, by its name; a query is about all tables that it reads. */
  readonly subjects: ReadonlyMap<string, readonly string[]>;
}

/**
 * The tests of these domains, those of Parley itself, and those of users' folders, held against the tables and columns
 * that there are.
 *
 * Fails with PARLEY_CATALOGUE_INVALID for a file that names others, PARLEY_MIGRATION_NEEDED when a domain's own tables
 * are missing, PARLEY_SOURCE_NOT_FOUND for a folder that is not there, or as `queryRows` does.
 */
export async function loadTests(
  client: ClickHouseClient,
  options: { readonly domains: readonly string[]; readonly dirs?: readonly string[] },
): Promise<LoadedTests> {
  const types = await readTypes(client);
  const shipped = domainsWithTests(options.domains).map(readCatalogueFile);
  const own = (options.dirs ?? []).flatMap(readTestsFolder);
  mustBeMigrated(shipped, types);
  const files = [...shipped, ...own];
  const tests = testsOf(files);
  for (const file of files) checkNames(file, tests, types);
  return { tests, types, files, subjects: await subjectsOf(client, tests, types) };
}

function domainsWithTests(domains: readonly string[]): string[] {
  const known = cataloguedDomains();
  return [firstDomain, ...domains].filter((domain) => known.includes(domain));
}

async function readTypes(client: ClickHouseClient): Promise<ColumnTypes> {
  const rows = await queryRows<{ full_name: string; columns: [string, string][] }>(
    client,
    `SELECT concat(database, '.', table) AS full_name, groupArray((name, type)) AS columns
     FROM system.columns
     WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema', 'default')
     GROUP BY full_name`,
  );
  return new Map(rows.map(({ full_name, columns }) => [full_name, new Map(columns)]));
}

function tablesNamed(file: CatalogueFile): string[] {
  return Object.keys(file.declaration.tables).map((name) => qualified(file, name));
}

function mustBeMigrated(files: readonly CatalogueFile[], types: ColumnTypes): void {
  const missing = files.flatMap(tablesNamed).filter((table) => !types.has(table));
  if (missing.length === 0) return;
  throw new ParleyError('PARLEY_MIGRATION_NEEDED', 'The warehouse is older than the tests of this program', {
    expected: 'the tables of all domains that run',
    received: `no ${missing.join(', ')}`,
  });
}

/** Everything that a file names is there. Expressions are the server's to judge. */
function checkNames(file: CatalogueFile, tests: readonly DataTest[], types: ColumnTypes): void {
  const faults = new Set<string>();
  const need = (what: string, table: string, columns: readonly string[]): void => {
    const known = types.get(table);
    if (known === undefined) faults.add(`${what}: there is no table ${table}`);
    else for (const one of columns) if (!known.has(one)) faults.add(`${what}: ${table} has no column ${one}`);
  };
  for (const table of tablesNamed(file)) need(`tables.${table}`, table, []);
  for (const { name, path, table, grain, check } of tests) {
    if (path !== file.path || table === undefined) continue;
    need(name, table, [
      ...grain,
      ...('columns' in check ? check.columns : []),
      ...('column' in check ? [check.column] : []),
    ]);
    if (check.type === 'history') need(name, table, [check.key, check.from, check.to, check.current]);
    if (check.type === 'metric') need(name, check.from, []);
    if (check.type === 'relationships') {
      const versions = check.asOf === undefined ? [] : ['valid_from', 'valid_to'];
      need(name, table, check.asOf === undefined ? [] : [check.asOf]);
      need(name, check.to, [check.key, ...versions]);
    }
  }
  if (faults.size > 0) throw catalogueError(file.path, [...faults]);
}

async function subjectsOf(
  client: ClickHouseClient,
  tests: readonly DataTest[],
  types: ColumnTypes,
): Promise<Map<string, readonly string[]>> {
  const known = new Set(types.keys());
  const entries = tests.map(async ({ name, table, check, path }): Promise<[string, readonly string[]]> => {
    if (check.type === 'query') return [name, await tablesOf(client, check.sql, { name, path, known })];
    const topic = check.type === 'freshness' ? [check.topic] : [];
    return [name, [...(table === undefined ? [] : [table]), ...topic]];
  });
  return new Map(await Promise.all(entries));
}

async function tablesOf(
  client: ClickHouseClient,
  sql: string,
  { name, path, known }: { name: string; path: string; known: ReadonlySet<string> },
): Promise<string[]> {
  try {
    return [...(await namedIn(client, sql, known))];
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'PARLEY_QUERY_FAILED') throw error;
    throw catalogueError(path, [`tests.${name}.sql: ${error.message}`]);
  }
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParleyError } from '../errors.ts';
import { type ClickHouseClient, queryRows } from './client.ts';
import { clusterStatements } from './cluster/rewrite.ts';
import { failureOf } from './failure.ts';
import { firstDomain, migrationsFolder } from './migration-files.ts';
import { readRecord } from './migration-record.ts';
import { type Statement, splitStatements } from './sql-statements.ts';

/**
 * The databases of the documents' own names: `clickhouse/compat/<domain>.sql` makes them as views over the domain, so that
 * the documents' queries run unchanged. They are no migrations: nobody needs them, nothing is stored in them, and they are
 * made again whenever the views behind them have changed.
 */

/** In the record of migrations, what stands in place of the domain. No folder of migrations has such a name. */
const compatDomain = '(compat)';
/** `CREATE OR REPLACE VIEW <name> … FROM <source>`, of which both are names with their database. */
const viewShape = /^CREATE OR REPLACE VIEW (\w+\.\w+)[\s\S]*?\bFROM (\w+\.\w+)/;

export interface CompatOptions {
  /** Names of domains; one without such a file has none. */
  readonly domains: readonly string[];
  /** Whether views are made again that are as they should be (false). */
  readonly isForced?: boolean;
}

export interface AppliedCompat {
  readonly domain: string;
  readonly views: number;
}

interface View {
  readonly name: string;
  readonly source: string;
}

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

/**
 * Makes the databases of the domains, or brings them up to date; returns those that it changed. Run again it changes
 * nothing. On a warehouse that was made for a cluster they are made on all of its servers.
 *
 * Fails with PARLEY_COMPAT_TAKEN before it changes anything, when another table has the name of one of the views.
 */
export async function applyCompat(client: ClickHouseClient, options: CompatOptions): Promise<AppliedCompat[]> {
  const record = await readRecord(client);
  const applied: AppliedCompat[] = [];
  for (const domain of options.domains) {
    const path = join(migrationsFolder, 'compat', `${domain}.sql`);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
    const statements = splitStatements(text);
    const views = viewsOf(statements);
    const sources = await columnsOf(client, [...new Set(views.map(({ source }) => source))]);
    const checksum = createHash('sha256').update(text).update(JSON.stringify(sources)).digest('hex');
    if (!options.isForced && record?.checksums.get(`${compatDomain}/${domain}`) === checksum) continue;
    await checkNames(client, views);
    const start = performance.now();
    const cluster = record?.cluster?.name;
    for (const statement of statements) await run(client, statement, cluster, path);
    for (const text of await commentStatements(client, views, sources)) {
      await run(client, { text, line: 1 }, cluster, path);
    }
    await client.command({
      query: `INSERT INTO ${firstDomain}.migrations (domain, name, checksum, applied_at, elapsed_ms)
        SELECT {compat:String}, {domain:String}, {checksum:String}, now64(3, 'UTC'), {elapsedMs:UInt32}`,
      query_params: { compat: compatDomain, domain, checksum, elapsedMs: Math.round(performance.now() - start) },
    });
    applied.push({ domain, views: views.length });
  }
  return applied;
}

function viewsOf(statements: readonly Statement[]): View[] {
  return statements.flatMap(({ text }) => {
    const [, name, source] = viewShape.exec(text) ?? [];
    return name === undefined || source === undefined ? [] : [{ name, source }];
  });
}

function columnsOf(client: ClickHouseClient, tables: readonly string[]): Promise<Column[]> {
  return queryRows(
    client,
    `SELECT concat(columns.database, '.', columns.table) AS table, name, type, comment FROM system.columns AS columns
     WHERE concat(columns.database, '.', columns.table) IN {tables:Array(String)} ORDER BY table, position`,
    { tables },
  );
}

/** OR REPLACE takes the place of anything: what is not a view of ours must not vanish. */
async function checkNames(client: ClickHouseClient, views: readonly View[]): Promise<void> {
  const found = await queryRows<{ name: string; engine: string; query: string }>(
    client,
    `SELECT concat(tables.database, '.', tables.name) AS name, engine, create_table_query AS query FROM system.tables AS tables
     WHERE concat(tables.database, '.', tables.name) IN {names:Array(String)}`,
    { names: views.map(({ name }) => name) },
  );
  for (const { name, engine, query } of found) {
    const source = views.find((view) => view.name === name)?.source ?? '';
    if (engine === 'View' && query.includes(source)) continue;
    throw new ParleyError('PARLEY_COMPAT_TAKEN', `There is a table ${name} that is not Parley's`, {
      expected: `nothing, or a view over ${source}`,
      received: engine,
      where: name,
    });
  }
}

/** A view that says `SELECT *` has the columns of its source without their comments. */
async function commentStatements(
  client: ClickHouseClient,
  views: readonly View[],
  sources: readonly Column[],
): Promise<string[]> {
  const columns = await columnsOf(
    client,
    views.map(({ name }) => name),
  );
  return views.flatMap((view) => {
    const said = columns
      .filter(({ table, comment }) => table === view.name && comment === '')
      .map(({ name }) => sources.find((column) => column.table === view.source && column.name === name))
      .filter((column) => column !== undefined && column.comment !== '')
      .map((column) => `COMMENT COLUMN ${column!.name} ${literal(column!.comment)}`);
    return said.length === 0 ? [] : [`ALTER TABLE ${view.name} ${said.join(', ')}`];
  });
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

async function run(client: ClickHouseClient, statement: Statement, cluster: string | undefined, path: string) {
  const texts = cluster === undefined ? [statement.text] : clusterStatements(statement, cluster, path);
  for (const query of texts) {
    try {
      await client.command({ query, clickhouse_settings: { wait_end_of_query: 1 } });
    } catch (error) {
      const { code, message, detail } = failureOf(error).error;
      throw new ParleyError(code, message, { ...detail, where: `${path}:${statement.line}` });
    }
  }
}

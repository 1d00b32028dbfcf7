import { type ClickHouseClient, queryRows } from './client.ts';
import type { SettingsProblem } from './settings.ts';

/** Blocks whose tokens a table remembers. Other tasks' inserts push a waiting batch's token out of a smaller window. */
const windowBlocksLeast = 1_000;
/** For how long a replicated table remembers them: a batch may wait for its next owner over a night. */
const windowSecondsLeast = 86_400;

interface TableInfo {
  readonly name: string;
  readonly engine: string;
  readonly engineFull: string;
  /** The materialized views that an insert into it feeds. */
  readonly views: readonly string[];
  /** Of a materialized view. */
  readonly target: string;
}

/** What is wrong with the landing tables of these databases, and with all that views fill from them, in any database. */
export async function windowProblems(
  client: ClickHouseClient,
  databases: readonly string[],
): Promise<SettingsProblem[]> {
  const tables = await readTables(client);
  const defaults = await readMergeTreeDefaults(client);
  const seen = new Set<string>();
  const problems: SettingsProblem[] = [];
  const waiting: string[] = [];
  for (const table of landingTables(tables, databases)) {
    if (table.engine !== 'Distributed') waiting.push(table.name);
    else problems.push(...distributedProblems(table, waiting));
  }
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const table = tables.get(name);
    if (table === undefined || seen.has(name)) continue;
    seen.add(name);
    problems.push(...tableProblems(table, defaults));
    for (const view of table.views) waiting.push(tables.get(view)?.target ?? '');
  }
  return problems;
}

/**
 * Of the landing tables, those that a crash of the server can make lose an insert: plain ones. Killed at a bad moment
 * such a table comes back knowing the token of rows that it has not got, and drops their repetition. The embedded server
 * is mended before each start (`revokeLostInserts`), a server of one's own is not. A Replicated table puts its part in
 * place first, and then notes token and part in Keeper in one transaction.
 */
export async function plainLandingTables(client: ClickHouseClient, databases: readonly string[]): Promise<string[]> {
  const tables = landingTables(await readTables(client), databases);
  return tables.filter(({ engine }) => /^(?!Replicated|Shared)\w*MergeTree$/.test(engine)).map(({ name }) => name);
}

function landingTables(tables: ReadonlyMap<string, TableInfo>, databases: readonly string[]): TableInfo[] {
  return [...tables.values()].filter(({ name }) => databases.some((one) => name.startsWith(`${one}.landing_`)));
}

/** What an insert through a Distributed table reaches is checked where this server has it: its own shard. */
function distributedProblems({ name, engineFull }: TableInfo, waiting: string[]): SettingsProblem[] {
  const [, database, table, key] =
    /^Distributed\('[^']*', '(\w+)', '(\w+)'(?:, (.+))?\)(?: SETTINGS .*)?$/.exec(engineFull) ?? [];
  const what = `${name}, Distributed`;
  if (database === undefined) return [{ what, expected: 'a local table of this server', received: engineFull }];
  waiting.push(`${database}.${table}`);
  // By anything but the rows themselves, a repeated insert would be cut otherwise than before.
  if (key?.startsWith('cityHash64(')) return [];
  return [{ what, expected: 'sharded by cityHash64 of its sorting key', received: key ?? 'no sharding key' }];
}

async function readTables(client: ClickHouseClient): Promise<Map<string, TableInfo>> {
  const rows = await queryRows<TableInfo>(
    client,
    `SELECT concat(database, '.', name) AS name, engine, engine_full AS engineFull,
       arrayMap((database, name) -> concat(database, '.', name), dependencies_database, dependencies_table) AS views,
       concat(target_database, '.', target_table) AS target
     FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

async function readMergeTreeDefaults(client: ClickHouseClient): Promise<Map<string, string>> {
  const rows = await queryRows<{ name: string; value: string }>(
    client,
    `SELECT name, value FROM system.merge_tree_settings WHERE name LIKE '%deduplication_window%'`,
  );
  return new Map(rows.map(({ name, value }) => [name, value]));
}

function tableProblems(table: TableInfo, defaults: ReadonlyMap<string, string>): SettingsProblem[] {
  const wanted = /^(Replicated|Shared)/.test(table.engine)
    ? [
        ['replicated_deduplication_window', windowBlocksLeast] as const,
        ['replicated_deduplication_window_seconds', windowSecondsLeast] as const,
      ]
    : [['non_replicated_deduplication_window', windowBlocksLeast] as const];
  // Only these engines deduplicate at all; whatever else a view writes to would count a retry twice.
  if (!table.engine.endsWith('MergeTree')) {
    return [{ what: `${table.name}, engine`, expected: 'one of the MergeTree family', received: table.engine }];
  }
  return wanted.flatMap(([setting, least]) => {
    const own = new RegExp(`\\b${setting} = (\\d+)`).exec(table.engineFull)?.[1];
    const received = own ?? defaults.get(setting) ?? '0';
    const problem = { what: `${table.name}, ${setting}`, expected: `${least} or more`, received };
    return Number(received) >= least ? [] : [problem];
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as assistantTables from '../../src/processors/assistant/tables.ts';
import * as conversationTables from '../../src/processors/conversations/tables.ts';
import type { LandingTable } from '../../src/runtime/domain.ts';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { READER } from '../../src/warehouse/embedded/server.ts';
import { migrationsFolder } from '../../src/warehouse/migration-files.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import * as orchestratorTables from '../../src/warehouse/orchestrator-tables.ts';
import { schemaSnapshot } from '../../src/warehouse/schema-snapshot.ts';
import { seedTable } from '../../src/warehouse/seeds/table.ts';
import { checkSettings } from '../../src/warehouse/settings.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

const databases = ['orchestrator', 'conversations', 'assistant'];
const landingTables: LandingTable[] = [
  ...Object.values(conversationTables),
  ...Object.values(assistantTables),
  seedTable('assistant'),
  ...Object.values(orchestratorTables),
];

let warehouse: ScratchWarehouse;
let client: ClickHouseClient;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  client = warehouse.client;
  await migrate(client);
});

afterAll(() => warehouse.stop());

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly comment: string;
  readonly default_kind: string;
}

function columnsOf(database: string): Promise<Column[]> {
  const sql =
    'SELECT table, name, type, comment, default_kind FROM system.columns WHERE database = {database:String} ORDER BY table, position';
  return queryRows<Column>(client, sql, { database });
}

function tablesOf(database: string): Promise<{ name: string; engine: string; comment: string }[]> {
  return queryRows(client, 'SELECT name, engine, comment FROM system.tables WHERE database = {database:String}', {
    database,
  });
}

test.each(databases)('the committed schema of %s is what the migrations lead to', async (database) => {
  const committed = readFileSync(join(migrationsFolder, 'schema', `${database}.sql`), 'utf8');
  const actual = await schemaSnapshot(client, database);
  expect(actual, 'The schema has changed: run `npm run schemas` and commit clickhouse/schema/').toBe(committed);
});

test.each(landingTables.map((table) => [`${table.database}.${table.name}`, table] as const))(
  '%s has the declared columns, in their order, and those of the engine',
  async (_name, table) => {
    const columns = (await columnsOf(table.database)).filter((column) => column.table === table.name);
    const written = [...Object.entries(table.columns), ['sign', 'Int8'], ['row_version', 'UInt64']];
    expect(columns.slice(0, written.length).map(({ name, type }) => [name, type])).toEqual(written);
    // What else a table has, ClickHouse fills.
    expect(columns.slice(written.length).filter((column) => column.default_kind === '')).toEqual([]);
  },
);

test('every landing table of the database is declared', async () => {
  const declared = landingTables.map(({ database, name }) => `${database}.${name}`).sort();
  const found = await queryRows<{ name: string }>(
    client,
    "SELECT concat(database, '.', table) AS name FROM system.tables WHERE database IN {databases:Array(String)} AND startsWith(table, 'landing_') ORDER BY name",
    { databases },
  );
  expect(found.map(({ name }) => name)).toEqual(declared);
});

test('a table whose replaced retractions are not sent is replaced by its sorting key, and no incremental view reads it', async () => {
  const tables = await queryRows<{ table: string; engine: string; key: string; query: string }>(
    client,
    `SELECT concat(database, '.', table) AS table, engine_full AS engine, sorting_key AS key, create_table_query AS query
     FROM system.tables WHERE database IN {databases:Array(String)}`,
    { databases },
  );
  const feeds = tables.filter(({ query }) => query.startsWith('CREATE MATERIALIZED VIEW'));
  expect(feeds.length).toBeGreaterThan(0);
  const replaced = landingTables.filter((table) => table.replacedBy !== undefined);
  expect(replaced.length).toBeGreaterThan(3);
  for (const { database, name, replacedBy } of replaced) {
    const landing = tables.find(({ table }) => table === `${database}.${name}`)!;
    expect(landing.engine, name).toMatch(/^ReplacingMergeTree\(row_version\)/);
    expect(landing.key.split(', '), name).toEqual(replacedBy);
    expect(feeds.filter(({ query }) => query.includes(name))).toEqual([]);
  }
});

describe.each(databases)('in %s', (database) => {
  test('every table, view and dictionary has a comment', async () => {
    const tables = await tablesOf(database);
    expect(tables.length).toBeGreaterThan(3);
    expect(tables.filter(({ comment }) => comment === '')).toEqual([]);
  });

  test('every column has a comment', async () => {
    const dictionaries = (await tablesOf(database)).filter(({ engine }) => engine === 'Dictionary');
    const isOfDictionary = (column: Column) => dictionaries.some(({ name }) => name === column.table);
    const columns = await columnsOf(database);
    expect(columns.filter((column) => column.comment === '' && !isOfDictionary(column))).toEqual([]);
    // ClickHouse takes no comments on the columns of a dictionary: its own comment names each.
    for (const column of columns.filter(isOfDictionary)) {
      const { comment } = dictionaries.find(({ name }) => name === column.table)!;
      expect(comment, `${column.table}.${column.name}`).toMatch(new RegExp(`\\b${column.name}\\b`));
    }
  });

  test('what analysts see has no signs, versions or states of aggregates', async () => {
    const storage = /^(landing|store|reference|snapshot)_/;
    const seen = (await columnsOf(database)).filter(({ table }) => !storage.test(table));
    expect(
      seen.filter(({ name, type }) => /^(sign|row_version)$/.test(name) || /AggregateFunction/.test(type)),
    ).toEqual([]);
    const tables = await tablesOf(database);
    const plain = tables.filter(({ name }) => !storage.test(name) && name !== 'migrations');
    expect(plain.filter(({ engine }) => engine !== 'View' && engine !== 'Dictionary')).toEqual([]);
  });
});

test('every view gives the types that it declares', async () => {
  const views = await queryRows<{ name: string }>(
    client,
    "SELECT concat(database, '.', table) AS name FROM system.tables WHERE database IN {databases:Array(String)} AND engine = 'View'",
    { databases },
  );
  for (const { name } of views) {
    const declared = await queryRows<Column>(client, `DESCRIBE TABLE ${name}`);
    const given = await queryRows<Column>(client, `DESCRIBE TABLE (SELECT * FROM ${name})`);
    const typesOf = (columns: Column[]) => columns.map((column) => `${column.name} ${column.type}`);
    expect(typesOf(given), name).toEqual(typesOf(declared));
  }
});

test('the user for BI tools reads every view, even with join_use_nulls', async () => {
  const reader = connect({ url: warehouse.server.url, username: READER });
  try {
    const sql =
      "SELECT concat(database, '.', table) AS name FROM system.tables WHERE database IN {databases:Array(String)} AND engine = 'View'";
    const views = await queryRows<{ name: string }>(reader, sql, { databases });
    expect(views.length).toBeGreaterThan(20);
    for (const { name } of views) {
      await queryRows(reader, `SELECT * FROM ${name} LIMIT 1`, {}, { join_use_nulls: 1 });
    }
    const time = "now64(3, 'UTC')";
    for (const name of ['clinics', 'customers', 'conversations']) {
      const asOf = `SELECT dictGet('conversations.${name}_as_of', 'version', tuple('nobody'), ${time}) AS version`;
      expect(await queryRows(reader, asOf)).toEqual([{ version: 0 }]);
    }
  } finally {
    await reader.close();
  }
});

test('no partitions: a replay of ten years is one part', async () => {
  const sql = "SELECT name FROM system.tables WHERE database IN {databases:Array(String)} AND partition_key != ''";
  expect(await queryRows(client, sql, { databases })).toEqual([]);
});

test('the settings on which counting once depends hold for all tables', async () => {
  await checkSettings(client, databases);
});

/** REQUIREMENTS 1.2 and the contract: first these columns, in this order, and of the kind that is named there. */
const promised: Record<string, string> = {
  fact_messages:
    'message_id string, conversation_id string, customer_id string, clinic_code string, date_id date, message_timestamp timestamp, direction string, direction_type string, channel string, message_count int, minutes_since_last_message int',
  dim_conversations:
    'conversation_id string, customer_id string, status string, tags string, is_urgent boolean, is_sensitive boolean, valid_from timestamp, valid_to timestamp',
  dim_customers:
    'customer_id string, clinic_code string, total_conversations int, customer_segment string, valid_from timestamp, valid_to timestamp',
  dim_clinics: 'clinic_code string, clinic_name string, clinic_type string, valid_from timestamp, valid_to timestamp',
  dim_dates: 'date_id date, year int, month int, day int, day_of_week int, is_business_day boolean',
  fact_sessions:
    'session_id string, conversation_id string, customer_id string, clinic_code string, started_at timestamp, ended_at timestamp, message_count int, in_count int, out_count int, duration_seconds int, is_open boolean',
};

const kinds: [RegExp, string][] = [
  [/^String$/, 'string'],
  [/^U?Int\d+$/, 'int'],
  [/^Bool$/, 'boolean'],
  [/^Date$/, 'date'],
  [/^DateTime64\(3, 'UTC'\)$/, 'timestamp'],
];

function kindOf(type: string): string {
  const plain = type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/, '$1');
  return kinds.find(([pattern]) => pattern.test(plain))?.[1] ?? type;
}

test.each(Object.entries(promised))('%s has the promised columns first', async (table, expected) => {
  const columns = (await columnsOf('conversations')).filter((column) => column.table === table);
  const found = columns.map(({ name, type }) => `${name} ${kindOf(type)}`);
  expect(found.slice(0, expected.split(', ').length).join(', ')).toBe(expected);
});

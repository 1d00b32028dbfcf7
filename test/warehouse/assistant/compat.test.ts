import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterStatements } from '../../../src/warehouse/cluster/rewrite.ts';
import { applyCompat } from '../../../src/warehouse/compat.ts';
import { migrationsFolder } from '../../../src/warehouse/migration-files.ts';
import { splitStatements } from '../../../src/warehouse/sql-statements.ts';
import { type AssistantWarehouse, later, startAssistantWarehouse } from './transcripts.ts';

/** The databases that the document names: its own queries run unchanged. */
let warehouse: AssistantWarehouse;
const path = join(migrationsFolder, 'compat', 'assistant.sql');
const domains = ['conversations', 'assistant'];
const databases = ['raw', 'seeds', 'staging', 'intermediate', 'marts'];

beforeAll(async () => {
  warehouse = await startAssistantWarehouse();
  await warehouse.take(
    Array.from({ length: 51 }, (_, at) => ({ entry_type: 'user', timestamp: later('2026-03-02T10:00:00Z', at) })),
  );
});
afterAll(() => warehouse.stop());

test('a table of somebody else is left alone, and nothing is made', async () => {
  const { client } = warehouse;
  await client.command({ query: 'CREATE DATABASE marts' });
  await client.command({ query: 'CREATE TABLE marts.dim_tools (x Int8) ENGINE = MergeTree ORDER BY x' });
  await expect(applyCompat(client, { domains })).rejects.toMatchObject({
    code: 'PARLEY_COMPAT_TAKEN',
    detail: { where: 'marts.dim_tools', received: 'MergeTree' },
  });
  expect(await warehouse.select("SELECT name FROM system.databases WHERE name = 'staging'")).toEqual([]);
  await client.command({ query: 'DROP TABLE marts.dim_tools' });
});

test('it is made once, again when it is asked for, and again when a view behind it has changed', async () => {
  const { client } = warehouse;
  expect(await applyCompat(client, { domains })).toEqual([{ domain: 'assistant', views: 21 }]);
  expect(await applyCompat(client, { domains })).toEqual([]);
  expect(await applyCompat(client, { domains, isForced: true })).toEqual([{ domain: 'assistant', views: 21 }]);
  await client.command({
    query: `CREATE OR REPLACE VIEW assistant.fct_file_ops (new_column UInt8 COMMENT 'New.') AS SELECT 1 AS new_column`,
  });
  expect(await applyCompat(client, { domains })).toEqual([{ domain: 'assistant', views: 21 }]);
  expect(await warehouse.select('SELECT new_column FROM marts.fct_file_ops')).toEqual([{ new_column: 1 }]);
});

test('the three queries of the document run unchanged, as the user of BI tools', async () => {
  const reader = warehouse.reader();
  try {
    const ask = async (query: string) =>
      (
        await reader.query({
          query,
          format: 'JSONEachRow',
          clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
        })
      ).json();
    const week = (await ask('SELECT * FROM marts.agg_daily_summary ORDER BY date_key DESC LIMIT 7;')) as object[];
    expect(week).toHaveLength(7);
    expect(week[0]).toMatchObject({
      date_key: new Date().toISOString().slice(0, 10),
      message_count: 0,
      has_activity: false,
    });
    expect(await ask("SELECT * FROM marts.dim_sessions WHERE activity_level = 'heavy';")).toMatchObject([
      { session_id: 's1', message_count: 51 },
    ]);
    expect(await ask('SELECT COUNT(*) FROM staging.stg_conversations;')).toEqual([{ 'COUNT()': 51 }]);
    expect(await ask('SELECT count() AS n FROM raw.conversations WHERE message_role = type')).toEqual([{ n: 51 }]);
    expect(await ask("SELECT tool_category FROM seeds.tool_categories WHERE tool_name = 'Bash'")).toEqual([
      { tool_category: 'shell' },
    ]);
  } finally {
    await reader.close();
  }
});

test('every view of them can be read, and every column says what it is', async () => {
  const views = await warehouse.select<{ name: string }>(
    "SELECT concat(database, '.', name) AS name FROM system.tables WHERE database IN {databases:Array(String)}",
    { databases },
  );
  expect(views).toHaveLength(21);
  for (const { name } of views) await warehouse.select(`SELECT * FROM ${name} LIMIT 1`);
  const silent = await warehouse.select(
    `SELECT concat(database, '.', table, '.', name) AS column FROM system.columns
     WHERE database IN {databases:Array(String)} AND comment = ''`,
    { databases },
  );
  expect(silent).toEqual([]);
});

test('every statement has its cluster form', () => {
  const statements = splitStatements(readFileSync(path, 'utf8'));
  expect(statements.length).toBe(26);
  for (const statement of statements) {
    const [text] = clusterStatements(statement, 'c', path);
    expect(text).toMatch(/^CREATE (DATABASE IF NOT EXISTS|OR REPLACE VIEW) [\w.]+ ON CLUSTER 'c'/);
  }
});

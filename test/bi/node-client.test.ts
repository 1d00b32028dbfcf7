import { randomUUID } from 'node:crypto';
import { createClient, type ResponseJSON } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isReaderView, type Nature, natureOf } from './expected-types.ts';
import { type SampleWarehouse, someMore, startSampleWarehouse } from './sample-warehouse.ts';
import { documentedColumns } from './views.ts';

/** @clickhouse/client as a tool of one's own would use it: a session, compression, settings, metadata, parameters. */
let warehouse: SampleWarehouse;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  warehouse = await startSampleWarehouse(someMore);
  client = createClient({
    url: warehouse.server.url,
    username: 'bi',
    database: 'conversations',
    application: 'a-tool',
    session_id: randomUUID(),
    compression: { request: true, response: true },
    // A session takes one statement at a time.
    max_open_connections: 1,
    clickhouse_settings: { date_time_output_format: 'iso', max_execution_time: 30 },
  });
}, 120_000);

afterAll(async () => {
  await client?.close();
  await warehouse?.stop();
});

async function rows<Row>(query: string, query_params: Record<string, unknown> = {}): Promise<Row[]> {
  return (await client.query({ query, query_params, format: 'JSONEachRow' })).json<Row>();
}

test('connects, and what it sets in a session stays set', async () => {
  expect(await client.ping()).toEqual({ success: true });
  await client.command({
    query: "SET max_result_rows = 7, result_overflow_mode = 'break', session_timezone = 'Europe/Berlin'",
  });
  const setting = "SELECT toString(getSetting('max_result_rows')) AS value, timezone() AS zone";
  expect(await rows(setting)).toEqual([{ value: '7', zone: 'Europe/Berlin' }]);
  await client.command({ query: 'SET max_result_rows = 0' });
});

test('lists the databases, views and columns, with their comments', async () => {
  const databases = await rows<{ name: string }>('SHOW DATABASES');
  expect(databases.map(({ name }) => name)).toEqual(expect.arrayContaining(['conversations', 'orchestrator']));
  const columns = await rows<{ view: string; column: string; type: string; comment: string }>(
    `SELECT table AS view, name AS column, type, comment FROM system.columns WHERE database = {database:String}`,
    { database: 'conversations' },
  );
  expect(columns).toEqual(expect.arrayContaining(documentedColumns()));
  const views = await rows<{ name: string; comment: string }>(
    "SELECT name, comment FROM system.tables WHERE database = 'conversations' AND engine = 'View'",
  );
  expect(
    views
      .map(({ name }) => name)
      .filter(isReaderView)
      .sort(),
  ).toEqual([...new Set(documentedColumns().map(({ view }) => view))].sort());
  for (const { name, comment } of views)
    expect({ name, comment }).toEqual({ name, comment: expect.stringMatching(/./) });
});

const inJson: Readonly<Record<Nature, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  number: (value) => typeof value === 'number',
  'yes or no': (value) => typeof value === 'boolean',
  day: (value) => /^\d{4}-\d\d-\d\d$/.test(String(value)),
  time: (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(value)),
  list: Array.isArray,
};

test('reads every view, each column as what it is', async () => {
  for (const view of new Set(documentedColumns().map((column) => column.view))) {
    const result = await client.query({ query: `SELECT * FROM ${view} LIMIT 50`, format: 'JSON' });
    const { meta = [], data } = (await result.json()) as ResponseJSON<Record<string, unknown>>;
    expect({ view, rows: data.length > 0 }).toEqual({ view, rows: true });
    for (const { name, type } of meta) {
      const wrong = data.map((row) => row[name]).filter((value) => value !== null && !inJson[natureOf(type)](value));
      expect({ view, name, type, wrong }).toEqual({ view, name, type, wrong: [] });
    }
  }
});

test('binds parameters, none of which is taken for SQL', async () => {
  const trap = "x' OR 1 = 1 --";
  const query =
    'SELECT count() AS count FROM fact_messages WHERE clinic_code = {clinic:String} OR direction IN {directions:Array(String)}';
  expect(await rows(query, { clinic: trap, directions: [] })).toEqual([{ count: 0 }]);
  expect(await rows(query, { clinic: trap, directions: ['in', 'out'] })).toEqual([{ count: 1164 }]);
});

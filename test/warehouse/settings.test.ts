import { randomUUID } from 'node:crypto';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ParleyError } from '../../src/errors.ts';
import { type ClickHouseClient, connect, queryRows, queryText } from '../../src/warehouse/client.ts';
import { checkSettings } from '../../src/warehouse/settings.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

let warehouse: ScratchWarehouse;
const sql = (text: string) => queryText(warehouse.client, text, 'TSV');
const window = 'SETTINGS non_replicated_deduplication_window = 10000';

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
});

afterAll(async () => warehouse?.stop());

async function problemsOf(client: ClickHouseClient): Promise<string> {
  try {
    await checkSettings(client, ['shop']);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'PARLEY_WAREHOUSE_SETTINGS' });
    return (error as ParleyError).message;
  }
}

describe('checkSettings', () => {
  beforeEach(async () => {
    await sql('DROP DATABASE IF EXISTS shop SYNC');
    await sql('CREATE DATABASE shop');
    await sql(`CREATE TABLE shop.landing_orders (id String, n Int64) ENGINE = MergeTree ORDER BY id ${window}`);
  });

  it('finds nothing wrong with a server as the migrations leave it', async () => {
    await sql(`CREATE TABLE shop.store_orders (id String, n Int64) ENGINE = SummingMergeTree ORDER BY id ${window}`);
    await sql('CREATE MATERIALIZED VIEW shop.fill TO shop.store_orders AS SELECT id, n FROM shop.landing_orders');
    await sql('CREATE TABLE shop.notes (id String) ENGINE = MergeTree ORDER BY id');
    expect(await problemsOf(warehouse.client)).toBe('');
  });

  it('finds a landing table without a window, and one whose window is short', async () => {
    await sql('CREATE TABLE shop.landing_items (id String) ENGINE = MergeTree ORDER BY id');
    await sql(`CREATE TABLE shop.landing_gifts (id String) ENGINE = MergeTree ORDER BY id
      SETTINGS non_replicated_deduplication_window = 5`);
    const problems = await problemsOf(warehouse.client);
    expect(problems).toContain(
      'shop.landing_items, non_replicated_deduplication_window: expected 1000 or more, received 0',
    );
    expect(problems).toContain(
      'shop.landing_gifts, non_replicated_deduplication_window: expected 1000 or more, received 5',
    );
    expect(problems).not.toContain('landing_orders');
  });

  it('finds what stands behind views, views of views, and views in other databases', async () => {
    await sql('DROP DATABASE IF EXISTS reports SYNC');
    await sql('CREATE DATABASE reports');
    await sql(`CREATE TABLE shop.store_orders (id String, n Int64) ENGINE = SummingMergeTree ORDER BY id ${window}`);
    await sql('CREATE MATERIALIZED VIEW shop.fill TO shop.store_orders AS SELECT id, n FROM shop.landing_orders');
    await sql('CREATE TABLE reports.total (n Int64) ENGINE = SummingMergeTree ORDER BY tuple()');
    await sql('CREATE MATERIALIZED VIEW reports.fill TO reports.total AS SELECT sum(n) AS n FROM shop.store_orders');
    await sql('CREATE TABLE reports.tail (n Int64) ENGINE = Log');
    await sql('CREATE MATERIALIZED VIEW reports.fill_tail TO reports.tail AS SELECT n FROM shop.landing_orders');
    const problems = await problemsOf(warehouse.client);
    expect(problems).toContain('reports.total, non_replicated_deduplication_window: expected 1000 or more, received 0');
    expect(problems).toContain('reports.tail, engine: expected one of the MergeTree family, received Log');
    expect(problems).not.toContain('store_orders');
  });

  // A session stands for a user's profile: what is set in it holds for every query that is sent with its name.
  it.each([
    [
      'who may set nothing',
      'readonly = 1',
      /settings of an insert: expected a user who may set them, received Cannot modify/,
    ],
    ['who may only read', 'readonly = 2', /readonly: expected 0, received 2/],
    ['whose inserts are never deduplicated', "deduplicate_insert = 'disable'", /deduplicate_insert: expected enable/],
    [
      'whose cut-off inserts count',
      'input_format_connection_handling = 1',
      /input_format_connection_handling: expected 0/,
    ],
  ])('finds a user %s', async (_name, setting, problem) => {
    const { url, username, password } = warehouse.server;
    const client = createClient({
      url,
      username,
      password,
      session_id: randomUUID(),
      log: { level: ClickHouseLogLevel.OFF },
    });
    await client.command({ query: `SET ${setting}` });
    expect(await problemsOf(client)).toMatch(problem);
    await client.close();
  });
});

describe('the client', () => {
  it('binds parameters, and gives 64-bit integers as numbers', async () => {
    const rows = await queryRows<{ text: string; n: number }>(
      warehouse.client,
      'SELECT {text:String} AS text, toUInt64({n:UInt64}) AS n',
      { text: `it's "odd" \\ \t {x}`, n: Number.MAX_SAFE_INTEGER },
    );
    expect(rows).toEqual([{ text: `it's "odd" \\ \t {x}`, n: Number.MAX_SAFE_INTEGER }]);
  });

  it('answers in the format asked for, and in that of the query when it names one', async () => {
    expect(await queryText(warehouse.client, 'SELECT 1 AS a, 2 AS b;', 'CSVWithNames')).toBe('"a","b"\n1,2\n');
    expect(await queryText(warehouse.client, 'SELECT 1 AS a FORMAT JSONEachRow', 'CSV')).toBe('{"a":1}\n');
  });

  it('tells a failed query by the server’s own message, also one that fails half-way', async () => {
    await expect(queryRows(warehouse.client, 'SELECT nothing_here')).rejects.toMatchObject({
      code: 'PARLEY_QUERY_FAILED',
      message: expect.stringContaining('nothing_here'),
      detail: { received: 'UNKNOWN_IDENTIFIER (47)' },
    });
    await expect(
      queryText(warehouse.client, 'SELECT throwIf(number = 3000000) FROM numbers(4000000)', 'TSV'),
    ).rejects.toMatchObject({ code: 'PARLEY_QUERY_FAILED', detail: { received: expect.stringContaining('395') } });
  });

  it('tells a server that is not there, and a URL that is none', async () => {
    const client = connect({ url: 'http://127.0.0.1:9' });
    await expect(queryRows(client, 'SELECT 1')).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_UNREACHABLE' });
    await expect(checkSettings(client, [])).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_UNREACHABLE' });
    await client.close();
    expect(() => connect({ url: 'clickhouse' })).toThrowError(
      expect.objectContaining({ code: 'PARLEY_CONFIGURATION' }),
    );
  });
});

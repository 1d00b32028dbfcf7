import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LandingTable } from '../../src/runtime/domain.ts';
import { createDelivery, type Retry } from '../../src/warehouse/clickhouse-delivery.ts';
import { connect, queryRows, queryText } from '../../src/warehouse/client.ts';
import type { Delivery, TableRows } from '../../src/warehouse/delivery.ts';
import { insertSettings } from '../../src/warehouse/insert-settings.ts';
import { createRowEncoder } from '../../src/warehouse/row-encoder.ts';
import { createTable, type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

const messages = {
  database: 'shop',
  name: 'landing_messages',
  columns: { id: 'String', clinic: 'LowCardinality(String)', seconds: 'Nullable(UInt32)' },
} as const satisfies LandingTable;
const sessions = {
  database: 'shop',
  name: 'landing_sessions',
  columns: { id: 'String', started_at: "DateTime64(3, 'UTC')" },
} as const satisfies LandingTable;

let warehouse: ScratchWarehouse;
const sql = (text: string) => queryText(warehouse.client, text, 'TSV');

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  await sql('CREATE DATABASE shop');
  await sql(createTable(messages, 'MergeTree ORDER BY (clinic, id)'));
  await sql(createTable(sessions));
  await sql(`CREATE TABLE shop.store_clinics (clinic String, messages Int64, total Int64, buckets SimpleAggregateFunction(sumMap, Map(UInt16, Int64)))
    ENGINE = SummingMergeTree ORDER BY clinic SETTINGS non_replicated_deduplication_window = 10000`);
  await sql(`CREATE MATERIALIZED VIEW shop.fill_clinics TO shop.store_clinics AS
    SELECT clinic, sum(sign) AS messages, sum(sign * ifNull(seconds, 0)) AS total, sumMap(map(toUInt16(ifNull(seconds, 0) % 50), sign)) AS buckets
    FROM shop.landing_messages GROUP BY clinic`);
  // One row for each id: a view with more groups than one block of an aggregation has.
  await sql(`CREATE TABLE shop.store_ids (id String, times Int64)
    ENGINE = SummingMergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000`);
  await sql(`CREATE MATERIALIZED VIEW shop.fill_ids TO shop.store_ids AS
    SELECT id, sum(sign) AS times FROM shop.landing_messages GROUP BY id`);
});

afterAll(async () => warehouse?.stop());

beforeEach(async () => {
  for (const table of ['landing_messages', 'landing_sessions', 'store_clinics', 'store_ids']) {
    await sql(`TRUNCATE TABLE shop.${table}`);
  }
});

interface Batch {
  readonly token: string;
  readonly firstRowVersion: number;
  readonly tables: readonly TableRows[];
}

function ship(delivery: Delivery, { tables, ...shipment }: Batch): Promise<void> {
  const cargo = delivery.load();
  for (const rows of tables) cargo.add(rows);
  return delivery.deliver({ ...shipment, cargo });
}

let plans = 0;
function shipment(count: number): Batch {
  const plan = ++plans;
  const ids = Array.from({ length: count }, (_, index) => index);
  return {
    token: `app/shop/0/${plan}`,
    firstRowVersion: plan * 1_000_000,
    tables: [
      {
        table: messages,
        rows: ids.map((index) => ({
          id: `${plan}-${index}`,
          clinic: `c${index % 20}`,
          seconds: index % 3 === 0 ? null : index,
        })),
        signs: ids.map(() => 1),
      },
      { table: sessions, rows: [{ id: `${plan}`, started_at: 1_700_000_000_000 }], signs: [1] },
    ],
  };
}

/** Rows by the landing table, by both views and by the second landing table; the same when each counted once. */
async function counts(): Promise<Record<string, number>> {
  const [row] = await queryRows<Record<string, number>>(
    warehouse.client,
    `SELECT (SELECT count() FROM shop.landing_messages) AS landed, (SELECT sum(messages) FROM shop.store_clinics) AS byClinic,
       (SELECT sum(arraySum(mapValues(buckets))) FROM shop.store_clinics) AS inBuckets,
       (SELECT sum(times) FROM shop.store_ids) AS byId, (SELECT count() FROM shop.landing_sessions) AS sessions`,
  );
  return row!;
}

const onceEach = (rows: number, batches = 1) => ({
  landed: rows,
  byClinic: rows,
  inBuckets: rows,
  byId: rows,
  sessions: batches,
});

describe('a delivery', () => {
  it('leaves one copy in the landing tables and behind their views when the same shipment comes again', async () => {
    const delivery = createDelivery({ client: warehouse.client });
    const same = shipment(1_000);
    await ship(delivery, same);
    await ship(delivery, same);
    expect(await counts()).toEqual(onceEach(1_000));
    await ship(delivery, shipment(500));
    expect(await counts()).toEqual(onceEach(1_500, 2));
    await delivery.close();
  });

  it('counts the same rows again when they come with another plan', async () => {
    const delivery = createDelivery({ client: warehouse.client });
    const first = shipment(100);
    await ship(delivery, first);
    await ship(delivery, { ...first, token: `${first.token}00` });
    expect(await counts()).toEqual(onceEach(200, 2));
    await delivery.close();
  });

  it('leaves one copy when ten deliver the same shipment at once', async () => {
    const same = shipment(20_000);
    const deliveries = Array.from({ length: 10 }, () => createDelivery({ client: warehouse.client }));
    await Promise.all(deliveries.map((delivery) => ship(delivery, same)));
    expect(await counts()).toEqual(onceEach(20_000));
    await Promise.all(deliveries.map((delivery) => delivery.close()));
  });

  it('makes one block of 200,000 rows, in the landing table and behind each view', async () => {
    const delivery = createDelivery({ client: warehouse.client });
    const large = shipment(200_000);
    await sql('SYSTEM STOP MERGES');
    await ship(delivery, large);
    const parts = await queryRows(
      warehouse.client,
      `SELECT table, count() AS parts FROM system.parts WHERE database = 'shop' AND active GROUP BY table ORDER BY table`,
    );
    await ship(delivery, large);
    await sql('SYSTEM START MERGES');
    expect(parts).toEqual(
      ['landing_messages', 'landing_sessions', 'store_clinics', 'store_ids'].map((table) => ({ table, parts: 1 })),
    );
    expect(await counts()).toEqual(onceEach(200_000));
    await delivery.close();
  });

  it('sends nothing for a table without rows, and one insert for a table that comes in parts', async () => {
    const delivery = createDelivery({ client: warehouse.client });
    await ship(delivery, {
      token: 'app/shop/0/none',
      firstRowVersion: 1,
      tables: [{ table: messages, rows: [], signs: [] }],
    });
    expect((await counts()).landed).toBe(0);
    const [first, second] = [shipment(300), shipment(200)];
    const parts = { ...first, tables: [...first.tables, ...second.tables] };
    await ship(delivery, parts);
    await ship(delivery, parts);
    expect((await counts()).landed).toBe(500);
    await delivery.close();
  });

  it('takes no second batch while the first is on its way', async () => {
    const delivery = createDelivery({ client: warehouse.client });
    const first = ship(delivery, shipment(1_000));
    await expect(ship(delivery, shipment(10))).rejects.toMatchObject({ code: 'PARLEY_INTERNAL' });
    await first;
    expect(await counts()).toEqual(onceEach(1_000));
    await delivery.close();
  });

  it('leaves nothing of an insert whose sender died in the middle, so that its repetition counts', async () => {
    // Whatever the server made of half a body would stand under the token of the whole, and the whole be dropped.
    const { token, firstRowVersion, tables } = shipment(5_000);
    const encoder = createRowEncoder(messages);
    const bytes = Buffer.concat(encoder.encode(tables[0]!.rows, tables[0]!.signs, firstRowVersion));
    const { url, username, password } = warehouse.server;
    const parameters = new URLSearchParams({
      ...Object.fromEntries(Object.entries(insertSettings).map(([name, value]) => [name, String(value)])),
      insert_deduplication_token: `${token}/landing_messages`,
      query: `INSERT INTO shop.landing_messages (${encoder.columnNames}) FORMAT Native`,
    });
    for (const share of [0.3, 0.6, 0.999]) {
      const half = bytes.subarray(0, Math.floor(bytes.length * share));
      const socket = connectSocket(Number(new URL(url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /?${parameters} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: ${username}\r\nX-ClickHouse-Key: ${password}\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n`,
      );
      await new Promise((resolve) => socket.write(half, resolve));
      await sleep(100);
      socket.destroy();
    }
    await sleep(300);
    expect((await counts()).landed).toBe(0);
    const delivery = createDelivery({ client: warehouse.client });
    await ship(delivery, { token, firstRowVersion, tables });
    expect(await counts()).toEqual(onceEach(5_000));
    await delivery.close();
  });

  it('loses and doubles nothing when the server is killed around and in the middle of inserts', async () => {
    const retries: Retry[] = [];
    const delivery = createDelivery({
      client: warehouse.client,
      retry: { maxMs: 500 },
      onRetry: (retry) => retries.push(retry),
    });
    const rows = 100_000;
    const killAfterMs = [0, 30, 60, 90, 130, 180, 250];
    for (const delayMs of killAfterMs) {
      const batch = shipment(rows);
      const delivered = ship(delivery, batch);
      await sleep(delayMs);
      warehouse.kill();
      await warehouse.restart();
      await delivered;
      // The same again, as a new owner of the task does that finds the plan not committed.
      await ship(delivery, batch);
    }
    expect(await counts()).toEqual(onceEach(rows * killAfterMs.length, killAfterMs.length));
    expect(retries.length).toBeGreaterThan(0);
    expect(new Set(retries.map(({ error }) => error.code))).toContain('PARLEY_WAREHOUSE_UNREACHABLE');
    await delivery.close();
  });
});

describe('what cannot succeed', () => {
  const gone = { database: 'shop', name: 'landing_gone', columns: { id: 'String' } } as const satisfies LandingTable;
  const otherType = { ...sessions, columns: { id: 'String', started_at: 'UInt16' } } as const satisfies LandingTable;
  const otherColumn = { ...sessions, columns: { id: 'String', absent: 'UInt16' } } as const satisfies LandingTable;

  // Large ones too: the server answers before it has read them, and the answer must not be lost in a broken pipe.
  it.each([
    ['an unknown table', gone, { id: 'a' }, 1, /landing_gone/],
    ['an unknown table, 20 MB', gone, { id: 'a'.repeat(200) }, 100_000, /landing_gone/],
    ['a type that is not the table’s', otherType, { id: 'a', started_at: 7 }, 1, /Cannot convert/],
    [
      'a type that is not the table’s, 20 MB',
      otherType,
      { id: 'a'.repeat(200), started_at: 7 },
      100_000,
      /Cannot convert/,
    ],
    ['an unknown column', otherColumn, { id: 'a', absent: 7 }, 1, /absent/],
  ] as const)('fails at once: %s', async (_name, table, row, count, message) => {
    const retries: Retry[] = [];
    const delivery = createDelivery({ client: warehouse.client, onRetry: (retry) => retries.push(retry) });
    const rows = Array.from({ length: count }, () => row);
    const delivered = ship(delivery, {
      token: `app/shop/0/${++plans}`,
      firstRowVersion: 1,
      tables: [{ table, rows, signs: rows.map(() => 1) }],
    });
    await expect(delivered).rejects.toMatchObject({
      code: 'PARLEY_WAREHOUSE_REFUSED',
      message: expect.stringMatching(message),
      detail: { where: `shop.${table.name}`, received: expect.stringMatching(/^[A-Z_]+ \(\d+\)$/) },
    });
    expect(retries).toEqual([]);
    await delivery.close();
  });

  it('fails at once with the wrong password', async () => {
    const client = connect({ url: warehouse.server.url, username: warehouse.server.username, password: 'wrong' });
    const delivery = createDelivery({ client });
    await expect(ship(delivery, shipment(10))).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_REFUSED' });
    await client.close();
  });
});

describe('a ClickHouse whose disk is full', () => {
  it('is waited for until there is room', async () => {
    const retries: Retry[] = [];
    const delivery = createDelivery({
      client: warehouse.client,
      retry: { initialMs: 20, maxMs: 100 },
      onRetry: (retry) => retries.push(retry),
    });
    const setting = 'min_free_disk_bytes_to_perform_insert';
    await sql(`ALTER TABLE shop.landing_sessions MODIFY SETTING ${setting} = 1000000000000000`);
    const delivered = ship(delivery, shipment(100));
    while (retries.length < 3) await sleep(20);
    await sql(`ALTER TABLE shop.landing_sessions RESET SETTING ${setting}`);
    await delivered;
    expect(new Set(retries.map(({ error, table }) => `${table} ${error.code}`))).toEqual(
      new Set(['shop.landing_sessions PARLEY_DISK_FULL']),
    );
    expect(await counts()).toEqual(onceEach(100));
    await delivery.close();
  });
});

describe('a ClickHouse that is not there', () => {
  it('is waited for, and told of at every try', async () => {
    const retries: Retry[] = [];
    const told: string[] = [];
    const { url, username, password } = warehouse.server;
    warehouse.kill();
    const client = connect({ url, username, password });
    const log = { warn: (_fields: object, message: string) => void told.push(message) };
    const delivery = createDelivery({
      client,
      log,
      retry: { initialMs: 20, maxMs: 200 },
      onRetry: (retry) => retries.push(retry),
    });
    const delivered = ship(delivery, shipment(100));
    await sleep(200);
    await warehouse.restart();
    await delivered;
    expect(await counts()).toEqual(onceEach(100));
    expect(retries.length).toBeGreaterThan(1);
    expect(told.length).toBe(retries.length);
    expect(retries[0]).toMatchObject({ attempt: 1, error: { code: 'PARLEY_WAREHOUSE_UNREACHABLE' } });
    for (const { attempt, delayMs } of retries) {
      const most = Math.min(200, 20 * 2 ** (attempt - 1));
      expect(delayMs).toBeGreaterThanOrEqual(most / 2);
      expect(delayMs).toBeLessThanOrEqual(most);
    }
    await delivery.close();
    await client.close();
  });

  it('is not waited for any longer when the signal says so, or on close', async () => {
    const client = connect({ url: 'http://127.0.0.1:9' });
    const stop = new AbortController();
    const delivery = createDelivery({ client, retry: { signal: stop.signal } });
    const delivered = ship(delivery, shipment(10));
    setTimeout(() => stop.abort(new Error('stopping')), 150);
    await expect(delivered).rejects.toThrowError('stopping');

    const other = createDelivery({ client });
    const closed = expect(ship(other, shipment(10))).rejects.toThrowError('closed');
    await sleep(50);
    await other.close();
    await closed;
    await client.close();
  });
});

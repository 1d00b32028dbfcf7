import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import { insertSettings } from '../../src/warehouse/insert-settings.ts';

/**
 * The engine notes the token of an insert before it has the part (ClickHouse 26.7.2, `deduplication_logs`): killed in
 * between, it dropped the repetition of what it had lost. `kill -9` at that very moment is what these tests do.
 */
const dataDir = mkdtempSync(join(tmpdir(), 'parley-lost-'));
const table = join(dataDir, 'clickhouse/data/data/conversations/landing');
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function withServer(
  use: (client: ClickHouseClient, server: EmbeddedServer) => Promise<void>,
  restart = false,
): Promise<void> {
  const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0, restart });
  const client = connect(server);
  try {
    await use(client, server);
  } finally {
    await client.close();
    await server.stop();
  }
}

async function insert(client: ClickHouseClient, number: number): Promise<void> {
  await client.command({
    query: `INSERT INTO conversations.landing SELECT ${number} FROM numbers(3)`,
    clickhouse_settings: { ...insertSettings, insert_deduplication_token: `token/${number}` },
  });
}

async function rows(client: ClickHouseClient): Promise<Record<string, number>> {
  const found = await queryRows<{ number: number; rows: number }>(
    client,
    'SELECT number, count() AS rows FROM conversations.landing GROUP BY number ORDER BY number',
  );
  return Object.fromEntries(found.map(({ number, rows }) => [number, rows]));
}

function log(): string {
  return join(table, 'deduplication_logs', readdirSync(join(table, 'deduplication_logs')).at(-1)!);
}

test('an insert whose token was noted, and whose part was not in its place, can be repeated; others cannot', async () => {
  await withServer(async (client, server) => {
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS conversations' });
    await client.command({
      query: `CREATE TABLE conversations.landing (number UInt32) ENGINE = MergeTree ORDER BY number
        SETTINGS non_replicated_deduplication_window = 100`,
    });
    for (const number of [1, 2, 3]) await insert(client, number);
    // 1 to 3 are one part now: their own are not there either, and yet they are not lost.
    await client.command({ query: 'OPTIMIZE TABLE conversations.landing FINAL' });
    for (const number of [4, 5]) await insert(client, number);
    process.kill(server.pid, 'SIGKILL');
  });
  for (const outdated of ['all_1_1_0', 'all_2_2_0', 'all_3_3_0']) rmSync(join(table, outdated), { recursive: true });
  // As the engine leaves it when it dies after the note: written, and not yet renamed.
  renameSync(join(table, 'all_5_5_0'), join(table, 'tmp_insert_all_5_5_0'));
  appendFileSync(log(), '1\tall_6_6_0\tall_torn');

  await withServer(async (client) => {
    expect(await rows(client)).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3 });
    for (const number of [1, 2, 3, 4, 5]) await insert(client, number);
    expect(await rows(client)).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3, 5: 3 });
    await insert(client, 5);
    await insert(client, 6);
    expect(await rows(client)).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3 });
  });
  // What was appended is a log that the engine reads to its end, with what it wrote after it.
  expect(readFileSync(log(), 'utf8')).toMatch(/^(?:[12]\tall_\d+_\d+_\d+\t\S+\n)+$/);
  await withServer(async (client) => {
    for (const number of [4, 5, 6]) await insert(client, number);
    expect(await rows(client)).toEqual({ 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3 });
  });
}, 60_000);

test('kill -9 as soon as the token is noted: the repetition leaves one copy, after the restart by the supervisor too', async () => {
  const first = 100;
  for (const isSupervised of [true, false]) {
    for (let number = first + (isSupervised ? 0 : 50), kills = 0; kills < 3; kills++, number++) {
      await withServer(async (client, server) => {
        const before = readFileSync(log()).length;
        const restarted = new Promise<void>((resolve) => server.onRestart(resolve));
        const sent = insert(client, number).then(
          () => true,
          () => false,
        );
        while (readFileSync(log()).length === before) await new Promise((resolve) => setImmediate(resolve));
        process.kill(server.pid, 'SIGKILL');
        await sent;
        if (!isSupervised) return;
        await restarted;
        await insert(client, number);
        expect((await rows(client))[number]).toBe(3);
      }, isSupervised);
      if (isSupervised) continue;
      await withServer(async (client) => {
        await insert(client, number);
        expect((await rows(client))[number]).toBe(3);
      });
    }
  }
}, 60_000);

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { landingMessages } from '../../../src/processors/conversations/tables.ts';
import { queryRows } from '../../../src/warehouse/client.ts';
import { plainLandingTables } from '../../../src/warehouse/deduplication-windows.ts';
import { insertSettings } from '../../../src/warehouse/insert-settings.ts';
import { migrate } from '../../../src/warehouse/migrations.ts';
import { checkSettings } from '../../../src/warehouse/settings.ts';
import { generate } from '../../e2e/support/events.ts';
import { folderOfTests } from '../../e2e/support/folder.ts';
import { Processor, runToEnd } from '../../e2e/support/processor.ts';
import { Dice, seed } from '../../e2e/support/seed.ts';
import {
  differences,
  readDigest,
  recounted,
  type WarehouseDigest,
  withWarehouse,
} from '../../e2e/support/warehouse.ts';
import { land, message, plus, replace } from '../landing-rows.ts';
import { migrateShards, type Shards, startShards } from './shards.ts';

/**
 * The cluster form on three real servers, a shard each: what Parley writes through the Distributed tables, and what the
 * views read through them, is row by row what one embedded server has, with shards killed in the middle of inserts.
 */
const folder = folderOfTests();
const events = join(folder, 'events');
const paths = [events];
let undisturbed: WarehouseDigest;
let shards: Shards;

const batchesOf = (eventsMax: number) => ({ PARLEY_BATCH_EVENTS_MAX: String(eventsMax) });

beforeAll(async () => {
  await generate({ out: events, messages: 8_000, seed, lateShare: 0.05 });
  const dataDir = join(folder, 'undisturbed');
  await runToEnd({ paths, dataDir, more: batchesOf(100) });
  undisturbed = await withWarehouse(dataDir, readDigest);
  shards = await startShards(3);
  await migrateShards(shards);
}, 120_000);

afterAll(() => shards?.stop());

function processor(dataDir: string, shard: number): Processor {
  const { url, username, password } = shards.account(shard);
  const more = {
    ...batchesOf(100),
    PARLEY_CLICKHOUSE_URL: url,
    PARLEY_CLICKHOUSE_USERNAME: username,
    PARLEY_CLICKHOUSE_PASSWORD: password,
  };
  return new Processor({ paths, dataDir: join(folder, dataDir), more });
}

/** Waits for rows of a batch that came after the call; false when the processor has ended before. */
async function rowsCameTo(running: Processor): Promise<boolean> {
  let before: number | undefined;
  while (!running.hasEnded) {
    const now = await rowsLanded();
    before ??= now;
    if (now !== undefined && before !== undefined && now > before) return true;
    await sleep(5);
  }
  return false;
}

/** As the shards have them themselves; undefined while one does not answer. */
async function rowsLanded(): Promise<number | undefined> {
  const sql = 'SELECT count() AS n FROM conversations.landing_messages_local';
  const counts = await Promise.all(
    shards.clients.map((client) => queryRows<{ n: number }>(client, sql).catch(() => undefined)),
  );
  if (counts.includes(undefined)) return undefined;
  return counts.reduce((sum, rows) => sum + (rows?.[0]?.n ?? 0), 0);
}

test('the settings hold on every shard, and there is nothing to migrate', async () => {
  for (const client of shards.clients) {
    await checkSettings(client, ['orchestrator', 'conversations']);
    expect(await migrate(client)).toEqual([]);
    // Without replication these stand alone; on a cluster they would be Replicated.
    expect(await plainLandingTables(client, ['conversations'])).toContain('conversations.landing_messages_local');
  }
});

test('every view gives the types that it declares, and takes join_use_nulls', async () => {
  const [client] = shards.clients;
  const views = await queryRows<{ name: string }>(
    client!,
    "SELECT concat(database, '.', name) AS name FROM system.tables WHERE database IN ('orchestrator', 'conversations') AND engine = 'View'",
  );
  expect(views.length).toBeGreaterThan(20);
  for (const { name } of views) {
    const typesOf = async (what: string) =>
      (await queryRows<{ name: string; type: string }>(client!, `DESCRIBE TABLE ${what}`)).map((row) => [
        row.name,
        row.type,
      ]);
    expect(await typesOf(`(SELECT * FROM ${name})`), name).toEqual(await typesOf(name));
    await queryRows(client!, `SELECT * FROM ${name} LIMIT 1`, {}, { join_use_nulls: 1 });
  }
});

test('shards killed in the middle of inserts leave nothing undone and nothing doubled', async () => {
  const dice = new Dice(seed);
  const running = processor('killed', 0);
  let kills = 0;
  while (kills < 6 && (await rowsCameTo(running))) {
    await sleep(dice.number(0, 60));
    // Shard 0 is the one that the processor is connected to.
    await shards.kill(kills % 3, dice.number(0, 200));
    kills++;
  }
  const death = await running.ended;
  expect(death.code, running.errors).toBe(0);
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(running.lines.filter(({ msg }) => /failed and is repeated/.test(msg))).not.toEqual([]);
  await shards.up();
  for (const client of shards.clients) {
    const { kept, facts } = await recounted(client);
    expect(kept).toEqual(facts);
    expect(differences(undisturbed, await readDigest(client)), `seed ${seed}`).toEqual([]);
    // Each has its share.
    const [own] = await queryRows<{ n: number }>(
      client,
      'SELECT count() AS n FROM conversations.landing_messages_local',
    );
    expect(own?.n).toBeGreaterThan(1_000);
  }
}, 240_000);

test('an insert repeated through every server, at once, leaves one copy; a correction meets the row that it replaces', async () => {
  const ids = Array.from({ length: 300 }, (_, index) => `repeated-${index}`);
  const questions = ids.map((id) =>
    message(id, '2031-05-01 10:00:00', { conversation_id: id, clinic_code: 'REPEATED' }),
  );
  const answered = questions.map((row) => ({ ...row, text_length: 7 }));
  const batches = [questions.map(plus), questions.flatMap((row, index) => replace(row, answered[index]!))];
  for (const [index, rows] of batches.entries()) {
    const insertions = [...shards.clients, ...shards.clients].map((client) =>
      land(client, landingMessages, rows, {
        token: `repeated/${index}`,
        firstRowVersion: 1 + index * 1_000,
        more: insertSettings,
      }),
    );
    await Promise.all(insertions);
  }
  for (const client of shards.clients) {
    const where = "WHERE clinic_code = 'REPEATED'";
    const asked = `SELECT
      (SELECT count() FROM conversations.landing_messages ${where}) AS stored,
      (SELECT (count(), uniqExact(message_id), sum(text_length)) FROM conversations.fact_messages ${where}) AS facts,
      (SELECT messages FROM conversations.agg_engagement_daily ${where}) AS messages`;
    // Merges may have taken replaced rows away.
    expect(await queryRows(client, asked)).toEqual([
      { stored: expect.toSatisfy((n: number) => n >= 300 && n <= 900), facts: [300, 300, 2100], messages: 300 },
    ]);
  }
});

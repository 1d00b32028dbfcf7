import { afterAll, beforeAll, expect, test } from 'vitest';
import { landingClinics, landingMessages } from '../../src/processors/conversations/tables.ts';
import { connect, queryRows } from '../../src/warehouse/client.ts';
import { READER } from '../../src/warehouse/embedded/server.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { landingRuns } from '../../src/warehouse/orchestrator-tables.ts';
import { refreshSnapshots } from '../../src/warehouse/snapshots.ts';
import { watermarkTable } from '../../src/warehouse/watermark-table.ts';
import { land, message, plus, replace, response, version } from './landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

let warehouse: ScratchWarehouse;
let plan = 0;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  await migrate(warehouse.client);
});

afterAll(() => warehouse.stop());

const refresh = () => refreshSnapshots(warehouse.client, ['conversations'], AbortSignal.timeout(30_000));

/** What the process says of a batch that it has counted. */
async function counted(): Promise<void> {
  const run = { app: 'parley', stage: 'conversations.conversation', partition: 0, plan: ++plan };
  await land(warehouse.client, landingRuns, [
    plus({ ...run, status: 'COMPLETED', started_at: '2032-01-01 00:00:00', finished_at: '2032-01-01 00:00:01' }),
  ]);
}

const all = (view: string, left = '') =>
  queryRows(warehouse.client, `SELECT * ${left} FROM conversations.${view} ORDER BY ALL`);
const snapshot = () => all('agg_history_monthly_snapshot', 'EXCEPT (refreshed_at)');

async function refreshedAt(): Promise<string> {
  const sql = 'SELECT toString(max(refreshed_at)) AS at FROM conversations.snapshot_history';
  const [row] = await queryRows<{ at: string }>(warehouse.client, sql);
  return row!.at;
}

test('is what it is a snapshot of, and computed only when something was counted since', async () => {
  const { client } = warehouse;
  const clinic = { clinic_code: 'HIST' };
  const named = version(clinic, '2032-01-01 00:00:00', undefined, { clinic_name: 'Old LLC', clinic_type: 'LLC' });
  await land(client, landingClinics, [plus(named)]);
  await land(client, landingMessages, [
    plus(message('1', '2032-01-15 10:00:00', clinic)),
    plus(response('2', '2032-02-15 10:00:00', 40, clinic)),
  ]);
  await counted();
  await refresh();
  const first = await snapshot();
  expect(first).toHaveLength(2);
  expect(first).toEqual(await all('agg_history_monthly'));
  const at = await refreshedAt();

  await refresh();
  expect(await refreshedAt()).toBe(at);

  // A name that reaches back: rows that were in the first one are in none any more.
  await land(client, landingClinics, replace(named, { ...named, clinic_name: 'New Inc' }));
  await counted();
  await refresh();
  const second = await snapshot();
  expect(second.map((row) => (row as { clinic_name: string }).clinic_name)).toEqual(['New Inc', 'New Inc']);
  expect(second).toEqual(await all('agg_history_monthly'));
  expect((await refreshedAt()) > at).toBe(true);

  // What is complete moves on without a batch: complete_through is a column.
  await watermarkTable(client).write([
    {
      app: 'parley',
      domain: 'conversations',
      stage: 'conversations.conversation',
      partition: 0,
      completeThrough: Date.UTC(2032, 5),
    },
  ]);
  await refresh();
  expect(await snapshot()).toEqual(await all('agg_history_monthly'));
  expect((await snapshot()).map((row) => (row as { complete_through: string }).complete_through)).toEqual([
    '2032-06-01 00:00:00',
    '2032-06-01 00:00:00',
  ]);
});

test('one that is large rests before it is computed again', async () => {
  const { client } = warehouse;
  await counted();
  await refresh();
  const at = await refreshedAt();
  // As if 100 million messages had been counted: 1,000 s.
  await client.command({
    query:
      "INSERT INTO conversations.store_engagement (clinic_code, date_id, messages) VALUES ('BIG', '2031-01-01', 100000000)",
  });
  await counted();
  await refresh();
  expect(await refreshedAt()).toBe(at);
  await client.command({
    query:
      "INSERT INTO conversations.store_engagement (clinic_code, date_id, messages) VALUES ('BIG', '2031-01-01', -100000000)",
  });
  await refresh();
  expect((await refreshedAt()) > at).toBe(true);
});

test('who may not refresh is told so; without a snapshot there is nothing to do', async () => {
  const reader = connect({ url: warehouse.server.url, username: READER, password: '' });
  try {
    const refused = refreshSnapshots(reader, ['conversations'], AbortSignal.timeout(30_000));
    await expect(refused).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_REFUSED' });
    await refreshSnapshots(reader, ['orchestrator'], AbortSignal.timeout(30_000));
  } finally {
    await reader.close();
  }
});

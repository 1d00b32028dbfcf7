import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Panel } from '../../src/dashboard/contract.ts';
import { waitingPages } from '../../src/dashboard/pages/waiting.ts';
import { landingClinics, landingMessages, landingWaiting } from '../../src/processors/conversations/tables.ts';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { READER } from '../../src/warehouse/embedded/server.ts';
import { migrationsFolder } from '../../src/warehouse/migration-files.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { land, plus, response, version } from '../warehouse/landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../warehouse/scratch-warehouse.ts';

let warehouse: ScratchWarehouse;
let reader: ClickHouseClient;

const panels = waitingPages.flatMap(({ panels }) =>
  panels.map((panel) => [`${panel.title}: ${panel.query}`, panel] as const),
);
const filters = { from: '2024-06-01', to: '2024-06-30', clinic: [] as string[], channel: [] as string[] };

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  reader = connect({ url: warehouse.server.url, username: READER });
  const { client } = warehouse;
  await migrate(client);
  const zone = { timezone: 'Europe/London' };
  await land(
    client,
    landingClinics,
    ['A', 'B'].map((code) =>
      plus(version({ clinic_code: code }, '2020-01-01 00:00:00', undefined, { ...zone, clinic_name: `${code} Inc` })),
    ),
  );
  // Monday; open from 08:00 to 16:00 in UTC, by the schedule that is built in.
  await land(client, landingMessages, [
    plus(response('a1', '2024-06-03 09:00:00', 7200, { clinic_code: 'A' })),
    plus(response('a2', '2024-06-03 10:00:00', 600, { clinic_code: 'A', channel: 'email' })),
    plus(response('b1', '2024-06-04 20:00:00', 3600, { clinic_code: 'B' })),
    plus(response('b2', '2024-07-04 20:00:00', 3600, { clinic_code: 'B' })),
  ]);
  const waits = (id: string, clinic: string, since: string, more = {}) => ({
    conversation_id: id,
    customer_id: 'u1',
    clinic_code: clinic,
    channel: 'sms',
    status: 'open',
    is_urgent: false,
    waiting_since: since,
    unanswered_messages: 1,
    ...more,
  });
  await land(client, landingWaiting, [
    plus(waits('c1', 'A', '2024-06-03 09:00:00')),
    plus(waits('c2', 'B', '2024-06-04 09:00:00', { is_urgent: true, channel: 'email' })),
    plus(waits('c3', 'B', '2024-06-01 09:00:00', { status: 'done' })),
  ]);
});

afterAll(async () => {
  await reader.close();
  await warehouse.stop();
});

function ask<Row = Record<string, unknown>>(query: string, more: Partial<typeof filters> = {}): Promise<Row[]> {
  const sql = readFileSync(join(migrationsFolder, 'dashboard', 'conversations', `${query}.sql`), 'utf8');
  return queryRows<Row>(reader, sql, { ...filters, ...more }, { join_use_nulls: 0 });
}

function columnsOf(panel: Panel): string[] {
  if (panel.kind === 'figures') return panel.figures.map(({ column }) => column);
  if (panel.kind === 'table') return panel.columns.map(({ column }) => column);
  if (panel.kind === 'bars' || panel.kind === 'lines') return [panel.x, ...panel.y].map(({ column }) => column);
  throw new Error(`no panel of the kind ${panel.kind} was expected`);
}

test.each(panels)('%s has the columns that the page shows', async (_name, panel) => {
  const [row] = await ask(panel.query);
  expect(Object.keys(row!)).toEqual(expect.arrayContaining(columnsOf(panel)));
});

test('business-response counts what was within open hours, of the days, clinics and channels chosen', async () => {
  // Of 7200 seconds from 07:00 the last 3600 were within open hours; of an evening, none.
  const all = { responses: 3, p50_response_seconds: 3600, p50_business_response_seconds: 600 };
  expect(await ask('business-response')).toMatchObject([all]);
  expect(await ask('business-response', { clinic: ['A'], channel: ['whatsapp'] })).toMatchObject([
    { responses: 1, mean_response_seconds: 7200, mean_business_response_seconds: 3600 },
  ]);
  expect(await ask('business-response-by-day')).toMatchObject([
    { date_id: '2024-06-03', responses: 2, p90_business_response_seconds: 3600 },
    { date_id: '2024-06-04', responses: 1, p90_business_response_seconds: 0 },
  ]);
  expect(await ask('business-response-by-clinic')).toMatchObject([
    { clinic: 'A Inc', responses: 2 },
    { clinic: 'B Inc', responses: 1, p50_business_response_seconds: 0 },
  ]);
  expect(await ask('business-response', { clinic: ['nobody'] })).toMatchObject([
    { responses: 0, p50_response_seconds: null, mean_business_response_seconds: null },
  ]);
});

test('waiting-now shows who waits, whatever the days', async () => {
  expect(await ask('waiting-now')).toMatchObject([
    { waiting_conversations: 2, urgent_conversations: 1, unanswered_messages: 2, waiting_over_4_business_hours: 2 },
  ]);
  expect(await ask('waiting-now', { clinic: ['nobody'] })).toMatchObject([
    { waiting_conversations: 0, longest_waiting_seconds: null, p50_waiting_seconds: null },
  ]);
  expect(await ask('waiting-now-by-clinic', { channel: ['sms'] })).toMatchObject([
    { clinic: 'A Inc', waiting_conversations: 1, urgent_conversations: 0 },
  ]);
  const longest = await ask<{ conversation_id: string }>('waiting-now-longest');
  expect(longest.map(({ conversation_id }) => conversation_id)).toEqual(['c2', 'c1']);
});

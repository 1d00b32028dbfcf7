import fc from 'fast-check';
import { expect } from 'vitest';
import { conversationsDomain } from '../../src/processors/conversations/domain.ts';
import type { Step } from '../../src/runtime/task.ts';
import { createTestDriver, type TestDriver, type TestDriverOptions } from '../../src/testing/index.ts';
import type { Arrival, OracleRows } from './oracle.ts';

/** Small worlds with everything that goes wrong in large ones, and ways to feed them to a driver. */

/** What identifies a row of each landing table, as its documentation says. */
export const grains: Readonly<Record<keyof OracleRows, readonly string[]>> = {
  landing_messages: ['message_id'],
  landing_sessions: ['conversation_id', 'started_at'],
  landing_conversations: ['conversation_id', 'valid_from'],
  landing_customers: ['customer_id', 'valid_from'],
  landing_clinics: ['clinic_code', 'valid_from'],
  landing_waiting: ['conversation_id'],
  landing_ratings: ['conversation_id'],
  landing_conversation_tags: ['conversation_id', 'tag'],
};

type Row = Readonly<Record<string, unknown>>;

export function sorted(rows: readonly Row[]): Row[] {
  const keyOf = (row: Row) => JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1)));
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ row }) => row);
}

/**
 * The tables hold what they should. `driver.rows` sees to it that each row's signs come to 0 or 1; here also: the row
 * with the greatest version of each grain is the one that is true (for tables that replace by version).
 */
export function expectTables(
  driver: TestDriver,
  grainsOf: Readonly<Record<string, readonly string[]>>,
  expected: Readonly<Record<string, readonly Row[]>>,
): void {
  for (const [table, grain] of Object.entries(grainsOf)) {
    const rows = driver.rows<Row>(table);
    expect(sorted(rows), table).toEqual(sorted(expected[table]!));
    const last = new Map<string, { row: Row; sign: number; rowVersion: number }>();
    for (const signed of driver.signedRows(table)) {
      const key = JSON.stringify(grain.map((column) => signed.row[column]));
      const known = last.get(key);
      if (known === undefined || known.rowVersion < signed.rowVersion) last.set(key, signed);
    }
    const latest = [...last.values()].filter(({ sign }) => sign === 1).map(({ row }) => row);
    expect(sorted(latest), `${table}, the last version of each ${grain.join(', ')}`).toEqual(sorted(expected[table]!));
  }
}

export function expectRows(driver: TestDriver, expected: OracleRows): void {
  expectTables(driver, grains, { ...expected });
}

/** What an analyst's aggregate over signed rows comes to. */
export function sumBy(driver: TestDriver, table: string, by: string, column: string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { row, sign } of driver.signedRows(table)) {
    const key = String(row[by]);
    sums[key] = (sums[key] ?? 0) + sign * ((row[column] as number | null) ?? 0);
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
}

export const start = Date.UTC(2025, 5, 1, 9);
const minute = 60_000;

export function at(milliseconds: number): string {
  return new Date(start + milliseconds).toISOString();
}

/** Times that meet: the same instant, just within and just past a session's gap. */
function instant(spanHours: number): fc.Arbitrary<string> {
  const grid = fc.integer({ min: 0, max: spanHours * 4 }).map((quarter) => quarter * 15 * minute);
  const close = fc.constantFrom(0, 0, 0, 1, 500, 59_000, 60_000, 61_000, 29 * minute);
  return fc.tuple(grid, close).map(([far, near]) => at(far + near));
}

const conversationId = fc.constantFrom('c1', 'c1', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7');
const customerId = fc.constantFrom('u1', 'u1', 'u1', 'u2', 'u3');
const clinicCode = fc.constantFrom('k1', 'k1', 'k2', 'k3');
const deleted = fc.constantFrom(undefined, undefined, undefined, true);

function message(spanHours: number): fc.Arbitrary<Arrival> {
  return fc
    .record({
      message_id: fc.integer({ min: 0, max: 9_999 }).map((number) => `m${number}`),
      conversation_id: conversationId,
      customer_id: customerId,
      clinic_code: clinicCode,
      direction: fc.constantFrom('in', 'out'),
      direction_type: fc.constantFrom('initial', 'followup', 'response'),
      channel: fc.constantFrom('sms', 'email'),
      message_timestamp: instant(spanHours),
      text: fc.constantFrom(undefined, undefined, 'hello', 'this is urgent', 'I will call my lawyer, urgently'),
    })
    .map((value) => ({ topic: 'conversations.messages', value }));
}

function change(spanHours: number): fc.Arbitrary<Arrival> {
  return fc
    .record({
      conversation_id: conversationId,
      customer_id: customerId,
      clinic_code: clinicCode,
      status: fc.constantFrom('open', 'done', 'snoozed'),
      tags: fc.subarray(['billing', 'Urgent call', 'urgent', 'sensitive']),
      is_urgent: fc.constantFrom(undefined, undefined, true, false),
      changed_at: instant(spanHours),
      is_deleted: deleted,
    })
    .map((value) => ({ topic: 'conversations.conversations', value }));
}

function customer(spanHours: number): fc.Arbitrary<Arrival> {
  return fc
    .record({ customer_id: customerId, clinic_code: clinicCode, changed_at: instant(spanHours), is_deleted: deleted })
    .map((value) => ({ topic: 'conversations.customers', value }));
}

function clinic(spanHours: number): fc.Arbitrary<Arrival> {
  return fc
    .record({
      clinic_code: clinicCode,
      clinic_name: fc.constantFrom('Smile LLC', 'Dent Inc', 'Care Group', 'Corner'),
      timezone: fc.constantFrom(undefined, 'Europe/London'),
      changed_at: instant(spanHours),
      is_deleted: deleted,
    })
    .map((value) => ({ topic: 'conversations.clinics', value }));
}

function rating(spanHours: number): fc.Arbitrary<Arrival> {
  return fc
    .record({ conversation_id: conversationId, rating: fc.integer({ min: 1, max: 5 }), rated_at: instant(spanHours) })
    .map((value) => ({ topic: 'conversations.ratings', value }));
}

function distinctMessages(arrivals: readonly Arrival[]): Arrival[] {
  const seen = new Set<unknown>();
  return arrivals.filter(({ topic, value }) => {
    if (topic !== 'conversations.messages') return true;
    const isNew = !seen.has(value.message_id);
    seen.add(value.message_id);
    return isNew;
  });
}

/** Events in the order of their arrival, some of them repeated. `spanHours` 20: none is too late. */
export function world(spanHours: 20 | 96): fc.Arbitrary<Arrival[]> {
  const event = fc.oneof(
    { weight: 6, arbitrary: message(spanHours) },
    { weight: 3, arbitrary: change(spanHours) },
    { weight: 1, arbitrary: customer(spanHours) },
    { weight: 1, arbitrary: clinic(spanHours) },
    { weight: 1, arbitrary: rating(spanHours) },
  );
  const events = fc.array(event, { minLength: 1, maxLength: 40, size: 'max' }).map(distinctMessages);
  return fc.tuple(events, fc.array(fc.nat(), { maxLength: 4 })).map(([arrivals, repeats]) => {
    const repeated = [...arrivals];
    for (const place of repeats) repeated.push(arrivals[place % arrivals.length]!);
    return repeated;
  });
}

/** How a world is fed: batch size, cache, and what is done after each event. */
export interface Feed {
  readonly batchEventsMax: number;
  readonly checkpointKeysMax: number;
  readonly cacheEntriesMax: number;
  readonly seed: number;
  readonly actions: readonly Action[];
}

export type Action =
  | { readonly kind: 'none' | 'drain' | 'restart' }
  | { readonly kind: 'crash'; readonly step: Step; readonly occurrence: number };

export function feed(actions: fc.Arbitrary<Action>): fc.Arbitrary<Feed> {
  return fc.record({
    batchEventsMax: fc.integer({ min: 1, max: 12 }),
    checkpointKeysMax: fc.constantFrom(1, 2, 5, 1000),
    cacheEntriesMax: fc.constantFrom(0, 2, 1000),
    seed: fc.nat(1_000_000),
    actions: fc.array(actions, { minLength: 1, maxLength: 20, size: 'max' }),
  });
}

const none = fc.constant<Action>({ kind: 'none' });
const drain = fc.constantFrom<Action>({ kind: 'drain' }, { kind: 'restart' });
const crash = fc.record({
  kind: fc.constant('crash' as const),
  step: fc.constantFrom<Step[]>(0, 1, 2, 3, 4, 5, 6),
  occurrence: fc.integer({ min: 1, max: 6 }),
});

export const calm = fc.oneof({ weight: 3, arbitrary: none }, { weight: 1, arbitrary: drain });
export const rough = fc.oneof(
  { weight: 4, arbitrary: none },
  { weight: 1, arbitrary: drain },
  { weight: 2, arbitrary: crash },
);

/** Sends everything, doing what the feed says in between, and ends with everything processed. */
export async function play(
  arrivals: readonly Arrival[],
  { batchEventsMax, checkpointKeysMax, cacheEntriesMax, seed, actions }: Feed,
  options: Partial<TestDriverOptions> = {},
): Promise<TestDriver> {
  const limits = { batchEventsMax, checkpointKeysMax };
  const driver = createTestDriver({ domain: conversationsDomain(), limits, cacheEntriesMax, seed, ...options });
  for (const [index, { topic, value }] of arrivals.entries()) {
    driver.send(topic, value);
    await act(driver, actions[index % actions.length]!);
  }
  await finish(driver);
  return driver;
}

export async function act(driver: TestDriver, action: Action): Promise<void> {
  if (action.kind === 'none') return;
  if (action.kind === 'crash') {
    // Steps 0 and 1 are taken on starting, so only a restart can end there.
    if (action.step < 2 && driver.isRunning) driver.crash();
    driver.crash(action.step, { occurrence: action.occurrence });
    await (driver.isRunning ? driver.drain() : driver.restart());
  } else if (action.kind === 'drain' && driver.isRunning) {
    await driver.drain();
  } else {
    await driver.restart();
  }
}

/** Restarts until everything is processed: a crash that was asked for may still come. */
export async function finish(driver: TestDriver): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const isUp = driver.isRunning || (await driver.restart());
    if (isUp && (await driver.drain())) return;
  }
  throw new Error('It did not come to an end in 10 starts');
}

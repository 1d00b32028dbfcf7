import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { landingClinics, landingMessages, landingWaiting } from '../../src/processors/conversations/tables.ts';
import { type ClinicSchedule, FAR_FUTURE_DAY, FIRST_DAY, type Holiday } from '../../src/schedules/schedule.ts';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { READER } from '../../src/warehouse/embedded/server.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { reloadCalendars, replaceSchedules } from '../../src/warehouse/schedules.ts';
import { businessSeconds, Clock } from './business-oracle.ts';
import { land, plus, response, version } from './landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

let warehouse: ScratchWarehouse;
let client: ClickHouseClient;
/** As analysts are connected. */
let reader: ClickHouseClient;

/** Days on which the clocks are moved, and one without. Lord Howe moves by half an hour, São Paulo did at midnight. */
const places = [
  ['Europe/London', ['2024-03-31', '2024-10-27']],
  ['America/New_York', ['2024-03-10', '2024-11-03']],
  ['Asia/Kathmandu', ['2024-12-25']],
  ['Australia/Lord_Howe', ['2024-04-07', '2024-10-06']],
  ['America/Sao_Paulo', ['2018-02-18', '2018-11-04']],
] as const;
const zones = places.map(([zone]) => zone);
const clocks = new Map<string, Clock>(zones.map((zone) => [zone, new Clock(zone)]));
const clinics = places.flatMap(([zone, days]) =>
  days.flatMap((day) => [0, 1].map((number) => ({ code: `${zone} ${day} ${number}`, zone, day }))),
);

interface Reply {
  readonly id: string;
  readonly clinic: (typeof clinics)[number];
  readonly from: number;
  readonly to: number;
}

/** Pairs of instants around the day, some of them on the very minute. */
const replies: Reply[] = fc
  .sample(fc.array(fc.tuple(fc.nat(4 * 86_400), fc.nat(4 * 86_400)), { minLength: 8, maxLength: 8 }), {
    numRuns: clinics.length,
    seed: 7,
  })
  .flatMap((pairs, index) =>
    pairs.map(([one, other], number) => {
      const clinic = clinics[index]!;
      const start = Date.parse(`${clinic.day}T00:00:00Z`) / 1000 - 2 * 86_400;
      const round = (second: number) => start + (number % 2 === 0 ? second - (second % 1800) : second);
      const [from, to] = [round(Math.min(one, other)), round(Math.max(one, other))];
      return { id: `${clinic.code} ${number}`, clinic, from, to };
    }),
  );

const utc = (second: number) => new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  client = warehouse.client;
  await migrate(client);
  reader = connect({ url: warehouse.server.url, username: READER });
  for (const table of ['landing_messages', 'store_answers']) {
    await client.command({ query: `SYSTEM STOP MERGES conversations.${table}` });
  }
  const version2000 = (code: string, timezone: string) =>
    version({ clinic_code: code }, '2000-01-01 00:00:00', undefined, { clinic_name: code, timezone });
  await land(
    client,
    landingClinics,
    clinics.map(({ code, zone }) => plus(version2000(code, zone))),
  );
  await land(
    client,
    landingMessages,
    replies.map(({ id, clinic, from, to }) =>
      plus(response(id, utc(to), to - from, { clinic_code: clinic.code, seconds_since_last_message: to - from })),
    ),
  );
});

afterAll(async () => {
  await reader.close();
  await warehouse.stop();
});

const minuteOfDay = fc.oneof(fc.nat(1439), fc.constantFrom(0, 30, 60, 90, 120, 150, 180, 540, 1020));
const closing = fc.oneof(fc.integer({ min: 1, max: 1440 }), fc.constantFrom(30, 60, 90, 120, 180, 1440));

function dayNear(day: string): fc.Arbitrary<string> {
  const noon = Date.parse(`${day}T12:00:00Z`);
  return fc.integer({ min: -3, max: 3 }).map((days) => new Date(noon + days * 86_400_000).toISOString().slice(0, 10));
}

function schedule(clinicCode: string, day: string): fc.Arbitrary<ClinicSchedule> {
  const validity = fc.oneof(
    { weight: 5, arbitrary: fc.constant([FIRST_DAY, FAR_FUTURE_DAY] as const) },
    { weight: 1, arbitrary: dayNear(day).map((from) => [from, FAR_FUTURE_DAY] as const) },
    { weight: 1, arbitrary: dayNear(day).map((to) => [FIRST_DAY, to] as const) },
  );
  const hours = fc
    .record({ weekday: fc.nat(6), opensAt: minuteOfDay, closesAt: closing, validity })
    .map(({ validity: [validFrom, validTo], ...rest }) => ({ ...rest, validFrom, validTo }));
  const holiday: fc.Arbitrary<Holiday> = fc
    .record({ day: dayNear(day), hours: fc.option(fc.tuple(minuteOfDay, closing)) })
    .map(({ day, hours }) => ({ day, name: 'Holiday', opensAt: hours?.[0] ?? 0, closesAt: hours?.[1] ?? 0 }));
  return fc.record({
    clinicCode: fc.constant(clinicCode),
    hours: fc.array(hours, { maxLength: 9, size: 'max' }),
    holidays: fc.array(holiday, { maxLength: 2 }),
  });
}

interface Answer {
  readonly id: string;
  readonly elapsed: number;
  readonly business: number | null;
}

const answers = () =>
  queryRows<Answer>(
    reader,
    `SELECT message_id AS id, response_seconds AS elapsed, business_response_seconds AS business
     FROM conversations.fact_responses ORDER BY id`,
  );

/** The parts in which facts lie: an insert, a mutation or a merge would change the list. */
const parts = () =>
  queryRows(
    client,
    `SELECT table, name, rows FROM system.parts WHERE active AND database = 'conversations'
       AND table IN ('landing_messages', 'store_answers') ORDER BY ALL`,
  );

function expected(schedules: readonly ClinicSchedule[], fallback: ClinicSchedule): Map<string, number | null> {
  return new Map(
    replies.map(({ id, clinic, from, to }) => {
      const own = schedules.find(({ clinicCode }) => clinicCode === clinic.code)!;
      return [id, businessSeconds(from, to, clocks.get(clinic.zone)!, own, fallback)];
    }),
  );
}

test('every view says what a walk over every minute says, and no schedule touches a fact', {
  timeout: 240_000,
}, async () => {
  const before = await parts();
  expect(before.length).toBeGreaterThan(0);
  const all = fc.tuple(schedule('', '2024-10-27'), ...clinics.map(({ code, day }) => schedule(code, day)));
  const seen = { open: 0, closed: 0, unknown: 0, partly: 0 };
  const property = fc.asyncProperty(all, async ([fallback, ...own]) => {
    const isEmpty = fallback.hours.length + fallback.holidays.length === 0;
    await replaceSchedules(client, [fallback, ...own]);
    const builtIn = [1, 2, 3, 4, 5].map((weekday) => {
      return { weekday, opensAt: 540, closesAt: 1020, validFrom: FIRST_DAY, validTo: FAR_FUTURE_DAY };
    });
    const wanted = expected(own, isEmpty ? { ...fallback, hours: builtIn } : fallback);
    const found = await answers();
    expect(found).toHaveLength(replies.length);
    for (const { id, elapsed, business } of found) {
      expect({ id, business }).toEqual({ id, business: wanted.get(id) });
      if (business === null) seen.unknown++;
      else if (business === 0 && elapsed > 0) seen.closed++;
      else if (business === elapsed) seen.open++;
      else seen.partly++;
    }
    const [sums] = await queryRows<Record<string, unknown>>(
      reader,
      `SELECT
         (SELECT (count(), sum(response_seconds), sum(business_response_seconds)) FROM conversations.fact_responses) AS facts,
         (SELECT (count(), sum(response_seconds), sum(business_response_seconds)) FROM conversations.fact_response_times) AS narrow,
         (SELECT (count(), sum(seconds_since_last_message), sum(business_seconds_since_last_message)) FROM conversations.fact_message_gaps) AS gaps,
         (SELECT (sum(responses), sum(measured_responses)) FROM conversations.agg_business_response_times) AS days`,
    );
    expect(sums!.narrow).toEqual(sums!.facts);
    expect(sums!.gaps).toEqual(sums!.facts);
    const measured = found.filter(({ business }) => business !== null).length;
    expect(sums!.days).toEqual([found.length, measured]);
  });
  await fc.assert(property, { numRuns: Number(process.env.PARLEY_PROPERTY_RUNS ?? 10) });
  // Each of these would be missing from a test that checks nothing. What is unknown is rare, and has a test of its own below.
  const { unknown: _rare, ...common } = seen;
  for (const [kind, count] of Object.entries(common)) expect(count, kind).toBeGreaterThan(10);
  expect(await parts()).toEqual(before);
});

const always = (clinicCode: string): ClinicSchedule => ({
  clinicCode,
  hours: [0, 1, 2, 3, 4, 5, 6].map((weekday) => {
    return { weekday, opensAt: 0, closesAt: 1440, validFrom: FIRST_DAY, validTo: FAR_FUTURE_DAY };
  }),
  holidays: [],
});

test('a clinic that is always open has as many seconds as have elapsed; beyond the calendar nothing is known', async () => {
  const code = clinics[0]!.code;
  await replaceSchedules(client, [always('')]);
  await replaceSchedules(
    client,
    clinics.map(({ code }) => ({ clinicCode: code, hours: [], holidays: [] })),
  );
  for (const { id, elapsed, business } of await answers()) expect({ id, business }).toEqual({ id, business: elapsed });
  const later = new Date(Date.now() + 400 * 86_400_000).toISOString().slice(0, 10);
  await land(client, landingMessages, [
    plus(response('z1 too early', '2010-01-03 00:00:00', 10 * 86_400, { clinic_code: code })),
    plus(response('z2 before all', '2005-01-01 00:00:00', 60, { clinic_code: code })),
    plus(response('z3 within', '2010-01-02 00:00:00', 3600, { clinic_code: code })),
    plus(response('z4 too late', `${later} 00:00:00`, 60, { clinic_code: code })),
    plus(response('z5 into the future', `${later} 00:00:00`, 200 * 86_400, { clinic_code: code })),
  ]);
  const added = (await answers()).filter(({ id }) => id.startsWith('z'));
  expect(added.map(({ business }) => business)).toEqual([null, null, 3600, null, null]);
});

test('a new time zone of a clinic holds for the past too', async () => {
  const noon = 12 * 60;
  const hours = [{ weekday: 3, opensAt: noon, closesAt: noon + 60, validFrom: FIRST_DAY, validTo: FAR_FUTURE_DAY }];
  await replaceSchedules(client, [{ clinicCode: 'mover', hours, holidays: [] }]);
  const clinic = (timezone: string) =>
    version({ clinic_code: 'mover' }, '2020-01-01 00:00:00', undefined, { timezone });
  // Wednesday 2024-06-05, 11:00 to 13:00 in UTC: noon in London is 11:00, noon in UTC is 12:00.
  await land(client, landingMessages, [plus(response('mover', '2024-06-05 11:30:00', 1800, { clinic_code: 'mover' }))]);
  const business = async () => (await answers()).find(({ id }) => id === 'mover')?.business;
  await land(client, landingClinics, [plus(clinic(''))]);
  await reloadCalendars(client);
  expect(await business()).toBe(0);
  await land(client, landingClinics, [plus(clinic('Europe/London'))]);
  await reloadCalendars(client);
  expect(await business()).toBe(1800);
});

test('waiting_now counts by the clock of the server, and leaves out who is done', async () => {
  const ago = (seconds: number) => utc(Math.floor(Date.now() / 1000) - seconds);
  const waiting = (id: string, seconds: number, more = {}) => ({
    conversation_id: id,
    customer_id: 'u1',
    clinic_code: 'W',
    channel: 'sms',
    status: 'open',
    is_urgent: false,
    waiting_since: ago(seconds),
    unanswered_messages: 2,
    ...more,
  });
  await land(client, landingClinics, [
    plus(version({ clinic_code: 'W' }, '2020-01-01 00:00:00', undefined, { timezone: 'Europe/London' })),
  ]);
  await land(client, landingWaiting, [
    plus(waiting('w1', 600)),
    plus(waiting('w2', 5 * 3600, { is_urgent: true, status: '' })),
    plus(waiting('w3', 90_000, { status: 'snoozed' })),
    plus(waiting('w4', 90_000, { status: 'done' })),
    plus(waiting('w5', 100)),
    [-1, waiting('w5', 100)],
    plus(waiting('w6', -3600)),
  ]);
  await replaceSchedules(client, [always('W')]);
  interface Waits {
    readonly id: string;
    readonly seconds: number;
    readonly business: number;
  }
  const rows = await queryRows<Waits>(
    reader,
    `SELECT conversation_id AS id, waiting_seconds AS seconds, waiting_business_seconds AS business
     FROM conversations.waiting_now WHERE clinic_code = 'W' ORDER BY id`,
  );
  expect(rows.map(({ id }) => id)).toEqual(['w1', 'w2', 'w3', 'w6']);
  for (const [index, least] of [600, 18_000, 90_000, 0].entries()) {
    expect(rows[index]!.seconds).toBeGreaterThanOrEqual(least);
    expect(rows[index]!.seconds).toBeLessThan(least + 120);
    expect(rows[index]!.business).toBe(rows[index]!.seconds);
  }
  const [clinic] = await queryRows(
    reader,
    `SELECT waiting_conversations, urgent_conversations, unanswered_messages, waiting_over_1_hour, waiting_over_4_hours,
       waiting_over_24_hours, waiting_over_1_business_hour, waiting_over_4_business_hours, waiting_over_8_business_hours
     FROM conversations.agg_waiting_now WHERE clinic_code = 'W'`,
  );
  expect(clinic).toEqual({
    waiting_conversations: 4,
    urgent_conversations: 1,
    unanswered_messages: 8,
    waiting_over_1_hour: 2,
    waiting_over_4_hours: 2,
    waiting_over_24_hours: 1,
    waiting_over_1_business_hour: 2,
    waiting_over_4_business_hours: 2,
    waiting_over_8_business_hours: 1,
  });
});

test('an answer that is taken back, or changes, is so in the narrow store too', async () => {
  await land(client, landingClinics, [plus(version({ clinic_code: 'B' }, '2020-01-01 00:00:00', undefined, {}))]);
  const first = response('b1', '2024-06-03 10:00:00', 600, { clinic_code: 'B' });
  const second = response('b2', '2024-06-03 11:00:00', 700, { clinic_code: 'B' });
  await land(client, landingMessages, [plus(first), plus(second)]);
  await land(client, landingMessages, [
    [-1, first],
    plus({ ...first, response_seconds: null }),
    [-1, second],
    plus({ ...second, response_seconds: 800 }),
  ]);
  const times = await queryRows(
    reader,
    `SELECT answered_at, response_seconds FROM conversations.fact_response_times WHERE clinic_code = 'B'`,
  );
  expect(times).toEqual([{ answered_at: '2024-06-03 11:00:00', response_seconds: 800 }]);
});

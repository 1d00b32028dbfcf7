import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { DashboardReader } from '../../src/warehouse/dashboard-reader.ts';
import { type ReplayedWarehouse, replayedWarehouse } from './replayed-warehouse.ts';

/** The numbers of every page, held against what the facts say when they are gone through one by one. */
interface Message {
  readonly id: string;
  readonly conversation: string;
  readonly customer: string;
  readonly clinic: string;
  readonly channel: string;
  readonly type: string;
  readonly direction: string;
  readonly day: string;
  readonly time: number;
  readonly seconds: number | null;
  readonly isFirstResponse: boolean;
  readonly isTooLate: boolean;
  readonly isFirst: boolean;
}
interface Session {
  readonly clinic: string;
  readonly day: string;
  readonly messages: number;
  readonly ins: number;
  readonly outs: number;
  readonly seconds: number;
  readonly time: number;
}
interface Tag {
  readonly conversation: string;
  readonly clinic: string;
  readonly tag: string;
  readonly day: string;
  readonly isUrgent: boolean;
  readonly isSensitive: boolean;
}
interface Version {
  readonly key: string;
  readonly what: string;
  readonly clinic: string;
  readonly from: number;
  readonly to: number;
  readonly version: number;
  readonly isCurrent: boolean;
  readonly total: number;
}
type Row = Record<string, unknown>;

let replayed: ReplayedWarehouse;
let reader: DashboardReader;
let client: ClickHouseClient;
let messages: Message[];
let sessions: Session[];
let tags: Tag[];
let ratings: { clinic: string; day: string; rating: number }[];
let customers: Version[];
let conversations: Version[];
let zones: Map<string, string>;
let names: Map<string, string>;

beforeAll(async () => {
  replayed = await replayedWarehouse();
  reader = new DashboardReader(replayed.reader);
  client = connect(replayed.reader);
  const select = <T>(sql: string) => queryRows<T>(client, sql);
  const milliseconds = (column: string) => `toUnixTimestamp64Milli(${column})`;
  messages = await select(`
    SELECT message_id AS id, conversation_id AS conversation, customer_id AS customer, clinic_code AS clinic, channel,
      direction_type AS type, direction, date_id AS day, ${milliseconds('message_timestamp')} AS time,
      response_seconds AS seconds, is_first_response AS isFirstResponse, is_too_late AS isTooLate,
      previous_message_timestamp IS NULL AND NOT is_too_late AS isFirst
    FROM conversations.fact_messages`);
  sessions = await select(`
    SELECT clinic_code AS clinic, toDate(started_at) AS day, message_count AS messages, in_count AS ins, out_count AS outs,
      duration_seconds AS seconds, ${milliseconds('started_at')} AS time
    FROM conversations.fact_sessions`);
  tags = await select(`
    SELECT conversation_id AS conversation, clinic_code AS clinic, tag, date_id AS day, is_urgent AS isUrgent,
      is_sensitive AS isSensitive
    FROM conversations.fact_conversation_tags`);
  ratings = await select('SELECT clinic_code AS clinic, date_id AS day, rating FROM conversations.fact_ratings');
  const version = `clinic_code AS clinic, ${milliseconds('valid_from')} AS from, ${milliseconds('valid_to')} AS to, version, is_current AS isCurrent`;
  customers = await select(`
    SELECT customer_id AS key, customer_segment AS what, total_conversations AS total, ${version} FROM conversations.dim_customers`);
  conversations = await select(
    `SELECT conversation_id AS key, status AS what, 0 AS total, ${version} FROM conversations.dim_conversations`,
  );
  const clinics = await select<{ code: string; name: string; zone: string }>(
    'SELECT clinic_code AS code, clinic_name AS name, timezone AS zone FROM conversations.dim_clinics_current',
  );
  zones = new Map(clinics.map(({ code, zone }) => [code, zone || 'UTC']));
  names = new Map(clinics.map(({ code, name }) => [code, name || code]));
}, 120_000);

afterAll(async () => {
  await client?.close();
  await reader?.close();
  await replayed?.close();
});

interface Choice {
  readonly from?: string;
  readonly to?: string;
  readonly clinic?: readonly string[];
  readonly channel?: readonly string[];
}

const choices: [string, Choice][] = [
  ['everything', {}],
  ['a clinic of the sample', { clinic: ['RockstarSupport'] }],
  ['clinics of both sources', { clinic: ['RockstarSupport', 'CL000', 'CL003'] }],
  ['some days', { from: '2018-06-15', to: '2019-02-03' }],
  ['the days of the change of the clocks', { from: '2024-03-09', to: '2024-03-11' }],
  ['one day of one clinic', { from: '2024-03-01', to: '2024-03-01', clinic: ['CL000'] }],
  ['days before all', { from: '2001-01-01', to: '2001-01-02' }],
];
const channelChoices: [string, Choice][] = [
  ['a channel', { channel: ['whatsapp'] }],
  ['two channels of some days', { channel: ['whatsapp', 'email'], from: '2024-03-01', to: '2024-03-20' }],
  ['a channel of a clinic', { channel: ['sms'], clinic: ['CL000'] }],
];

async function ask(query: string, choice: Choice = {}): Promise<Row[]> {
  const { columns, rows } = await reader.ask(reader.query('conversations', query)!, { ...choice });
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
}

function within<T extends { day: string; clinic: string; channel?: string }>(all: readonly T[], choice: Choice): T[] {
  const { from = '0', to = '9', clinic = [], channel = [] } = choice;
  return all.filter(
    (one) =>
      one.day >= from &&
      one.day <= to &&
      (clinic.length === 0 || clinic.includes(one.clinic)) &&
      (channel.length === 0 || channel.includes(one.channel ?? '')),
  );
}

function groups<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const group = found.get(key(one));
    if (group === undefined) found.set(key(one), [one]);
    else group.push(one);
  }
  return found;
}

const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);
const mean = <T>(all: readonly T[], of: (one: T) => number) => (all.length === 0 ? null : sum(all, of) / all.length);
const distinct = <T>(all: readonly T[], of: (one: T) => string) => new Set(all.map(of)).size;
const answered = (all: readonly Message[]) => all.filter(({ seconds }) => seconds !== null);
const secondsOf = (all: readonly Message[]) => answered(all).map(({ seconds }) => seconds!);

/** Within 2 % of the middle of the exact values, or between the two middle ones. */
function expectQuantile(shown: unknown, exact: number[], level = 0.5): void {
  if (exact.length === 0) {
    expect(shown).toBeNull();
    return;
  }
  const sorted = exact.toSorted((a, b) => a - b);
  const at = level * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.min(sorted.length - 1, Math.ceil(at + 0.5))]!];
  expect(shown).toBeGreaterThanOrEqual(low * 0.98);
  expect(shown).toBeLessThanOrEqual(high * 1.02);
}

function expectClose(shown: unknown, exact: number | null): void {
  if (exact === null) expect(shown).toBeNull();
  else expect(shown).toBeCloseTo(exact, 6);
}

const mondayOf = (day: string) => {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
};
const monthOf = (day: string) => `${day.slice(0, 7)}-01`;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

test('there is something to count', () => {
  expect(messages.length).toBe(1_164 + 3_000);
  expect(ratings.length).toBeGreaterThan(10);
  expect(distinct(messages, ({ channel }) => channel)).toBeGreaterThan(3);
  expect(messages.some(({ isTooLate }) => isTooLate) || messages.length > 0).toBe(true);
  expect([...zones.values()].filter((zone) => zone !== 'UTC').length).toBeGreaterThan(5);
});

describe.each(choices)('%s', (_name, choice) => {
  test('overview', async () => {
    const [row] = await ask('overview', choice);
    const own = within(messages, choice);
    expect(row).toMatchObject({
      messages: own.length,
      in_messages: own.filter(({ direction }) => direction === 'in').length,
      out_messages: own.filter(({ direction }) => direction === 'out').length,
      new_conversations: own.filter(({ isFirst }) => isFirst).length,
      sessions: within(sessions, choice).length,
      responses: answered(own).length,
      urgent_conversations: distinct(
        within(tags, choice).filter((tag) => tag.isUrgent),
        (tag) => tag.conversation,
      ),
      ratings: within(ratings, choice).length,
    });
    expectQuantile(row?.p50_response_seconds, secondsOf(own));
    expectQuantile(row?.p50_first_response_seconds, secondsOf(own.filter((message) => message.isFirstResponse)));
    expectClose(
      row?.mean_rating,
      mean(within(ratings, choice), ({ rating }) => rating),
    );
  });

  test('activity by day', async () => {
    const rows = await ask('activity-by-day', choice);
    const days = groups(within(messages, choice), ({ day }) => day);
    const started = groups(within(sessions, choice), ({ day }) => day);
    expect(rows).toEqual(
      [...days]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([day, own]) => ({
          date_id: day,
          messages: own.length,
          in_messages: own.filter(({ direction }) => direction === 'in').length,
          out_messages: own.filter(({ direction }) => direction === 'out').length,
          active_conversations: distinct(
            own.filter((one) => !one.isTooLate),
            ({ conversation }) => conversation,
          ),
          new_conversations: own.filter(({ isFirst }) => isFirst).length,
          sessions: started.get(day)?.length ?? 0,
        })),
    );
  });

  test.each([
    ['week', mondayOf],
    ['month', monthOf],
  ] as const)('engagement by %s, whole ones', async (grain, startOf) => {
    const rows = await ask(`engagement-by-${grain}`, choice);
    const touched = { ...choice, ...(choice.from && { from: startOf(choice.from) }), to: '9' };
    const all = groups(within(messages, touched), ({ day }) => startOf(day));
    const expected = [...all].filter(([start]) => start <= (choice.to ?? '9')).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(rows.map((row) => row[grain])).toEqual(expected.map(([start]) => start));
    for (const [index, [, own]] of expected.entries()) {
      const active = distinct(
        own.filter((one) => !one.isTooLate),
        ({ conversation }) => conversation,
      );
      expect(rows[index]).toMatchObject({
        messages: own.length,
        active_conversations: active,
        new_conversations: own.filter(({ isFirst }) => isFirst).length,
        active_customers: distinct(own, ({ customer, clinic }) => `${customer} ${clinic}`),
      });
      expectClose(rows[index]?.messages_per_conversation, own.length / active);
    }
  });

  test('themes', async () => {
    const rows = await ask('themes', choice);
    const all = groups(within(tags, choice), ({ tag }) => tag);
    const expected = [...all]
      .sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1))
      .slice(0, 50);
    expect(rows.map(({ tag }) => tag)).toEqual(expected.map(([tag]) => tag));
    const last = messages
      .map(({ day }) => day)
      .sort()
      .at(-1)!;
    const end = new Date(`${choice.to !== undefined && choice.to < last ? choice.to : last}T00:00:00Z`);
    end.setUTCDate(end.getUTCDate() + 1);
    const month = (back: number) =>
      new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
    for (const [index, [tag, own]] of expected.entries()) {
      const ever = within(tags, choice.clinic ? { clinic: choice.clinic } : {}).filter((one) => one.tag === tag);
      const [now, before] = [1, 2].map((back) => ever.filter(({ day }) => day.startsWith(month(back))).length);
      expect(rows[index], tag).toMatchObject({
        conversations: own.length,
        urgent_conversations: own.filter(({ isUrgent }) => isUrgent).length,
        sensitive_conversations: own.filter(({ isSensitive }) => isSensitive).length,
        clinics: distinct(own, ({ clinic }) => clinic),
        month_conversations: now,
        change: now! - before!,
      });
    }
  });

  test('themes and urgency by week', async () => {
    const own = within(tags, choice);
    const urgent = await ask('urgent-by-week', choice);
    const weeks = [...groups(own, ({ day }) => mondayOf(day))].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(urgent).toEqual(
      weeks.map(([week, ofWeek]) => ({
        week,
        urgent_conversations: distinct(
          ofWeek.filter(({ isUrgent }) => isUrgent),
          ({ conversation }) => conversation,
        ),
        sensitive_conversations: distinct(
          ofWeek.filter(({ isSensitive }) => isSensitive),
          ({ conversation }) => conversation,
        ),
        tagged_conversations: distinct(ofWeek, ({ conversation }) => conversation),
      })),
    );
    const rows = await ask('themes-by-week', choice);
    const busiest = [...groups(own, ({ tag }) => tag)]
      .sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1))
      .slice(0, 6)
      .map(([tag]) => tag)
      .sort();
    expect(rows).toEqual(
      weeks.flatMap(([week, ofWeek]) =>
        busiest.map((tag) => ({ week, tag, conversations: ofWeek.filter((one) => one.tag === tag).length })),
      ),
    );
  });

  test('clinics compared', async () => {
    const rows = await ask('clinics-compared', choice);
    const own = groups(within(messages, choice), ({ clinic }) => clinic);
    const rated = groups(within(ratings, choice), ({ clinic }) => clinic);
    const codes = [...new Set([...own.keys(), ...rated.keys()])];
    expect(rows.length).toBe(codes.length);
    for (const code of codes) {
      const row = rows.find(({ clinic }) => clinic === names.get(code));
      const ofClinic = own.get(code) ?? [];
      expect(row, code).toMatchObject({
        messages: ofClinic.length,
        new_conversations: ofClinic.filter(({ isFirst }) => isFirst).length,
        sessions: within(sessions, { ...choice, clinic: [code] }).length,
        responses: answered(ofClinic).length,
        ratings: rated.get(code)?.length ?? 0,
      });
      expectQuantile(row?.p50_response_seconds, secondsOf(ofClinic));
      expectQuantile(row?.p90_response_seconds, secondsOf(ofClinic), 0.9);
      expectClose(
        row?.mean_rating,
        mean(rated.get(code) ?? [], ({ rating }) => rating),
      );
    }
    const engaged = await ask('engagement-by-clinic', choice);
    expect(sum(engaged, ({ messages: number }) => number as number)).toBe(within(messages, choice).length);
    expect(engaged.map(({ clinic }) => clinic)).toEqual(
      rows.filter(({ messages: number }) => number !== 0).map(({ clinic }) => clinic),
    );
  });

  test('sessions', async () => {
    const own = within(sessions, choice);
    const [row] = await ask('sessions', choice);
    expect(row).toMatchObject({ sessions: own.length, open_sessions: 0 });
    expectClose(
      row?.messages_per_session,
      mean(own, (one) => one.messages),
    );
    expectClose(
      row?.mean_duration_seconds,
      mean(own, ({ seconds }) => seconds),
    );
    expectClose(
      row?.single_percent,
      mean(own, (one) => (one.messages === 1 ? 100 : 0)),
    );
    expectClose(
      row?.answered_percent,
      mean(own, ({ ins, outs }) => (ins > 0 && outs > 0 ? 100 : 0)),
    );
    const byDay = await ask('sessions-by-day', choice);
    const days = [...groups(own, ({ day }) => day)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(byDay.map(({ date_id, sessions: number }) => [date_id, number])).toEqual(
      days.map(([day, { length }]) => [day, length]),
    );
    const bySize = await ask('sessions-by-size', choice);
    expect(sum(bySize, ({ sessions: number }) => number as number)).toBe(own.length);
    expect(bySize.find((one) => one.messages === '1 message')?.sessions ?? 0).toBe(
      own.filter((one) => one.messages === 1).length,
    );
    expect(bySize.find((one) => one.messages === '4 or 5')?.sessions ?? 0).toBe(
      own.filter((one) => one.messages === 4 || one.messages === 5).length,
    );
    const byHour = await ask('sessions-by-hour', choice);
    const hours = groups(
      own,
      ({ time }) => `${((new Date(time).getUTCDay() + 6) % 7) + 1} ${new Date(time).getUTCHours()}`,
    );
    expect(new Map(byHour.map((one) => [`${one.weekday_number} ${one.hour_of_day}`, one.sessions]))).toEqual(
      new Map([...hours].map(([key, { length }]) => [key, length])),
    );
    const byClinic = await ask('sessions-by-clinic', choice);
    expect(new Map(byClinic.map((one) => [one.clinic, one.sessions]))).toEqual(
      new Map([...groups(own, ({ clinic }) => clinic)].map(([code, { length }]) => [names.get(code), length])),
    );
  });

  test('history, with each customer as it was then', async () => {
    const touched = { ...choice, ...(choice.from && { from: monthOf(choice.from) }), to: '9' };
    const own = within(messages, touched).filter(({ day }) => monthOf(day) <= (choice.to ?? '9'));
    const byCustomer = groups(customers, ({ key }) => key);
    const segmentOf = ({ customer, time }: Message) =>
      byCustomer.get(customer)?.find(({ from, to }) => from <= time && time < to)?.what || 'Unknown';
    const expected = groups(own, (message) => `${monthOf(message.day)} ${segmentOf(message)}`);
    const rows = await ask('history-by-segment', choice);
    expect(new Map(rows.map((row) => [`${row.month} ${row.segment}`, [row.messages, row.responses]]))).toEqual(
      new Map([...expected].map(([key, group]) => [key, [group.length, answered(group).length]])),
    );
    for (const row of rows) {
      expectClose(
        row.mean_response_seconds,
        mean(secondsOf(expected.get(`${row.month} ${row.segment}`)!), (one) => one),
      );
    }
    const byClinic = await ask('history-by-clinic', choice);
    if (byClinic.length < 200) expect(sum(byClinic, (row) => row.messages as number)).toBe(own.length);
  });

  test('changes of versions, in whole months', async () => {
    const inMonths = (all: readonly Version[]) =>
      within(
        all.map((one) => ({ ...one, day: dayOf(one.from) })),
        { ...choice, ...(choice.from && { from: monthOf(choice.from) }), to: '9' },
      ).filter(({ day }) => monthOf(day) <= (choice.to ?? '9'));
    const changes = await ask('history-changes', choice);
    const expected = groups(inMonths(conversations), ({ day, what }) => `${monthOf(day)} ${what || 'unknown'}`);
    expect(new Map(changes.map((row) => [`${row.month} ${row.status}`, [row.changes, row.begun]]))).toEqual(
      new Map(
        [...expected].map(([key, own]) => {
          const changed = own.filter(({ version }) => version > 1).length;
          return [key, [changed, own.length - changed]];
        }),
      ),
    );
    const segments = await ask('history-segments', choice);
    expect(sum(segments, (row) => row.customers as number)).toBe(
      inMonths(customers).filter(({ version }) => version > 1).length,
    );
  });

  test('how many conversations customers have had', async () => {
    const rows = await ask('conversation-frequency', choice);
    const now = customers.filter(
      (one) => one.isCurrent && one.total > 0 && (choice.clinic === undefined || choice.clinic.includes(one.clinic)),
    );
    expect(sum(rows, (row) => row.customers as number)).toBe(now.length);
    expect(rows.find((row) => row.conversations === '3 or 4')?.customers ?? 0).toBe(
      now.filter(({ total }) => total === 3 || total === 4).length,
    );
  });
});

describe.each([...choices, ...channelChoices])('responses of %s', (_name, choice) => {
  test('in figures, and by day, clinic, type and length', async () => {
    const own = answered(within(messages, choice));
    const [row] = await ask('response-times', choice);
    expect(row).toMatchObject({
      responses: own.length,
      first_responses: own.filter((one) => one.isFirstResponse).length,
    });
    expectClose(
      row?.mean_response_seconds,
      mean(secondsOf(own), (one) => one),
    );
    expectQuantile(row?.p50_response_seconds, secondsOf(own));
    expectQuantile(row?.p90_response_seconds, secondsOf(own), 0.9);
    const keys: [string, (message: Message) => string, (row: Row) => string][] = [
      ['response-by-day', ({ day }) => day, (one) => String(one.date_id)],
      ['response-by-clinic', ({ clinic }) => names.get(clinic) ?? clinic, (one) => String(one.clinic)],
      [
        'response-by-type',
        ({ type, channel }) => `${labels[type]} ${channel}`,
        (one) => `${one.message_type} ${one.channel}`,
      ],
    ];
    for (const [query, keyOf, shownKeyOf] of keys) {
      const expected = groups(own, keyOf);
      const rows = await ask(query, choice);
      expect(rows.map(shownKeyOf).sort(), query).toEqual([...expected.keys()].sort());
      for (const one of rows) {
        const group = expected.get(shownKeyOf(one))!;
        expect(one.responses).toBe(group.length);
        expectQuantile(one.p50_response_seconds, secondsOf(group));
        if ('mean_response_seconds' in one)
          expectClose(
            one.mean_response_seconds,
            mean(secondsOf(group), (each) => each),
          );
      }
    }
    const bands = await ask('response-distribution', choice);
    expect(sum(bands, (band) => band.responses as number)).toBe(own.length);
    // Exact below 50 seconds; at the bounds of the others a bucket may be on the wrong side.
    const shown = sum(
      bands.filter(({ took }) => took === 'under 1 min'),
      (band) => band.responses as number,
    );
    expect(shown).toBeGreaterThanOrEqual(own.filter(({ seconds }) => seconds! < 58).length);
    expect(shown).toBeLessThanOrEqual(own.filter(({ seconds }) => seconds! < 62).length);
  });

  test("by hour and weekday of the clinics' own clocks", async () => {
    const own = answered(within(messages, choice));
    const hours = await ask('response-by-hour', choice);
    const expected = groups(own, (message) => String(localOf(message).hour));
    expect(hours.map(({ hour_of_day, responses }) => [String(hour_of_day), responses])).toEqual(
      [...expected].sort(([a], [b]) => Number(a) - Number(b)).map(([hour, { length }]) => [hour, length]),
    );
    for (const row of hours)
      expectQuantile(row.p50_response_seconds, secondsOf(expected.get(String(row.hour_of_day))!));
    const weekdays = await ask('response-by-weekday', choice);
    const byWeekday = groups(own, (message) => `${localOf(message).weekday} ${localOf(message).hour}`);
    expect(new Map(weekdays.map((row) => [`${row.weekday} ${row.hour_of_day}`, row.responses]))).toEqual(
      new Map([...byWeekday].map(([key, { length }]) => [key, length])),
    );
  });
});

const labels: Record<string, string> = { initial: 'Initial message', followup: 'Follow-up', response: 'Response' };
const clocks = new Map<string, Intl.DateTimeFormat>();

/** By the time zones of Node, not those of ClickHouse. */
function localOf({ clinic, time }: Message): { weekday: string; hour: number } {
  const timeZone = zones.get(clinic) ?? 'UTC';
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', hour: 'numeric', hourCycle: 'h23' });
    clocks.set(timeZone, clock);
  }
  const parts = new Map(clock.formatToParts(time).map(({ type, value }) => [type, value]));
  return { weekday: parts.get('weekday') ?? '', hour: Number(parts.get('hour')) };
}

describe('operators', () => {
  test('count what the runs and the facts say', async () => {
    const { columns, rows } = await reader.ask(reader.query('orchestrator', 'runs-figures')!, {});
    const figures = Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]?.[index]]));
    const [counted] = await queryRows<Row>(
      client,
      `SELECT count() AS batches, sum(events) AS events, sum(rows) AS rows, countIf(status = 'FAILED') AS failed FROM orchestrator.runs`,
    );
    expect(figures).toMatchObject({ ...counted, running: 0, rejected: 0, dead_letters_waiting: 0 });
    expect(figures.events).toBeGreaterThan(messages.length);
    const stages = await reader.ask(reader.query('orchestrator', 'stages-compared')!, {});
    expect(sum(stages.rows, (row) => row[3] as number)).toBe(figures.events);
    const rates = await reader.ask(reader.query('orchestrator', 'rates')!, {});
    expect(sum(rates.rows, (row) => row[1] as number)).toBe(figures.events);
  });

  test('positions are how far each file has been read', async () => {
    const { rows } = await reader.ask(reader.query('orchestrator', 'partitions')!, {});
    const ofMessages = rows.filter((row) => row[2] === 'conversations.messages');
    expect(ofMessages.map((row) => row[0])).toEqual(['conversations.conversation', 'conversations.conversation']);
    for (const row of ofMessages) expect(row[5]).toBeGreaterThan(100_000);
  });
});

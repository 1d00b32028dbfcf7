import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  landingClinics,
  landingConversations,
  landingConversationTags,
  landingCustomers,
  landingMessages,
  landingRatings,
  landingSessions,
} from '../../src/processors/conversations/tables.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { type ClickHouseClient, queryRows } from '../../src/warehouse/client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { landingDeadLetters, landingRuns } from '../../src/warehouse/orchestrator-tables.ts';
import { watermarkTable, writeSettings } from '../../src/warehouse/watermark-table.ts';
import { land, message, plus, replace, response, version } from './landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

/** Every group has clinics of its own, so that the groups do not see each other. */
let warehouse: ScratchWarehouse;
let client: ClickHouseClient;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  client = warehouse.client;
  await migrate(client);
});

afterAll(() => warehouse.stop());

function select<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
  return queryRows<Row>(client, sql);
}

function clinic(code: string, timezone: string) {
  return version({ clinic_code: code }, '2020-01-01 00:00:00', undefined, { clinic_name: `${code} Group`, timezone });
}

describe('agg_response_times', () => {
  const hours = (code: string) =>
    select<{ hour: number; n: number }>(
      `SELECT hour_of_day AS hour, sum(responses) AS n FROM conversations.agg_response_times
       WHERE clinic_code = '${code}' GROUP BY hour ORDER BY hour`,
    );

  test('hours are those of the clinic, across both changes of the clocks, even when its zone comes and changes late', async () => {
    await land(client, landingMessages, [
      // 2024-03-10, New York: 01:59 is followed by 03:00.
      plus(response('ny1', '2024-03-10 06:59:59', 60, { clinic_code: 'NY' })),
      plus(response('ny2', '2024-03-10 07:00:00', 60, { clinic_code: 'NY' })),
      // 2024-11-03, New York: 01:30 comes twice.
      plus(response('ny3', '2024-11-03 05:30:00', 60, { clinic_code: 'NY' })),
      plus(response('ny4', '2024-11-03 06:30:00', 60, { clinic_code: 'NY' })),
    ]);
    const inUtc = [
      { hour: 5, n: 1 },
      { hour: 6, n: 2 },
      { hour: 7, n: 1 },
    ];
    expect(await hours('NY')).toEqual(inUtc);

    const inferred = clinic('NY', '');
    await land(client, landingClinics, [plus({ ...inferred, is_inferred: true })]);
    expect(await hours('NY')).toEqual(inUtc);

    await land(client, landingClinics, replace(inferred, { ...inferred, timezone: 'America/New_York' }));
    expect(await hours('NY')).toEqual([
      { hour: 1, n: 3 },
      { hour: 3, n: 1 },
    ]);

    // Kathmandu is 5:45 ahead, with no changes of the clocks.
    const moved = [
      [-1, { ...inferred, timezone: 'America/New_York' }],
      [
        1,
        version({ clinic_code: 'NY' }, '2020-01-01 00:00:00', '2024-06-01 00:00:00', { timezone: 'America/New_York' }),
      ],
      [1, version({ clinic_code: 'NY' }, '2024-06-01 00:00:00', undefined, { timezone: 'Asia/Kathmandu', version: 2 })],
    ] as const;
    await land(client, landingClinics, moved);
    expect(await hours('NY')).toEqual([
      { hour: 11, n: 1 },
      { hour: 12, n: 3 },
    ]);
  });

  test('hours of zones with quarters of an hour, and of a zone that nobody knows', async () => {
    await land(client, landingClinics, [plus(clinic('KTM', 'Asia/Kathmandu')), plus(clinic('MARS', 'Mars/Olympus'))]);
    await land(client, landingMessages, [
      plus(response('ktm1', '2024-03-01 18:14:59', 60, { clinic_code: 'KTM' })),
      plus(response('ktm2', '2024-03-01 18:15:00', 60, { clinic_code: 'KTM' })),
      plus(response('mars1', '2024-03-01 18:15:00', 60, { clinic_code: 'MARS' })),
    ]);
    expect(await hours('KTM')).toEqual([
      { hour: 0, n: 1 },
      { hour: 23, n: 1 },
    ]);
    expect(await hours('MARS')).toEqual([{ hour: 18, n: 1 }]);
  });

  test('splits by month, message type and channel; what answers nothing is no response', async () => {
    const more = { clinic_code: 'SPLIT' };
    await land(client, landingMessages, [
      plus(response('s1', '2024-01-31 23:59:59', 10, more)),
      plus(response('s2', '2024-02-01 00:00:00', 20, more)),
      plus(response('s3', '2024-02-01 00:10:00', 40, more)),
      plus(response('s4', '2024-02-01 00:10:00', 30, { ...more, channel: 'email' })),
      plus(response('s5', '2024-02-01 00:10:00', 0, { ...more, direction_type: 'followup' })),
      plus(response('s6', '2024-02-01 00:10:00', 50, { ...more, response_seconds: null })),
    ]);
    const rows = await select(
      `SELECT * EXCEPT (clinic_code, complete_through, is_final) FROM conversations.agg_response_times WHERE clinic_code = 'SPLIT'
       ORDER BY month, direction_type, channel`,
    );
    const row = (
      month: string,
      hour: number,
      type: string,
      channel: string,
      n: number,
      mean: number,
      p50: number,
      p90: number,
    ) => ({
      month,
      hour_of_day: hour,
      direction_type: type,
      channel,
      responses: n,
      mean_response_seconds: mean,
      p50_response_seconds: p50,
      p90_response_seconds: p90,
    });
    expect(rows).toEqual([
      row('2024-01-01', 23, 'response', 'whatsapp', 1, 10, 10, 10),
      row('2024-02-01', 0, 'followup', 'whatsapp', 1, 0, 0, 0),
      row('2024-02-01', 0, 'response', 'email', 1, 30, 30, 30),
      row('2024-02-01', 0, 'response', 'whatsapp', 2, 30, 20, 40),
    ]);
  });

  test('agg_response_distribution gives the quantiles of any other grouping', async () => {
    const sql = `SELECT sum(responses) AS n, sum(response_seconds) AS seconds, quantileExactWeighted(0.5)(bucket_seconds, responses) AS p50
      FROM conversations.agg_response_distribution WHERE clinic_code = 'SPLIT'`;
    expect(await select(sql)).toEqual([{ n: 5, seconds: 100, p50: 20 }]);
  });

  test('quantiles are within 2 % of the exact ones, from a second to a year', async () => {
    // A fixed sequence, even on a logarithmic scale.
    const seconds = Array.from({ length: 997 }, (_, index) => Math.floor(3e7 ** (((index * 613) % 997) / 996)));
    const groups = [seconds, seconds.slice(0, 10), seconds.slice(0, 101), seconds.map((each) => 49 + (each % 4))];
    const exact = (values: number[], level: number) =>
      [...values].sort((a, b) => a - b)[Math.ceil(values.length * level) - 1]!;
    const rows = groups.flatMap((group, at) =>
      group.map((each, index) => response(`q${at}-${index}`, '2024-07-01 12:00:00', each, { clinic_code: `Q${at}` })),
    );
    await land(client, landingMessages, rows.map(plus));
    const found = await select<{ mean: number; p50: number; p90: number }>(
      `SELECT mean_response_seconds AS mean, p50_response_seconds AS p50, p90_response_seconds AS p90
       FROM conversations.agg_response_times WHERE clinic_code LIKE 'Q%' ORDER BY clinic_code`,
    );
    expect(found).toHaveLength(groups.length);
    for (const [at, group] of groups.entries()) {
      const { mean, p50, p90 } = found[at]!;
      expect(mean).toBeCloseTo(group.reduce((sum, each) => sum + each, 0) / group.length, 3);
      for (const [value, level] of [
        [p50, 0.5],
        [p90, 0.9],
      ] as const) {
        expect(Math.abs(value / exact(group, level) - 1), `group ${at}, ${level}: ${value}`).toBeLessThan(0.02);
      }
    }
  });
});

describe('agg_engagement', () => {
  const totals = (name: string, column: string, code = 'ENG') =>
    select(
      `SELECT ${column}, messages, in_messages AS in, out_messages AS out, active_conversations AS active,
         new_conversations AS new, active_customers AS customers, sessions
       FROM conversations.agg_engagement_${name} WHERE clinic_code = '${code}' ORDER BY ${column}`,
    );
  const more = { clinic_code: 'ENG', conversation_id: 'e1', customer_id: 'e1' };

  test('counts a conversation once a day, week and month, through corrections', async () => {
    // 2024-01-29 is a Monday; the week has the end of January in it.
    const monday = message('e-mon', '2024-01-29 10:00:00', more);
    const [mondayAt, thursdayAt] = ['2024-01-29 10:00:00', '2024-02-01 09:00:00'];
    await land(client, landingMessages, [
      plus(monday),
      plus(response('e-mon2', '2024-01-29 10:05:00', 300, { ...more, session_started_at: mondayAt })),
      plus(message('e-thu', thursdayAt, { ...more, previous_message_timestamp: '2024-01-29 10:05:00' })),
      plus(message('e-other', thursdayAt, { clinic_code: 'ENG', conversation_id: 'e2', customer_id: 'e2' })),
    ]);
    const thursday = { messages: 2, in: 2, out: 0, active: 2, new: 1, customers: 2, sessions: 2 };
    expect(await totals('daily', 'date_id')).toEqual([
      { date_id: '2024-01-29', messages: 2, in: 1, out: 1, active: 1, new: 1, customers: 1, sessions: 1 },
      { date_id: '2024-02-01', ...thursday },
    ]);
    expect(await totals('weekly', 'week')).toEqual([
      { week: '2024-01-29', messages: 4, in: 3, out: 1, active: 2, new: 2, customers: 2, sessions: 3 },
    ]);
    expect(await totals('monthly', 'month')).toEqual([
      { month: '2024-01-01', messages: 2, in: 1, out: 1, active: 1, new: 1, customers: 1, sessions: 1 },
      { month: '2024-02-01', ...thursday },
    ]);

    // The first message comes late: of Sunday, ten minutes before midnight, so of the week before.
    const sundayAt = '2024-01-28 23:50:00';
    await land(client, landingMessages, [
      plus(message('e-sun', sundayAt, more)),
      ...replace(monday, { ...monday, previous_message_timestamp: sundayAt }),
    ]);
    expect(await totals('daily', 'date_id')).toEqual([
      { date_id: '2024-01-28', messages: 1, in: 1, out: 0, active: 1, new: 1, customers: 1, sessions: 1 },
      { date_id: '2024-01-29', messages: 2, in: 1, out: 1, active: 1, new: 0, customers: 1, sessions: 1 },
      { date_id: '2024-02-01', ...thursday },
    ]);
    expect(await totals('weekly', 'week')).toEqual([
      { week: '2024-01-22', messages: 1, in: 1, out: 0, active: 1, new: 1, customers: 1, sessions: 1 },
      { week: '2024-01-29', messages: 4, in: 3, out: 1, active: 2, new: 1, customers: 2, sessions: 3 },
    ]);
    expect(await totals('monthly', 'month')).toEqual([
      { month: '2024-01-01', messages: 3, in: 2, out: 1, active: 1, new: 1, customers: 1, sessions: 2 },
      { month: '2024-02-01', ...thursday },
    ]);
  });

  test('a message that came too late is counted, and is the first of nothing', async () => {
    const tooLate = { is_too_late: true, session_started_at: null, clinic_code: 'TOOLATE' };
    await land(client, landingMessages, [plus(message('late', '2024-01-05 10:00:00', tooLate))]);
    expect(await totals('monthly', 'month', 'TOOLATE')).toEqual([
      { month: '2024-01-01', messages: 1, in: 1, out: 0, active: 0, new: 0, customers: 1, sessions: 0 },
    ]);
    const [row] = await select(
      "SELECT messages_per_conversation AS per, engagement_level AS level FROM conversations.agg_engagement_daily WHERE clinic_code = 'TOOLATE'",
    );
    expect(row).toEqual({ per: null, level: 'Low' });
  });

  test('the level follows from the messages of an active conversation', async () => {
    const sizes = { LEVEL1: 4, LEVEL2: 5, LEVEL3: 10 };
    const rows = Object.entries(sizes).flatMap(([code, size]) =>
      Array.from({ length: size }, (_, index) => {
        const previous = index === 0 ? {} : { previous_message_timestamp: `2024-01-05 10:00:0${index - 1}` };
        return message(`${code}-${index}`, `2024-01-05 10:00:0${index}`, { clinic_code: code, ...previous });
      }),
    );
    await land(client, landingMessages, rows.map(plus));
    const found = await select(
      `SELECT messages_per_conversation AS per, engagement_level AS level
       FROM conversations.agg_engagement_daily WHERE clinic_code LIKE 'LEVEL%' ORDER BY clinic_code`,
    );
    expect(found).toEqual([
      { per: 4, level: 'Low' },
      { per: 5, level: 'Medium' },
      { per: 10, level: 'High' },
    ]);
  });

  test('agrees with the facts, whatever the order in which messages came', async () => {
    const timeOf = (at: number) => new Date(Date.UTC(2024, 0, 1) + at).toISOString().slice(0, 23);
    // Twelve conversations of up to 25 messages over 70 days; each arrives in a scrambled order, a correction at a time.
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const rows: ReturnType<typeof plus>[] = [];
    for (let conversation = 0; conversation < 12; conversation++) {
      const here: { id: string; at: number }[] = [];
      const row = (id: string, at: number, previous?: number) =>
        message(id, timeOf(at), {
          clinic_code: `FACT${conversation % 2}`,
          conversation_id: `f${conversation}`,
          customer_id: `f${conversation % 5}`,
          previous_message_timestamp: previous === undefined ? null : timeOf(previous),
        });
      for (let index = 0; index < 5 + random(20); index++) {
        const one = { id: `f${conversation}-${index}`, at: random(70 * 1440) * 60_000 };
        const previous = here.filter(({ at }) => at < one.at).sort((a, b) => b.at - a.at)[0];
        const next = here.filter(({ at }) => at > one.at).sort((a, b) => a.at - b.at)[0];
        rows.push(plus(row(one.id, one.at, previous?.at)));
        if (next) rows.push(...replace(row(next.id, next.at, previous?.at), row(next.id, next.at, one.at)));
        here.push(one);
      }
    }
    for (let from = 0; from < rows.length; from += 40) await land(client, landingMessages, rows.slice(from, from + 40));

    for (const [name, column, period] of [
      ['daily', 'date_id', 'date_id'],
      ['weekly', 'week', 'toMonday(date_id)'],
      ['monthly', 'month', 'toStartOfMonth(date_id)'],
    ] as const) {
      const aggregated = await select(
        `SELECT clinic_code, ${column} AS period, messages, active_conversations AS active, new_conversations AS new, active_customers AS customers
         FROM conversations.agg_engagement_${name} WHERE clinic_code LIKE 'FACT%' ORDER BY clinic_code, period`,
      );
      const counted = await select(
        `SELECT clinic_code, ${period} AS period, count() AS messages, uniqExact(conversation_id) AS active,
           countIf(previous_message_timestamp IS NULL) AS new, uniqExact(customer_id) AS customers
         FROM conversations.fact_messages WHERE clinic_code LIKE 'FACT%' GROUP BY clinic_code, period ORDER BY clinic_code, period`,
      );
      expect(aggregated.length).toBeGreaterThan(5);
      expect(aggregated).toEqual(counted);
    }
  });
});

test('agg_themes: counts, urgency and trend by month and week, through a correction', async () => {
  const tag = (conversation: string, name: string, at: string, more = {}) => ({
    conversation_id: conversation,
    clinic_code: 'TAGS',
    tag: name,
    tagged_at: at,
    ...more,
  });
  const moved = tag('t3', 'billing', '2024-01-31 23:00:00');
  await land(client, landingConversationTags, [
    plus(tag('t1', 'billing', '2024-01-03 10:00:00', { is_urgent: true })),
    plus(tag('t2', 'billing', '2024-01-10 10:00:00', { is_sensitive: true })),
    plus(moved),
    plus(tag('t4', 'billing', '2024-02-05 10:00:00')),
    plus(tag('t5', 'recall', '2024-02-05 10:00:00', { clinic_code: 'TAGS2' })),
    plus(tag('t6', 'recall', '2024-02-06 10:00:00')),
  ]);
  await land(client, landingConversationTags, replace(moved, { ...moved, tagged_at: '2024-02-01 00:00:00' }));
  const row = (month: string, name: string, counts: number[], trend: string) => {
    const [conversations, urgent, sensitive, clinics, previous, change] = counts;
    return { month, tag: name, conversations, urgent, sensitive, clinics, previous, change, trend };
  };
  const columns = `tag, conversations, urgent_conversations AS urgent, sensitive_conversations AS sensitive, clinics,
    previous_conversations AS previous, change, trend`;
  expect(await select(`SELECT month, ${columns} FROM conversations.agg_themes ORDER BY month, tag`)).toEqual([
    row('2024-01-01', 'billing', [2, 1, 1, 1, 0, 2], 'New'),
    row('2024-02-01', 'billing', [2, 0, 0, 1, 2, 0], 'Steady'),
    row('2024-02-01', 'recall', [2, 0, 0, 2, 0, 2], 'New'),
  ]);
  const weekly = await select(
    "SELECT week, conversations, previous_conversations AS previous, trend FROM conversations.agg_themes_weekly WHERE tag = 'billing' ORDER BY week",
  );
  expect(weekly).toEqual([
    { week: '2024-01-01', conversations: 1, previous: 0, trend: 'New' },
    { week: '2024-01-08', conversations: 1, previous: 1, trend: 'Steady' },
    { week: '2024-01-29', conversations: 1, previous: 0, trend: 'New' },
    { week: '2024-02-05', conversations: 1, previous: 1, trend: 'Steady' },
  ]);
});

test('agg_clinic_performance: volumes, responses, ratings and ranks of a month', async () => {
  const slow = { clinic_code: 'P-SLOW', conversation_id: 'ps' };
  const fast = { clinic_code: 'P-FAST', conversation_id: 'pf' };
  const may = '2031-05-02';
  const mistaken = response('ps2', `${may} 10:10:00`, 600, { ...slow, is_first_response: true });
  await land(client, landingClinics, [plus(clinic('P-SLOW', '')), plus(clinic('P-FAST', ''))]);
  await land(client, landingMessages, [
    plus(message('ps1', `${may} 10:00:00`, slow)),
    plus(mistaken),
    plus(response('ps3', `${may} 11:00:00`, 1000, slow)),
    plus(message('pf1', `${may} 10:00:00`, fast)),
    plus(response('pf2', `${may} 10:00:20`, 20, { ...fast, is_first_response: true })),
  ]);
  await land(client, landingMessages, replace(mistaken, { ...mistaken, response_seconds: 300 }));
  const revised = { conversation_id: 'ps', clinic_code: 'P-SLOW', rating: 1, rated_at: `${may} 12:00:00` };
  await land(client, landingRatings, [
    plus(revised),
    plus({ conversation_id: 'ps-b', clinic_code: 'P-SLOW', rating: 4, rated_at: `${may} 12:00:00` }),
    plus({ conversation_id: 'rated', clinic_code: 'P-RATED', rating: 2, rated_at: `${may} 12:00:00` }),
  ]);
  await land(client, landingRatings, replace(revised, { ...revised, rating: 5 }));

  const rows = await select<Record<string, number | string | null>>(
    "SELECT * EXCEPT (complete_through, is_final) FROM conversations.agg_clinic_performance WHERE month = '2031-05-01' ORDER BY clinic_code",
  );
  expect(rows).toEqual([
    {
      clinic_code: 'P-FAST',
      clinic_name: 'P-FAST Group',
      month: '2031-05-01',
      messages: 2,
      in_messages: 1,
      out_messages: 1,
      active_conversations: 1,
      new_conversations: 1,
      sessions: 1,
      responses: 1,
      mean_response_seconds: 20,
      p50_response_seconds: 20,
      p90_response_seconds: 20,
      first_responses: 1,
      mean_first_response_seconds: 20,
      p50_first_response_seconds: 20,
      p90_first_response_seconds: 20,
      ratings: 0,
      mean_rating: null,
      volume_rank: 2,
      response_rank: 1,
      rating_rank: null,
    },
    expect.objectContaining({
      clinic_code: 'P-RATED',
      clinic_name: '',
      messages: 0,
      responses: 0,
      mean_response_seconds: null,
      p50_response_seconds: null,
      p90_first_response_seconds: null,
      ratings: 1,
      mean_rating: 2,
      volume_rank: 3,
      response_rank: null,
      rating_rank: 2,
    }),
    expect.objectContaining({
      clinic_code: 'P-SLOW',
      messages: 3,
      responses: 2,
      mean_response_seconds: 650,
      first_responses: 1,
      mean_first_response_seconds: 300,
      ratings: 2,
      mean_rating: 4.5,
      volume_rank: 1,
      response_rank: 2,
      rating_rank: 1,
    }),
  ]);
  const [, , third] = rows;
  expect(Number(third?.p50_response_seconds) / 300 - 1).toBeCloseTo(0, 1);
  expect(Math.abs(Number(third?.p90_response_seconds) / 1000 - 1)).toBeLessThan(0.02);
});

test('agg_history_monthly: clinics and customers as they were, not as they are', async () => {
  const renamedAt = '2032-03-10 00:00:00';
  const h = { clinic_code: 'HIST' };
  await land(client, landingClinics, [
    plus(version(h, '2032-02-01 00:00:00', renamedAt, { clinic_name: 'Old LLC', clinic_type: 'LLC' })),
    plus(version(h, renamedAt, undefined, { clinic_name: 'New Inc', clinic_type: 'Inc', version: 2 })),
  ]);
  const u = { customer_id: 'hu' };
  const segment = version(u, '2032-01-01 00:00:00', undefined, { customer_segment: 'Low Volume' });
  await land(client, landingCustomers, [plus(segment)]);
  const more = { ...h, ...u, conversation_id: 'h1' };
  await land(client, landingMessages, [
    plus(message('h0', '2032-01-15 10:00:00', more)),
    plus(message('h1', '2032-03-09 23:59:59.999', more)),
    plus(response('h2', '2032-03-10 00:00:00', 40, more)),
    plus(response('h3', '2032-03-20 10:00:00', 60, more)),
    plus(message('h4', '2032-03-25 10:00:00', { ...more, conversation_id: 'h2' })),
  ]);
  // A version of the customer is spliced in late.
  await land(client, landingCustomers, [
    ...replace(segment, { ...segment, valid_to: '2032-03-24 00:00:00', is_current: false }),
    plus(version(u, '2032-03-24 00:00:00', undefined, { customer_segment: 'High Volume', version: 2 })),
  ]);
  const row = (month: string, name: string, type: string, size: string, counts: (number | null)[]) => {
    const [messages, inward, out, conversations, responses, mean] = counts;
    return { month, name, type, segment: size, messages, in: inward, out, conversations, responses, mean };
  };
  const rows = await select(
    `SELECT month, clinic_name AS name, clinic_type AS type, customer_segment AS segment, messages, in_messages AS in,
       out_messages AS out, conversations, responses, mean_response_seconds AS mean
     FROM conversations.agg_history_monthly WHERE clinic_code = 'HIST' ORDER BY month, name DESC, segment DESC`,
  );
  expect(rows).toEqual([
    row('2032-01-01', 'Unknown', 'Unknown', 'Low Volume', [1, 1, 0, 1, 0, null]),
    row('2032-03-01', 'Old LLC', 'LLC', 'Low Volume', [1, 1, 0, 1, 0, null]),
    row('2032-03-01', 'New Inc', 'Inc', 'Low Volume', [2, 0, 2, 1, 2, 50]),
    row('2032-03-01', 'New Inc', 'Inc', 'High Volume', [1, 1, 0, 1, 0, null]),
  ]);

  const asOf = await select(
    `SELECT dictGet('conversations.clinics_as_of', 'clinic_name', tuple('HIST'), time) AS name,
       dictGet('conversations.customers_as_of', 'customer_segment', tuple('hu'), time) AS segment
     FROM (SELECT arrayJoin([toDateTime64('2032-01-15 10:00:00', 3, 'UTC'), toDateTime64('2032-03-09 23:59:59.999', 3, 'UTC'),
       toDateTime64('2032-03-10 00:00:00', 3, 'UTC'), toDateTime64('2032-03-24 00:00:00', 3, 'UTC')]) AS time)`,
  );
  expect(asOf).toEqual([
    { name: '', segment: 'Low Volume' },
    { name: 'Old LLC', segment: 'Low Volume' },
    { name: 'New Inc', segment: 'Low Volume' },
    { name: 'New Inc', segment: 'High Volume' },
  ]);
});

describe('dimensions and sessions', () => {
  test('versions, the current one of each key, and nothing of the deleted', async () => {
    const d = { conversation_id: 'd1', customer_id: 'du', clinic_code: 'DIM' };
    const first = version(d, '2024-01-01 00:00:00', undefined, {
      status: 'open',
      tags: ['urgent', 'Billing plan', 'urgent'],
    });
    await land(client, landingConversations, [
      plus({ ...first, is_urgent: true }),
      plus(version({ ...d, conversation_id: 'd2' }, '2024-01-01 00:00:00', '2024-01-02 00:00:00', { status: 'open' })),
    ]);
    await land(client, landingConversations, [
      ...replace(
        { ...first, is_urgent: true },
        { ...first, is_urgent: true, valid_to: '2024-01-03 00:00:00', is_current: false },
      ),
      plus(version(d, '2024-01-03 00:00:00', undefined, { status: 'done', version: 2, tags: ['POG'] })),
    ]);
    const columns =
      'conversation_id AS id, status, tags, tag_count AS n, is_pog AS pog, is_plan AS plan, is_open AS open, is_current AS current, version';
    expect(
      await select(
        `SELECT ${columns} FROM conversations.dim_conversations WHERE clinic_code = 'DIM' ORDER BY id, version`,
      ),
    ).toEqual([
      {
        id: 'd1',
        status: 'open',
        tags: 'Billing plan, urgent',
        n: 2,
        pog: false,
        plan: true,
        open: true,
        current: false,
        version: 1,
      },
      { id: 'd1', status: 'done', tags: 'POG', n: 1, pog: true, plan: false, open: false, current: true, version: 2 },
      { id: 'd2', status: 'open', tags: '', n: 0, pog: false, plan: false, open: true, current: false, version: 1 },
    ]);
    expect(
      await select(
        "SELECT conversation_id AS id, version FROM conversations.dim_conversations_current WHERE clinic_code = 'DIM'",
      ),
    ).toEqual([{ id: 'd1', version: 2 }]);

    await land(client, landingCustomers, [
      plus(
        version({ customer_id: 'du' }, '2024-01-01 00:00:00', undefined, {
          clinic_code: 'DIM',
          total_conversations: 2,
        }),
      ),
    ]);
    expect(
      await select(
        `SELECT clinic_code, clinic_name, total_conversations AS total, open_conversations AS open, completed_conversations AS done,
           urgent_conversations AS urgent FROM conversations.dim_customers_current WHERE customer_id = 'du'`,
      ),
    ).toEqual([{ clinic_code: 'DIM', clinic_name: '', total: 2, open: 0, done: 1, urgent: 0 }]);
  });

  test('a session joins its messages, is retracted when it is extended, and is open by the clock', async () => {
    const now = Date.now();
    const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000).toISOString().slice(0, 23);
    const session = {
      conversation_id: 'sess',
      clinic_code: 'SESS',
      message_count: 1,
      in_count: 1,
      started_at: at(50),
      ended_at: at(40),
    };
    await land(client, landingSessions, [
      plus(session),
      plus({ ...session, conversation_id: 'sess2', ended_at: at(10) }),
    ]);
    await land(client, landingSessions, [
      ...replace(session, { ...session, started_at: at(55), message_count: 2, in_count: 2 }),
    ]);
    await land(client, landingMessages, [
      plus(message('sess-1', at(55), { conversation_id: 'sess', clinic_code: 'SESS' })),
    ]);
    const rows = () =>
      select(
        `SELECT conversation_id AS id, message_count AS n, duration_seconds AS seconds, is_open AS open
         FROM conversations.fact_sessions WHERE clinic_code = 'SESS' ORDER BY id`,
      );
    const gap = (minutes: number) =>
      writeSettings(client, new Map([['conversations', { session_gap_seconds: minutes * 60 }]]));
    await gap(30);
    expect(await rows()).toEqual([
      { id: 'sess', n: 2, seconds: 900, open: false },
      { id: 'sess2', n: 1, seconds: 2400, open: true },
    ]);
    // The gap is that of the configuration.
    await gap(5);
    expect((await rows()).map(({ open }) => open)).toEqual([false, false]);
    await gap(50);
    expect((await rows()).map(({ open }) => open)).toEqual([true, true]);
    const joined = await select(
      `SELECT count() AS n FROM conversations.fact_messages AS messages
       INNER JOIN conversations.fact_sessions AS sessions ON sessions.session_id = messages.session_id
       WHERE messages.clinic_code = 'SESS'`,
    );
    expect(joined).toEqual([{ n: 1 }]);
  });

  test('dates run from 2000 to a year from today, weeks begin on Sunday as day 0', async () => {
    expect(
      await select("SELECT * FROM conversations.dim_dates WHERE date_id BETWEEN '2024-03-01' AND '2024-03-03'"),
    ).toEqual([
      {
        date_id: '2024-03-01',
        year: 2024,
        month: 3,
        day: 1,
        day_of_week: 5,
        is_business_day: true,
        week: '2024-02-26',
        month_start: '2024-03-01',
        quarter: 1,
      },
      {
        date_id: '2024-03-02',
        year: 2024,
        month: 3,
        day: 2,
        day_of_week: 6,
        is_business_day: false,
        week: '2024-02-26',
        month_start: '2024-03-01',
        quarter: 1,
      },
      {
        date_id: '2024-03-03',
        year: 2024,
        month: 3,
        day: 3,
        day_of_week: 0,
        is_business_day: false,
        week: '2024-02-26',
        month_start: '2024-03-01',
        quarter: 1,
      },
    ]);
    const [ends] = await select(
      "SELECT min(date_id) AS first, max(date_id) = toDate(now('UTC')) + INTERVAL 1 YEAR AS ends, count() = uniqExact(date_id) AS once FROM conversations.dim_dates",
    );
    expect(ends).toEqual({ first: '2000-01-01', ends: 1, once: 1 });
  });

  test('dim_message_types describes what occurs, and joins the facts', async () => {
    const more = { clinic_code: 'TYPES', channel: 'pigeon' };
    await land(client, landingMessages, [
      plus(response('type1', '2024-01-01 10:00:00', 5, more)),
      plus(message('type2', '2024-01-01 10:00:00', { ...more, direction_type: 'other' })),
    ]);
    const rows = await select(
      `SELECT types.message_type_id AS id, direction_description AS direction, message_type_description AS type
       FROM conversations.fact_messages AS messages
       INNER JOIN conversations.dim_message_types AS types ON types.message_type_id = messages.message_type_id
       WHERE messages.clinic_code = 'TYPES' ORDER BY id`,
    );
    expect(rows).toEqual([
      { id: 'in/other/pigeon', direction: 'Inbound', type: 'Other' },
      { id: 'out/response/pigeon', direction: 'Outbound', type: 'Response Message' },
    ]);
  });
});

describe('complete_through and is_final', () => {
  const stages = ['conversations.first', 'conversations.second'];
  const watermark = (stage: string, at: string) => ({
    ...{ app: 'test', domain: 'conversations', stage, partition: 0 },
    completeThrough: at === '' ? 0 : Date.parse(`${at}Z`),
  });
  const told = (...at: string[]) =>
    watermarkTable(client).write(at.map((time, index) => watermark(stages[index]!, time)));
  const days = () =>
    select(
      `SELECT toString(date_id) AS day, toString(complete_through) AS through, is_final AS final
       FROM conversations.agg_engagement_daily WHERE clinic_code = 'FINAL' ORDER BY day`,
    );

  test('follow the least of the tasks, and are unknown while one of them has told nothing', async () => {
    await land(client, landingMessages, [
      plus(message('final-1', '2024-05-01 12:00:00', { clinic_code: 'FINAL' })),
      plus(message('final-2', '2024-05-02 12:00:00', { clinic_code: 'FINAL' })),
    ]);
    await writeSettings(client, new Map([['conversations', { allowed_lateness_seconds: 86_400 }]]));
    await told('', '');
    await told('2024-05-03 00:00:00');
    expect((await days()).map(({ through, final }) => [through, final])).toEqual([
      [null, false],
      [null, false],
    ]);
    await told('2024-05-04 00:00:00', '2024-05-02 23:59:59');
    expect((await days()).map(({ through, final }) => [through, final])).toEqual([
      ['2024-05-02 23:59:59', false],
      ['2024-05-02 23:59:59', false],
    ]);
    // An older word, from an owner that was slow to write it, changes nothing.
    await told('2024-05-01 00:00:00', '2024-05-03 00:00:00');
    expect((await days()).map(({ through, final }) => [through, final])).toEqual([
      ['2024-05-03 00:00:00', true],
      ['2024-05-03 00:00:00', false],
    ]);
    await writeSettings(client, new Map([['conversations', { allowed_lateness_seconds: 90_000 }]]));
    expect((await days()).map(({ final }) => final)).toEqual([false, false]);
    expect(await select('SELECT * FROM orchestrator.progress')).toEqual([
      {
        domain: 'conversations',
        complete_through: '2024-05-03 00:00:00',
        final_through: '2024-05-01 23:00:00',
        tasks: 2,
        tasks_unknown: 0,
      },
    ]);
  });

  test('are the last columns of every aggregate', async () => {
    const views = await select<{ view: string; last: string[] }>(
      `SELECT concat(database, '.', table) AS view, arraySlice(groupArray(name), -2) AS last FROM
         (SELECT database, table, name FROM system.columns
          WHERE startsWith(table, 'agg_') ORDER BY database, table, position)
       GROUP BY view ORDER BY view`,
    );
    const databases = [...new Set(views.map(({ view }) => view.split('.')[0]))];
    expect(databases).toEqual(['assistant', 'conversations']);
    expect(views.length).toBeGreaterThan(15);
    expect(views.filter(({ last }) => last.join() !== 'complete_through,is_final')).toEqual([]);
    for (const { view } of views) {
      const sql = `SELECT any(toTypeName(complete_through)) AS through, any(toTypeName(is_final)) AS final
                   FROM ${view} SETTINGS join_use_nulls = 1`;
      const [types] = await select(sql);
      expect([undefined, '', "Nullable(DateTime('UTC'))"], view).toContain(types?.through);
      expect([undefined, '', 'Bool'], view).toContain(types?.final);
    }
  });
});

describe('quantiles', () => {
  test('are within 2 % of the exact ones, of any times, with corrections among them', async () => {
    const random = seededRandom(7);
    const seconds = () => Math.floor(Math.exp(random() * Math.log(3_000_000)));
    const rows = Array.from({ length: 6_000 }, (_, index) => {
      const at = new Date(Date.UTC(2024, index % 3, 2, 10) + index * 1000).toISOString().slice(0, 19);
      const more = { clinic_code: `Q${index % 17}`, is_first_response: index % 5 === 0 };
      return response(`quantile-${index}`, at.replace('T', ' '), seconds(), more);
    });
    await land(client, landingMessages, rows.map(plus));
    const corrected = rows.filter((_, index) => index % 7 === 0);
    const corrections = corrected.flatMap((row) => replace(row, { ...row, response_seconds: seconds() }));
    await land(client, landingMessages, corrections);
    const compared = await select<{ group: string; shown: number[]; exact: number[] }>(
      `SELECT concat(shown.clinic_code, toString(shown.month), toString(shown.hour_of_day)) AS group,
              [shown.p50_response_seconds, shown.p90_response_seconds] AS shown, facts.exact AS exact
       FROM conversations.agg_response_times AS shown
       INNER JOIN
       (
         SELECT clinic_code, toStartOfMonth(message_timestamp) AS month, message_hour,
                arraySort(groupArray(assumeNotNull(response_seconds))) AS times,
                [times[intDiv(length(times) * 5 + 9, 10)], times[intDiv(length(times) * 9 + 9, 10)]] AS exact
         FROM conversations.fact_messages WHERE startsWith(clinic_code, 'Q') AND response_seconds IS NOT NULL
         GROUP BY clinic_code, month, message_hour
       ) AS facts ON facts.clinic_code = shown.clinic_code AND facts.month = shown.month
                 AND facts.message_hour = shown.hour_of_day`,
    );
    expect(compared.length).toBeGreaterThan(100);
    const isOff = (shown: number, exact: number) =>
      exact < 50 ? shown !== exact : Math.abs(shown - exact) > 0.02 * exact;
    expect(compared.filter(({ shown, exact }) => shown.some((value, index) => isOff(value, exact[index]!)))).toEqual(
      [],
    );
  });
});

describe('orchestrator', () => {
  test('a run is one row: what it became, not what it was', async () => {
    const run = {
      app: 'parley',
      stage: 'conversations.conversation',
      partition: 3,
      plan: 7,
      started_at: '2024-01-01 10:00:00',
    };
    await land(client, landingRuns, [plus({ ...run, status: 'RUNNING' })]);
    await land(client, landingRuns, [
      plus({ ...run, status: 'COMPLETED', finished_at: '2024-01-01 10:00:02', elapsed_ms: 2000 }),
    ]);
    expect(await select('SELECT run_id, status, elapsed_ms FROM orchestrator.runs')).toEqual([
      { run_id: 'parley/conversations.conversation/3/7', status: 'COMPLETED', elapsed_ms: 2000 },
    ]);
  });

  test('a dead letter that was sent back is one row, and says when', async () => {
    const letter = { app: 'parley', stage: 's', topic: 't', shard: '0', offset: 5, code: 'INVALID_JSON', bytes: '{' };
    await land(client, landingDeadLetters, [plus(letter), plus({ ...letter, offset: 6 })]);
    await land(client, landingDeadLetters, [plus({ ...letter, replayed_at: '2024-01-02 00:00:00' })]);
    expect(await select('SELECT offset, replayed_at FROM orchestrator.dead_letters ORDER BY offset')).toEqual([
      { offset: 5, replayed_at: '2024-01-02 00:00:00.000' },
      { offset: 6, replayed_at: null },
    ]);
  });
});

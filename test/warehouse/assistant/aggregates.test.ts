import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assistantDomain } from '../../../src/processors/assistant/domain.ts';
import { settingsOf } from '../../../src/runtime/domain.ts';
import { watermarkTable, writeSettings } from '../../../src/warehouse/watermark-table.ts';
import { type AssistantWarehouse, type Event, startAssistantWarehouse } from './transcripts.ts';

/** What the aggregates keep by adding and subtracting, held against a computation over all facts at once. */
let warehouse: AssistantWarehouse;

beforeAll(async () => {
  warehouse = await startAssistantWarehouse();
});
beforeEach(() => warehouse.clear());
afterAll(() => warehouse.stop());

const minute = 60_000;
const origin = Date.parse('2026-02-27T20:00:00Z');

const event: fc.Arbitrary<Event> = fc.record({
  conversation_id: fc.integer({ min: 0, max: 60 }).map((id) => `e${id}`),
  session_id: fc.constantFrom('s1', 's2', 's3'),
  project_id: fc.constantFrom('p1', 'p1', 'p2'),
  entry_type: fc.constantFrom('user', 'assistant', 'tool_use', 'tool_use', 'tool_result', 'tool_result', 'system'),
  timestamp: fc.integer({ min: 0, max: 200 }).map((at) => new Date(origin + at * 3.5 * minute).toISOString()),
  content: fc.constantFrom('fix the bug?', 'add ```code```', 'hello', ''),
  tool_name: fc.constantFrom('Read', 'Edit', 'Write', 'MultiEdit', 'Bash', 'Grep', undefined),
  tool_use_id: fc.integer({ min: 0, max: 12 }).map((id) => `t${id}`),
  tool_input: fc.constantFrom({ file_path: 'src/a.ts' }, { file_path: 'b.md' }, { file_path: 'Makefile' }, {}),
  is_error: fc.constantFrom(undefined, undefined, true),
});

const daily = `
  SELECT date_key, message_count, user_messages, total_content_length, messages_with_code, question_count, active_sessions,
    active_projects, session_count, total_session_minutes, tool_call_count, unique_tools_used, file_operations,
    search_operations, shell_commands, failed_tool_calls, file_reads, file_writes, file_edits, unique_files_touched,
    round(avg_tool_execution_seconds, 6) AS execution, round(avg_response_time_seconds, 6) AS response
  FROM assistant.agg_daily_summary WHERE has_activity ORDER BY date_key`;

/** From the facts, each read whole. */
const dailyOfFacts = `
  SELECT days.date_key AS date_key, m.message_count, m.user_messages, m.total_content_length, m.messages_with_code, m.question_count,
    days.active_sessions, days.active_projects, s.session_count, s.total_session_minutes, t.tool_call_count, t.unique_tools_used,
    t.file_operations, t.search_operations, t.shell_commands, t.failed_tool_calls, f.file_reads, f.file_writes, f.file_edits,
    f.unique_files_touched, t.execution AS execution, m.response AS response
  FROM (SELECT partition_date AS date_key, uniqExact(session_id) AS active_sessions, uniqExact(project_id) AS active_projects
        FROM assistant.stg_conversations GROUP BY date_key) AS days
  LEFT JOIN (SELECT date_key, count() AS message_count, countIf(role = 'user') AS user_messages, sum(content_length) AS total_content_length,
        countIf(has_code_block) AS messages_with_code, countIf(is_question) AS question_count,
        if(countIf(response_time_seconds > 0) = 0, NULL, round(avgIf(response_time_seconds, response_time_seconds > 0), 6)) AS response
        FROM assistant.fct_messages GROUP BY date_key) AS m ON m.date_key = days.date_key
  LEFT JOIN (SELECT date_key, count() AS session_count, sum(duration_seconds) / 60 AS total_session_minutes
        FROM assistant.dim_sessions GROUP BY date_key) AS s ON s.date_key = days.date_key
  LEFT JOIN (SELECT date_key, count() AS tool_call_count, uniqExact(tool_name) AS unique_tools_used, countIf(is_file_operation) AS file_operations,
        countIf(is_search_operation) AS search_operations, countIf(is_shell_command) AS shell_commands,
        countIf(is_success = false) AS failed_tool_calls,
        if(count(duration_ms) = 0, NULL, round(avg(duration_ms) / 1000, 6)) AS execution
        FROM assistant.fct_tool_calls WHERE is_invocation GROUP BY date_key) AS t ON t.date_key = days.date_key
  LEFT JOIN (SELECT date_key, countIf(is_read) AS file_reads, countIf(is_write) AS file_writes, countIf(is_edit) AS file_edits,
        uniqExact(file_path) AS unique_files_touched
        FROM assistant.fct_file_operations GROUP BY date_key) AS f ON f.date_key = days.date_key
  ORDER BY date_key`;

const tools = `
  SELECT tool_name, total_calls, sessions_used, projects_used, results, successes, median_execution_seconds AS median,
    max_execution_seconds AS most, peak_hour, peak_hour_calls
  FROM assistant.agg_tool_efficiency ORDER BY tool_name`;

const toolsOfFacts = `
  WITH toHour(effective_timestamp) AS hour
  SELECT calls.tool_name AS tool_name, calls.total_calls, calls.sessions_used, calls.projects_used, calls.results, calls.successes,
    if(empty(calls.durations), NULL, calls.durations[intDiv(length(calls.durations) + 1, 2)] / 1000) AS median,
    if(empty(calls.durations), NULL, calls.durations[-1] / 1000) AS most, hours.peak.2 AS peak_hour, -hours.peak.1 AS peak_hour_calls
  FROM (SELECT tool_name, count() AS total_calls, uniqExact(session_id) AS sessions_used, uniqExact(project_id) AS projects_used,
        countIf(is_success IS NOT NULL) AS results, countIf(is_success) AS successes,
        arraySort(groupArray(assumeNotNull(duration_ms)) FILTER (WHERE duration_ms IS NOT NULL)) AS durations
        FROM assistant.fct_tool_calls WHERE is_invocation GROUP BY tool_name) AS calls
  LEFT JOIN (SELECT tool_name, min((-n, hour)) AS peak
        FROM (SELECT tool_name, hour, toInt64(count()) AS n FROM assistant.fct_tool_calls WHERE is_invocation GROUP BY tool_name, hour)
        GROUP BY tool_name) AS hours ON hours.tool_name = calls.tool_name
  ORDER BY tool_name`;

test('daily summaries and tools are what the facts say, whatever comes in which order and batches', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 120 }),
      fc.constantFrom(1, 7, 200),
      async (events, batch) => {
        await warehouse.clear();
        await warehouse.take(events, { batch, rows: 40 });
        expect(await warehouse.select(daily)).toEqual(await warehouse.select(dailyOfFacts));
        expect(await warehouse.select(tools)).toEqual(await warehouse.select(toolsOfFacts));
        const [sums] = await warehouse.select<{ hourly: number; daily: number; sessions: number }>(
          `SELECT (SELECT sum(total_activity) FROM assistant.agg_hourly_activity) AS hourly,
         (SELECT sum(message_count + tool_call_count) FROM assistant.agg_daily_summary) AS daily,
         (SELECT sum(total_messages + total_tool_calls) FROM assistant.agg_session_metrics WHERE metric_type = 'overall') AS sessions`,
        );
        expect(sums).toEqual({ hourly: sums!.daily, daily: sums!.daily, sessions: sums!.daily });
        const [unjoined] = await warehouse.select(
          `SELECT countIf(date_key NOT IN (SELECT date_key FROM assistant.dim_date)) AS days,
         countIf(session_key NOT IN (SELECT session_key FROM assistant.dim_sessions)) AS sessions,
         countIf(tool_key NOT IN (SELECT tool_key FROM assistant.dim_tools)) AS tools,
         countIf(project_id NOT IN (SELECT project_id FROM assistant.dim_projects)) AS projects FROM assistant.fct_tool_calls`,
        );
        expect(unjoined).toEqual({ days: 0, sessions: 0, tools: 0, projects: 0 });
      },
    ),
    { numRuns: 12 },
  );
}, 180_000);

describe('of an empty warehouse', () => {
  test('every view can be read by the user of BI tools, with no division by zero', async () => {
    const views = await warehouse.select<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = 'assistant' AND engine = 'View'",
    );
    expect(views.length).toBeGreaterThan(20);
    const reader = warehouse.reader();
    try {
      for (const { name } of views) {
        const result = await reader.query({
          query: `SELECT * FROM assistant.${name} LIMIT 2000`,
          format: 'JSONEachRow',
        });
        expect(await result.text(), name).not.toMatch(/:\s*"?-?(nan|inf)"?[,}]/i);
      }
    } finally {
      await reader.close();
    }
  });

  test('the week has all its 168 hours, the days go from the first to today, and what is missing is null', async () => {
    const [grid] = await warehouse.select(
      'SELECT count() AS hours, uniqExact(day_of_week, hour_of_day) AS different, sum(total_activity) AS total FROM assistant.agg_hourly_activity',
    );
    expect(grid).toEqual({ hours: 168, different: 168, total: 0 });
    const [days] = await warehouse.select(
      `SELECT min(date_key) = '2024-01-01' AS first, max(date_key) = toDate(now('UTC')) AS last, count() = uniqExact(date_key) AS unique,
       count() = max(date_key) - min(date_key) + 1 AS whole, countIf(avg_session_minutes IS NOT NULL) AS averages, sum(message_count) AS messages
       FROM assistant.agg_daily_summary`,
    );
    expect(days).toEqual({ first: 1, last: 1, unique: 1, whole: 1, averages: 0, messages: 0 });
    expect(await warehouse.select('SELECT * FROM assistant.agg_session_metrics')).toEqual([]);
  });
});

test('days without an entry are there between those with one, and a day to come is added', async () => {
  const tomorrow = new Date(Date.now() + 20 * 60 * minute).toISOString();
  await warehouse.take([
    { entry_type: 'user', timestamp: '2026-03-02T10:00:00Z' },
    { entry_type: 'user', timestamp: '2026-03-05T10:00:00Z', session_id: 's2' },
    { entry_type: 'user', timestamp: tomorrow, session_id: 's3' },
  ]);
  const rows = await warehouse.select<{ date_key: string; message_count: number; has_activity: boolean }>(
    `SELECT date_key, message_count, has_activity FROM assistant.agg_daily_summary
     WHERE date_key BETWEEN '2026-03-01' AND '2026-03-06' ORDER BY date_key`,
  );
  expect(rows.map((row) => [row.message_count, row.has_activity])).toEqual([
    [0, false],
    [1, true],
    [0, false],
    [0, false],
    [1, true],
    [0, false],
  ]);
  const [last] = await warehouse.select('SELECT max(date_key) AS day FROM assistant.agg_daily_summary');
  expect(last).toEqual({ day: tomorrow.slice(0, 10) });
});

test('what the clock decides of a day', async () => {
  const rows = await warehouse.select<Record<string, unknown>>(
    `SELECT days_ago, is_today, is_yesterday, is_weekend = (day_of_week IN (0, 6)) AS weekend, date_key BETWEEN week_start AND week_end AS week,
     is_current_week = (weeks_ago = 0) AS current, date_key BETWEEN month_start AND month_end AND date_key BETWEEN quarter_start AND quarter_end AS periods
     FROM assistant.dim_date WHERE days_ago BETWEEN -1 AND 8 ORDER BY days_ago`,
  );
  expect(rows).toHaveLength(10);
  for (const row of rows) {
    expect(row).toEqual({
      days_ago: row.days_ago,
      is_today: row.days_ago === 0,
      is_yesterday: row.days_ago === 1,
      weekend: 1,
      week: 1,
      current: 1,
      periods: 1,
    });
  }
  const [leap] = await warehouse.select(
    `SELECT day_of_year, year_month, year_quarter, month_name, month_name_short, day_name, day_name_short, week_of_year, month_end, quarter_end
     FROM assistant.dim_date WHERE date_key = '2024-12-30'`,
  );
  expect(leap).toEqual({
    day_of_year: 365,
    year_month: '2024-12',
    year_quarter: '2024-Q4',
    month_name: 'December',
    month_name_short: 'Dec',
    day_name: 'Monday',
    day_name_short: 'Mon',
    week_of_year: 1,
    month_end: '2024-12-31',
    quarter_end: '2024-12-31',
  });
});

test('session metrics: each way of grouping counts every session once, and medians are of the middle', async () => {
  const sessions = [0, 30, 90, 5_000];
  await warehouse.take(
    sessions.flatMap((seconds, at) => [
      { entry_type: 'user', session_id: `s${at}`, timestamp: '2026-03-02T10:00:00Z' },
      {
        entry_type: 'assistant',
        session_id: `s${at}`,
        timestamp: new Date(Date.parse('2026-03-02T10:00:00Z') + seconds * 1000).toISOString(),
      },
    ]),
  );
  const rows = await warehouse.select<Record<string, unknown>>(
    `SELECT metric_type, metric_key, session_count, pct_of_sessions, median_duration_minutes, avg_messages_per_session, productivity_score
     FROM assistant.agg_session_metrics ORDER BY metric_type, metric_key`,
  );
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['by_activity_level', 'minimal', 4, 100, 1, 2, 0],
    ['by_duration_category', 'long', 1, 25, 5_000 / 60, 2, 0],
    ['by_duration_category', 'quick', 2, 50, 0.25, 2, 0],
    ['by_duration_category', 'short', 1, 25, 1.5, 2, 0],
    ['by_time_of_day', 'morning', 4, 100, 1, 2, 0],
    ['overall', 'all', 4, 100, 1, 2, 0],
  ]);
});

test('a day is final once it is over in the configured zone, and the allowed lateness with it; what is over all time never', async () => {
  const options = { timeZone: 'America/New_York', allowedLatenessHours: 2 };
  const days = async () =>
    (
      await warehouse.select<{ day: string; through: string | null; final: number }>(
        `SELECT toString(summary.date_key) AS day, toString(summary.complete_through) AS through, summary.is_final AND by_session.is_final AND tools.is_final AS final
         FROM assistant.agg_daily_summary AS summary
         INNER JOIN assistant.agg_activity_by_session AS by_session ON by_session.date_key = summary.date_key
         INNER JOIN assistant.agg_tools_by_session AS tools ON tools.date_key = summary.date_key
         ORDER BY day`,
      )
    ).map(({ day, through, final }) => [day, through, Boolean(final)]);
  const told = (time: string) =>
    watermarkTable(warehouse.client).write([
      { app: 'test', domain: 'assistant', stage: 'assistant.session', partition: 0, completeThrough: Date.parse(time) },
    ]);
  await warehouse.seed(options);
  try {
    await writeSettings(warehouse.client, settingsOf([assistantDomain(options)]));
    // The evening of 2 March there, the morning of 3 March in UTC; and the day after.
    await warehouse.take(
      ['2026-03-03T02:00:00Z', '2026-03-03T15:00:00Z'].map((timestamp, at) => ({
        ...{ entry_type: 'tool_use', tool_name: 'Read', tool_use_id: `final-${at}`, timestamp },
      })),
    );
    expect(await days()).toEqual([
      ['2026-03-02', null, false],
      ['2026-03-03', null, false],
    ]);
    await told('2026-03-03T06:59:59Z');
    expect((await days()).map(([, , final]) => final)).toEqual([false, false]);
    await told('2026-03-03T07:00:00Z');
    expect(await days()).toEqual([
      ['2026-03-02', '2026-03-03 07:00:00', true],
      ['2026-03-03', '2026-03-03 07:00:00', false],
    ]);
    await told('2099-01-01T00:00:00Z');
    for (const view of ['agg_hourly_activity', 'agg_session_metrics', 'agg_tool_efficiency', 'agg_code_changes']) {
      const sql = `SELECT DISTINCT toString(complete_through) AS through, is_final FROM assistant.${view}`;
      expect(await warehouse.select(sql), view).toEqual([{ through: '2099-01-01 00:00:00', is_final: false }]);
    }
  } finally {
    await warehouse.seed();
  }
});

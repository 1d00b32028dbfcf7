import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AssistantWarehouse, type Event, later, startAssistantWarehouse } from './transcripts.ts';

/** What the session says of itself, at the edges of every threshold that the document names. */
let warehouse: AssistantWarehouse;

beforeAll(async () => {
  warehouse = await startAssistantWarehouse();
});
beforeEach(() => warehouse.clear());
afterAll(() => warehouse.stop());

const start = '2026-03-02T10:00:00Z';
const message = (session_id: string, seconds: number, more: Partial<Event> = {}): Event => ({
  entry_type: 'user',
  session_id,
  timestamp: later(start, seconds),
  ...more,
});

test('a duration has its category up to the second, and the milliseconds of the last second do not round it up', async () => {
  const lengths = [0, 59, 59.999, 60, 599.999, 600, 3599.999, 3600];
  await warehouse.take(lengths.flatMap((length) => [message(`s${length}`, 0), message(`s${length}`, length)]));
  const rows = await warehouse.select<{ session_id: string; duration_seconds: number; category: string }>(
    'SELECT session_id, duration_seconds, session_duration_category AS category FROM assistant.dim_sessions',
  );
  expect(Object.fromEntries(rows.map((row) => [row.session_id, [row.duration_seconds, row.category]]))).toEqual({
    s0: [0, 'quick'],
    s59: [59, 'quick'],
    's59.999': [59, 'quick'],
    s60: [60, 'short'],
    's599.999': [599, 'short'],
    s600: [600, 'medium'],
    's3599.999': [3599, 'medium'],
    s3600: [3600, 'long'],
  });
});

test('an activity level goes by messages alone: tool entries and summaries are none', async () => {
  const counts = [0, 5, 6, 20, 21, 50, 51];
  await warehouse.take(
    counts.flatMap((count) => [
      message(`s${count}`, 1000, { entry_type: 'summary' }),
      message(`s${count}`, 999, { entry_type: 'tool_use', tool_name: 'Bash', tool_use_id: 't' }),
      ...Array.from({ length: count }, (_, at) =>
        message(`s${count}`, at, { entry_type: at % 2 ? 'assistant' : 'user' }),
      ),
    ]),
  );
  const rows = await warehouse.select<{ message_count: number; activity_level: string }>(
    'SELECT message_count, activity_level FROM assistant.dim_sessions ORDER BY message_count',
  );
  expect(rows.map((row) => [row.message_count, row.activity_level])).toEqual([
    [0, 'minimal'],
    [5, 'minimal'],
    [6, 'light'],
    [20, 'light'],
    [21, 'moderate'],
    [50, 'moderate'],
    [51, 'heavy'],
  ]);
});

test('a session that spans projects is one row, of the project with the most entries (defect of the original)', async () => {
  await warehouse.take([
    message('s1', 0, { project_id: 'zeta' }),
    message('s1', 1, { project_id: 'alpha' }),
    message('s1', 2, { project_id: 'zeta' }),
    // Of two that are level, the one that sorts first.
    message('s2', 0, { project_id: 'zeta' }),
    message('s2', 1, { project_id: 'alpha' }),
  ]);
  expect(
    await warehouse.select(
      'SELECT session_key, session_id, project_id, project_count, message_count FROM assistant.dim_sessions ORDER BY session_id',
    ),
  ).toEqual([
    { session_key: 's1', session_id: 's1', project_id: 'zeta', project_count: 2, message_count: 3 },
    { session_key: 's2', session_id: 's2', project_id: 'alpha', project_count: 2, message_count: 2 },
  ]);
  const projects = await warehouse.select<{ project_id: string; session_count: number; total_messages: number }>(
    'SELECT project_id, session_count, total_messages FROM assistant.dim_projects ORDER BY project_id',
  );
  expect(projects).toEqual([
    { project_id: 'alpha', session_count: 2, total_messages: 2 },
    { project_id: 'zeta', session_count: 2, total_messages: 3 },
  ]);
});

test('the most used tool and the most frequent task: of several, the one that sorts first, and the first configured', async () => {
  const call = (session: string, seconds: number, tool_name: string) =>
    message(session, seconds, { entry_type: 'tool_use', tool_name, tool_use_id: `t${seconds}` });
  await warehouse.take([
    call('tie', 0, 'Write'),
    call('tie', 1, 'Bash'),
    call('most', 0, 'Bash'),
    call('most', 1, 'Write'),
    call('most', 2, 'Write'),
    message('tie', 3, { content: 'please review it' }),
    message('tie', 4, { content: 'a new feature' }),
    message('none', 0, { entry_type: 'summary' }),
  ]);
  expect(
    await warehouse.select(
      `SELECT session_id, primary_tool, unique_tools_used, tool_call_count, tools_per_message, primary_task_category,
       task_category_count FROM assistant.dim_sessions ORDER BY session_id`,
    ),
  ).toEqual([
    {
      session_id: 'most',
      primary_tool: 'Write',
      unique_tools_used: 2,
      tool_call_count: 3,
      tools_per_message: null,
      primary_task_category: null,
      task_category_count: 0,
    },
    {
      session_id: 'none',
      primary_tool: null,
      unique_tools_used: 0,
      tool_call_count: 0,
      tools_per_message: null,
      primary_task_category: null,
      task_category_count: 0,
    },
    {
      session_id: 'tie',
      primary_tool: 'Bash',
      unique_tools_used: 2,
      tool_call_count: 2,
      tools_per_message: 1,
      primary_task_category: 'feature',
      task_category_count: 2,
    },
  ]);
});

test('words count whole: an address is no feature, a prefix no bug (defect of the original)', async () => {
  const contents = ['my address has a prefix', 'add it', 'a bug in the new code', 'clean up', 'What?', 'see issue 5'];
  await warehouse.take(contents.map((content, at) => message('s1', at, { content })));
  const rows = await warehouse.select<{ task_category: string }>(
    'SELECT task_category FROM assistant.fct_messages ORDER BY message_sequence',
  );
  expect(rows.map((row) => row.task_category)).toEqual(['other', 'feature', 'bug_fix', 'refactor', 'other', 'bug_fix']);
});

test('turns and responses: the role is that of the entry type (defect of the original)', async () => {
  await warehouse.take([
    message('s1', 0),
    message('s1', 2.5, { entry_type: 'assistant' }),
    message('s1', 3, { entry_type: 'assistant' }),
    message('s1', 63, {}),
    message('s1', 63, { entry_type: 'assistant', conversation_id: 'z' }),
  ]);
  const rows = await warehouse.select<Record<string, unknown>>(
    `SELECT role, turn_type, previous_role, seconds_since_previous, response_time_seconds FROM assistant.fct_messages
     ORDER BY message_sequence`,
  );
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['user', 'conversation_start', null, null, null],
    ['assistant', 'response', 'user', 2.5, 2.5],
    ['assistant', 'continuation', 'assistant', 0.5, null],
    ['user', 'follow_up', 'assistant', 60, null],
    ['assistant', 'response', 'user', 0, 0],
  ]);
  // Of the two responses one took no time: it is none for the average.
  const [session] = await warehouse.select(
    'SELECT avg_response_time_seconds, response_count FROM assistant.dim_sessions',
  );
  expect(session).toEqual({ avg_response_time_seconds: 2.5, response_count: 1 });
});

describe('the hour, the part of the day and the kind of day', () => {
  const rowsOf = () =>
    warehouse.select<{ hour: number; part: string; day: number; kind: string; date: string }>(
      `SELECT start_hour AS hour, session_time_of_day AS part, start_day_of_week AS day, session_day_type AS kind, date_key AS date
       FROM assistant.dim_sessions ORDER BY session_start`,
    );

  test('at their edges, in UTC', async () => {
    const hours = [5, 6, 11, 12, 17, 18, 21, 22];
    // 2026-02-28 is a Saturday.
    await warehouse.take(
      hours.map((hour) => message(`s${hour}`, 0, { timestamp: `2026-02-28T${String(hour).padStart(2, '0')}:59:59Z` })),
    );
    await warehouse.take([message('monday', 0, { timestamp: '2026-03-02T00:00:00Z' })]);
    const parts = ['night', 'morning', 'morning', 'afternoon', 'afternoon', 'evening', 'evening', 'night'];
    expect(await rowsOf()).toEqual([
      ...hours.map((hour, at) => ({ hour, part: parts[at], day: 6, kind: 'weekend', date: '2026-02-28' })),
      { hour: 0, part: 'night', day: 1, kind: 'weekday', date: '2026-03-02' },
    ]);
  });

  test('in the configured zone, which may be changed at any time, with half hours and across the clocks', async () => {
    await warehouse.take([message('s1', 0, { timestamp: '2026-03-01T18:45:00Z' })]);
    await warehouse.seed({ timeZone: 'Asia/Kolkata' });
    expect(await rowsOf()).toEqual([{ hour: 0, part: 'night', day: 1, kind: 'weekday', date: '2026-03-02' }]);
    const daily = await warehouse.select(
      'SELECT date_key, message_count, session_count FROM assistant.agg_daily_summary WHERE has_activity',
    );
    expect(daily).toEqual([{ date_key: '2026-03-02', message_count: 1, session_count: 1 }]);
    const hourly = await warehouse.select(
      'SELECT day_name, hour_label, total_activity, session_starts FROM assistant.agg_hourly_activity WHERE total_activity > 0',
    );
    expect(hourly).toEqual([{ day_name: 'Monday', hour_label: '00:00', total_activity: 1, session_starts: 1 }]);
    // What the server does not know is UTC, not an error in every query.
    await warehouse.seed({ timeZone: 'Mars/Olympus' });
    expect(await rowsOf()).toEqual([{ hour: 18, part: 'evening', day: 0, kind: 'weekend', date: '2026-03-01' }]);
    await warehouse.seed();
  });
});

test('a session that is left and taken up again is one session and two periods', async () => {
  await warehouse.take([message('s1', 0), message('s1', 60), message('s1', 86_400), message('s1', 86_460)]);
  const [session] = await warehouse.select(
    'SELECT duration_hours, active_seconds, period_count FROM assistant.dim_sessions',
  );
  expect(session).toEqual({ duration_hours: 86_460 / 3600, active_seconds: 120, period_count: 2 });
  expect(
    await warehouse.select(
      'SELECT date_key, duration_seconds, entry_count FROM assistant.fct_activity_periods ORDER BY started_at',
    ),
  ).toEqual([
    { date_key: '2026-03-02', duration_seconds: 60, entry_count: 2 },
    { date_key: '2026-03-03', duration_seconds: 60, entry_count: 2 },
  ]);
});

test('days since the last entry decide a project’s status, its sessions its size', async () => {
  const dayMs = 86_400_000;
  const noon = Math.floor(Date.now() / dayMs) * dayMs;
  const ages = [0, 1, 2, 7, 8, 30, 31];
  await warehouse.take(
    ages.map((age) =>
      message(`d${age}`, 0, { project_id: `p${age}`, timestamp: new Date(noon - age * dayMs).toISOString() }),
    ),
  );
  const sizes = [1, 2, 5, 6, 20, 21];
  await warehouse.take(
    sizes.flatMap((size) =>
      Array.from({ length: size }, (_, at) => message(`size${size}-${at}`, 0, { project_id: `size${size}` })),
    ),
  );
  const rows = await warehouse.select<{ id: string; status: string; size: string; days: number }>(
    'SELECT project_id AS id, activity_status AS status, project_size AS size, days_since_active AS days FROM assistant.dim_projects',
  );
  const of = (id: string) => rows.find((row) => row.id === id)!;
  expect(ages.map((age) => [of(`p${age}`).days, of(`p${age}`).status])).toEqual([
    [0, 'active_today'],
    [1, 'active_today'],
    [2, 'active_this_week'],
    [7, 'active_this_week'],
    [8, 'active_this_month'],
    [30, 'active_this_month'],
    [31, 'inactive'],
  ]);
  expect(sizes.map((size) => of(`size${size}`).size)).toEqual([
    'single_session',
    'small',
    'small',
    'medium',
    'medium',
    'large',
  ]);
});

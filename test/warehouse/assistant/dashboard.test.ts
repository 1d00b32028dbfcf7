import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Panel } from '../../../src/dashboard/contract.ts';
import { assistantPages } from '../../../src/dashboard/pages/assistant.ts';
import { migrationsFolder } from '../../../src/warehouse/migration-files.ts';
import { type AssistantWarehouse, type Event, later, startAssistantWarehouse } from './transcripts.ts';

/** Every question of the pages, asked as the page would, of a warehouse with two projects and of an empty one. */
const folder = join(migrationsFolder, 'dashboard', 'assistant');
const names = readdirSync(folder).map((file) => file.replace(/\.sql$/, ''));
const panels = assistantPages.pages.flatMap((page) => page.panels);
let warehouse: AssistantWarehouse;

beforeAll(async () => {
  warehouse = await startAssistantWarehouse();
});
afterAll(() => warehouse.stop());

const all = { from: '2026-03-01', to: '2026-03-31', project: [] as string[], activity: [] as string[] };
type Row = Record<string, unknown>;

async function ask(name: string, asked: Partial<typeof all> = {}): Promise<Row[]> {
  const reader = warehouse.reader();
  try {
    const query = readFileSync(join(folder, `${name}.sql`), 'utf8');
    const query_params = { ...all, ...asked };
    const result = await reader.query({
      query,
      query_params,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return (await result.json()) as Row[];
  } finally {
    await reader.close();
  }
}

function columnsOf(panel: Panel): string[] {
  switch (panel.kind) {
    case 'figures':
      return panel.figures.map(({ column }) => column);
    case 'table':
      return panel.columns.map(({ column }) => column);
    case 'grid':
      return [panel.x.column, panel.y.column, panel.value.column];
    case 'graph':
      return ['source', 'target'];
    default:
      return [panel.x.column, ...panel.y.map(({ column }) => column)];
  }
}

test('every question has its file, and every file is asked', () => {
  const asked = [...panels.map(({ query }) => query), ...assistantPages.filters.map(({ query }) => query), 'days'];
  expect([...new Set(asked)].sort()).toEqual([...names].sort());
});

test('the twelve questions of the document are there', () => {
  const titles = panels.map(({ title }) => title);
  expect(titles).toEqual(
    expect.arrayContaining([
      'Sessions over time',
      'Average session duration',
      'Messages per session',
      'Active coding hours',
      'Tool usage distribution',
      'Tool usage by category',
      'Tool efficiency ranking',
      'Average tool execution time',
      'Activity by project',
      'Project activity status',
      'Code changes over time',
      'File type distribution',
    ]),
  );
});

test('of an empty warehouse every question has an answer, without a division by zero', async () => {
  await warehouse.clear();
  for (const name of names) {
    const rows = await ask(name);
    expect(JSON.stringify(rows), name).not.toMatch(/nan|inf/i);
    if (name === 'days') expect(rows).toEqual([]);
  }
  expect(await ask('active-hours')).toHaveLength(168);
  // Days are filled between the first and the last that have something.
  expect(await ask('sessions-by-day')).toHaveLength(0);
});

describe('of two projects', () => {
  const start = '2026-03-02T10:00:00Z';
  const events: Event[] = [
    // Project one: a session of 6 messages (light) with two calls; project two: one message (minimal) and a failed call.
    ...Array.from(
      { length: 6 },
      (_, at): Event => ({
        entry_type: at % 2 ? 'assistant' : 'user',
        session_id: 's1',
        project_id: 'one',
        timestamp: later(start, at * 60),
        content: 'fix the bug',
      }),
    ),
    {
      entry_type: 'tool_use',
      session_id: 's1',
      project_id: 'one',
      timestamp: later(start, 10),
      tool_name: 'Edit',
      tool_use_id: 'a',
      tool_input: { file_path: 'a.ts' },
    },
    { entry_type: 'tool_result', session_id: 's1', project_id: 'one', timestamp: later(start, 12), tool_use_id: 'a' },
    {
      entry_type: 'tool_use',
      session_id: 's1',
      project_id: 'one',
      timestamp: later(start, 20),
      tool_name: 'Bash',
      tool_use_id: 'b',
    },
    { entry_type: 'user', session_id: 's2', project_id: 'two', timestamp: later(start, 86_400), content: 'hello' },
    {
      entry_type: 'tool_use',
      session_id: 's2',
      project_id: 'two',
      timestamp: later(start, 86_401),
      tool_name: 'Bash',
      tool_use_id: 'c',
    },
    {
      entry_type: 'tool_result',
      session_id: 's2',
      project_id: 'two',
      timestamp: later(start, 86_405),
      tool_use_id: 'c',
      is_error: true,
    },
  ];

  beforeAll(async () => {
    await warehouse.clear();
    await warehouse.take(events);
  });

  test.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s has the columns that it shows',
    async (_title, panel) => {
      const [row] = await ask(panel.query);
      expect(Object.keys(row!)).toEqual(expect.arrayContaining(columnsOf(panel)));
    },
  );

  test('the figures are those of the events', async () => {
    expect(await ask('days')).toEqual([{ first: '2026-03-02', last: '2026-03-03' }]);
    expect(await ask('projects')).toEqual(['one', 'two'].map((value) => ({ value, label: value })));
    expect((await ask('productivity'))[0]).toMatchObject({
      sessions: 2,
      messages: 7,
      tool_calls: 3,
      avg_messages_per_session: 3.5,
      avg_response_seconds: 60,
    });
    expect((await ask('tools'))[0]).toEqual({
      total_calls: 3,
      tools: 2,
      sessions: 2,
      success_rate_pct: 50,
      avg_execution_seconds: 3,
    });
    expect(await ask('tool-usage-by-category')).toEqual([
      { tool_category: 'shell', total_calls: 2 },
      { tool_category: 'file_op', total_calls: 1 },
    ]);
    expect(await ask('tasks')).toEqual([
      { task_category: 'bug_fix', sessions: 1 },
      { task_category: 'other', sessions: 1 },
    ]);
    expect(await ask('project-activity')).toEqual([
      { project_id: 'one', total_messages: 6 },
      { project_id: 'two', total_messages: 1 },
    ]);
    expect(await ask('file-types')).toEqual([{ file_type: 'javascript', total_operations: 1 }]);
    const hours = (await ask('active-hours')).filter((row) => row.total_activity !== 0);
    expect(hours).toEqual([
      { day_name: 'Monday', hour_of_day: '10', total_activity: 8 },
      { day_name: 'Tuesday', hour_of_day: '10', total_activity: 2 },
    ]);
  });

  test('filters narrow them: days, project, activity level', async () => {
    expect((await ask('productivity', { to: '2026-03-02' }))[0]).toMatchObject({ sessions: 1, messages: 6 });
    expect((await ask('tools', { project: ['two'] }))[0]).toMatchObject({ total_calls: 1, success_rate_pct: 0 });
    expect((await ask('tools', { activity: ['light'] }))[0]).toMatchObject({ total_calls: 2, success_rate_pct: 100 });
    expect((await ask('tools', { activity: ['heavy'] }))[0]).toMatchObject({ total_calls: 0, success_rate_pct: null });
    expect(await ask('project-activity', { activity: ['minimal', 'heavy'] })).toEqual([
      { project_id: 'two', total_messages: 1 },
    ]);
    expect(await ask('project-status', { project: ['one'] })).toMatchObject([{ projects: 1 }]);
    const days = await ask('sessions-by-day', { project: ['one'] });
    expect(days).toEqual([{ date_key: '2026-03-02', session_count: 1 }]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assistantDomain } from '../../../src/processors/assistant/domain.ts';
import { toolCategories } from '../../../src/processors/assistant/seeds.ts';
import { loadSeeds, missingSeeds } from '../../../src/warehouse/seeds/load.ts';
import { type AssistantWarehouse, type Event, later, startAssistantWarehouse } from './transcripts.ts';

let warehouse: AssistantWarehouse;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'parley-seeds-'));
  warehouse = await startAssistantWarehouse();
});
beforeEach(() => warehouse.clear());
afterAll(async () => {
  await warehouse.stop();
  rmSync(dir, { recursive: true, force: true });
});

const start = '2026-03-02T10:00:00Z';
const call = (tool_name: string, id: string, seconds = 0, more: Partial<Event> = {}): Event => ({
  entry_type: 'tool_use',
  conversation_id: `call-${id}`,
  tool_name,
  tool_use_id: id,
  timestamp: later(start, seconds),
  ...more,
});
const result = (id: string, seconds: number, more: Partial<Event> = {}): Event => ({
  entry_type: 'tool_result',
  conversation_id: `result-${id}`,
  tool_use_id: id,
  timestamp: later(start, seconds),
  ...more,
});

describe('a result belongs to the tool of its call (defect of the original)', () => {
  test('durations and successes are measured, and results that name no tool are not those of unknown', async () => {
    await warehouse.take([
      call('Bash', 'a', 0),
      call('Read', 'b', 1),
      result('b', 2),
      result('a', 5, { is_error: true }),
      call('Bash', 'c', 10),
      result('c', 11),
      call('Bash', 'open', 20),
    ]);
    const rows = await warehouse.select<Record<string, unknown>>(
      `SELECT tool_call_key, tool_key, is_invocation, is_result, tool_sequence, tool_category, duration_ms,
       estimated_execution_seconds, is_success, is_error FROM assistant.fct_tool_calls ORDER BY tool_sequence`,
    );
    const [yes, no] = [true, false];
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['s1/call-a', 'Bash', yes, no, 1, 'shell', 5000, 5, no, no],
      ['s1/call-b', 'Read', yes, no, 2, 'file_op', 1000, 1, yes, no],
      ['s1/result-b', 'Read', no, yes, 3, 'file_op', null, null, null, no],
      ['s1/result-a', 'Bash', no, yes, 4, 'shell', null, null, null, yes],
      ['s1/call-c', 'Bash', yes, no, 5, 'shell', 1000, 1, yes, no],
      ['s1/result-c', 'Bash', no, yes, 6, 'shell', null, null, null, no],
      ['s1/call-open', 'Bash', yes, no, 7, 'shell', null, null, null, no],
    ]);
    const tools = await warehouse.select<Record<string, unknown>>(
      `SELECT tool_name, invocations, results, completion_rate_pct, success_rate_pct, avg_execution_seconds,
       median_execution_seconds, max_execution_seconds, peak_hour, peak_hour_calls
       FROM assistant.agg_tool_efficiency ORDER BY tool_name`,
    );
    expect(tools.map((row) => Object.values(row))).toEqual([
      ['Bash', 3, 2, 200 / 3, 50, 3, 1, 5, 10, 3],
      ['Read', 1, 1, 100, 100, 1, 1, 1, 10, 1],
    ]);
  });

  test('also when the result comes first: nothing of the result without a call remains', async () => {
    await warehouse.take([result('a', 5)]);
    expect(await warehouse.select('SELECT tool_name, is_result FROM assistant.fct_tool_calls')).toEqual([
      { tool_name: 'unknown', is_result: true },
    ]);
    expect(await warehouse.select('SELECT * FROM assistant.agg_tool_efficiency')).toEqual([]);
    await warehouse.clear();
    await warehouse.take([result('a', 5), call('Bash', 'a', 0)], { batch: 1 });
    expect(
      await warehouse.select('SELECT tool_name, result_count FROM assistant.dim_tools WHERE result_count > 0'),
    ).toEqual([{ tool_name: 'Bash', result_count: 1 }]);
    expect(
      await warehouse.select('SELECT tool_name, max_execution_seconds AS s FROM assistant.agg_tool_efficiency'),
    ).toEqual([{ tool_name: 'Bash', s: 5 }]);
  });
});

test('usage tiers at their edges, ranks that equal ones share, tools that were never called', async () => {
  const calls = (tool: string, count: number) =>
    Array.from({ length: count }, (_, at) => call(tool, `${tool}-${at}`, at));
  await warehouse.take([
    ...calls('Read', 10),
    ...calls('Write', 11),
    ...calls('Edit', 100),
    ...calls('Bash', 101),
    ...calls('Glob', 10),
    ...calls('Mine', 1001),
    ...calls('Task', 1000),
  ]);
  const rows = await warehouse.select<{ tool_name: string; tier: string; rank: number; total: number }>(
    `SELECT tool_name, usage_tier AS tier, popularity_rank AS rank, total_calls AS total FROM assistant.dim_tools
     ORDER BY rank, tool_name`,
  );
  expect(rows.slice(0, 7).map(({ tool_name, tier, rank }) => [tool_name, tier, rank])).toEqual([
    ['Mine', 'heavy', 1],
    ['Task', 'frequent', 2],
    ['Bash', 'frequent', 3],
    ['Edit', 'occasional', 4],
    ['Write', 'occasional', 5],
    ['Glob', 'rare', 6],
    ['Read', 'rare', 6],
  ]);
  const unused = rows.slice(7);
  expect(unused.length).toBeGreaterThan(20);
  expect(new Set(unused.map(({ tier, rank, total }) => `${tier} ${rank} ${total}`))).toEqual(new Set(['unused 8 0']));
  const shares = await warehouse.select<Record<string, unknown>>(
    `SELECT tool_name, tool_category, category_total_calls AS total, pct_of_category AS pct
     FROM assistant.agg_tool_efficiency WHERE tool_category IN ('file_op', 'unknown') ORDER BY popularity_rank`,
  );
  expect(shares.map((row) => Object.values(row))).toEqual([
    ['Mine', 'unknown', 1001, 100],
    ['Edit', 'file_op', 121, (100 * 100) / 121],
    ['Write', 'file_op', 121, (11 * 100) / 121],
    ['Read', 'file_op', 121, (10 * 100) / 121],
  ]);
});

describe('categories', () => {
  const write = (text: string) => writeFileSync(join(dir, 'tool_categories.csv'), `tool_name,tool_category\n${text}`);
  const categories = () =>
    warehouse.select<Record<string, unknown>>(
      `SELECT tool_name, tool_category, is_file_operation AS file, is_search_operation AS search, is_shell_command AS shell
       FROM assistant.fct_tool_calls ORDER BY tool_name`,
    );

  test('change with the seed at once, without a fact being written', async () => {
    await warehouse.take([call('Read', 'a'), call('Mine', 'b'), call('mcp__github__search', 'c'), call('Bash', 'd')]);
    const [yes, no] = [true, false];
    expect((await categories()).map((row) => Object.values(row))).toEqual([
      ['Bash', 'shell', no, no, yes],
      ['Mine', 'unknown', no, no, no],
      ['Read', 'file_op', yes, no, no],
      ['mcp__github__search', 'network', no, no, no],
    ]);
    // A longer pattern before a shorter one, a whole name before both; a category says what calls count as.
    write('Mine,file_op\nmcp__*,network\nmcp__github__*,search\nRead,reading\nBa*,other\nBash,shell\n');
    await warehouse.seed({}, dir);
    expect((await categories()).map((row) => Object.values(row))).toEqual([
      ['Bash', 'shell', no, no, yes],
      ['Mine', 'file_op', yes, no, no],
      ['Read', 'reading', no, no, no],
      ['mcp__github__search', 'search', no, yes, no],
    ]);
    const [day] = await warehouse.select(
      'SELECT file_operations, search_operations, shell_commands FROM assistant.agg_daily_summary WHERE has_activity',
    );
    expect(day).toEqual({ file_operations: 1, search_operations: 1, shell_commands: 1 });
    expect(await warehouse.select('SELECT tool_name, operation_type FROM assistant.fct_file_ops')).toEqual([
      { tool_name: 'Mine', operation_type: 'other' },
    ]);
    await warehouse.seed();
  });

  test('a person’s own stay when Parley starts again with the shipped ones, and go when they are asked to', async () => {
    write('Bash,own\n');
    const domains = [assistantDomain()];
    const load = (more: { dir?: string; isReset?: boolean } = {}) => loadSeeds(warehouse.client, { domains, ...more });
    expect(await load({ dir })).toMatchObject([
      { seed: 'tool_categories', origin: 'folder', rows: 1, isChanged: true },
      { seed: 'variables', origin: 'configuration', rows: 3, isChanged: false },
    ]);
    expect(await load({ dir })).toMatchObject([{ isChanged: false }, { isChanged: false }]);
    const more = { name: 'assistant', seeds: [...(domains[0]!.seeds ?? []), { ...toolCategories, name: 'more' }] };
    expect(await missingSeeds(warehouse.client, domains)).toEqual([]);
    expect(await missingSeeds(warehouse.client, [more])).toEqual(['assistant.more']);
    expect(await load()).toMatchObject([{ origin: 'folder', isChanged: false }, {}]);
    expect(await warehouse.select('SELECT tool_category FROM assistant.tool_categories')).toEqual([
      { tool_category: 'own' },
    ]);
    write('Bash\n');
    await expect(load({ dir })).rejects.toMatchObject({ code: 'PARLEY_SEED_INVALID' });
    expect(await warehouse.select('SELECT count() AS n FROM assistant.tool_categories')).toEqual([{ n: 1 }]);
    expect(await load({ isReset: true })).toMatchObject([{ origin: 'shipped', isChanged: true }, {}]);
    const reader = warehouse.reader();
    try {
      const sql = `SELECT dictGet('assistant.tool_category', 'tool_category', tuple(arrayJoin(['Bash', 'Nobody']))) AS c`;
      const rows = await (await reader.query({ query: sql, format: 'JSONEachRow' })).json();
      expect(rows).toEqual([{ c: 'shell' }, { c: 'unknown' }]);
    } finally {
      await reader.close();
    }
  });
});

test('a seed is never seen half loaded', async () => {
  const domains = [assistantDomain()];
  const files = ['A,one\nB,one\n', 'A,two\nB,two\nC,two\n'];
  let isDone = false;
  const seen = new Set<string>();
  const watch = async () => {
    while (!isDone) {
      const [row] = await warehouse.select<{ seen: string }>(
        "SELECT arrayStringConcat(arraySort(groupArray(concat(tool_name, tool_category))), ' ') AS seen FROM assistant.tool_categories",
      );
      seen.add(row!.seen);
    }
  };
  const watching = watch();
  for (let round = 0; round < 20; round++) {
    writeFileSync(join(dir, 'tool_categories.csv'), `tool_name,tool_category\n${files[round % 2]}`);
    await loadSeeds(warehouse.client, { domains, dir });
  }
  isDone = true;
  await watching;
  const whole = ['Aone Bone', 'Atwo Btwo Ctwo'];
  expect([...seen].filter((one) => one.length < 20).sort()).toEqual(whole);
  await warehouse.seed();
});

test('code changes: percentages, files, and the twenty extensions with the most operations', async () => {
  const paths = Array.from({ length: 22 }, (_, at) => `src/f.x${String(at).padStart(2, '0')}`);
  await warehouse.take([
    ...paths.map((file_path, at) => call('Read', `r${at}`, at, { tool_input: { file_path } })),
    call('Edit', 'e', 100, { tool_input: { file_path: 'src/f.x21' } }),
    call('MultiEdit', 'm', 101, { tool_input: { file_path: 'src/f.x21' } }),
    call('Write', 'w', 102, { tool_input: { file_path: 'Makefile' }, session_id: 's2', project_id: 'p2' }),
    call('NotebookEdit', 'n', 103, { tool_input: { notebook_path: 'a/b.ipynb' } }),
    call('Write', 'x', 104),
    call('Bash', 'b', 105, { tool_input: { command: 'ls' } }),
    result('w', 110, { session_id: 's2', is_error: true }),
  ]);
  const [overall] = await warehouse.select(
    `SELECT aggregation_key, total_operations, read_count, write_count, edit_count, other_count, read_pct, write_pct, edit_pct,
     unique_files, sessions, projects, failed_operations FROM assistant.agg_code_changes WHERE aggregation_level = 'overall'`,
  );
  expect(overall).toEqual({
    aggregation_key: 'all',
    total_operations: 27,
    read_count: 22,
    write_count: 2,
    edit_count: 2,
    other_count: 1,
    read_pct: 2200 / 27,
    write_pct: 200 / 27,
    edit_pct: 200 / 27,
    unique_files: 24,
    sessions: 2,
    projects: 2,
    failed_operations: 1,
  });
  const extensions = await warehouse.select<{ key: string; total: number }>(
    `SELECT aggregation_key AS key, total_operations AS total FROM assistant.agg_code_changes
     WHERE aggregation_level = 'by_extension' ORDER BY total DESC, key`,
  );
  expect(extensions).toHaveLength(20);
  expect(extensions.slice(0, 3)).toEqual([
    { key: 'x21', total: 3 },
    { key: '(none)', total: 2 },
    { key: 'ipynb', total: 1 },
  ]);
  const types = await warehouse.select<{ key: string; total: number }>(
    `SELECT aggregation_key AS key, total_operations AS total FROM assistant.agg_code_changes
     WHERE aggregation_level = 'by_operation_type' ORDER BY key`,
  );
  expect(types).toEqual([
    { key: 'edit', total: 1 },
    { key: 'multi_edit', total: 1 },
    { key: 'other', total: 1 },
    { key: 'read', total: 22 },
    { key: 'write', total: 2 },
  ]);
  const [day] = await warehouse.select(
    'SELECT file_operation_count, file_reads, file_writes, file_edits, unique_files_touched FROM assistant.agg_daily_summary WHERE has_activity',
  );
  expect(day).toEqual({
    file_operation_count: 27,
    file_reads: 22,
    file_writes: 2,
    file_edits: 2,
    unique_files_touched: 24,
  });
  expect(await warehouse.select('SELECT count() AS n FROM assistant.fct_file_operations')).toEqual([{ n: 27 }]);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assistantDomain } from '../src/processors/assistant/domain.ts';
import { type ClickHouseClient, connect } from '../src/warehouse/client.ts';
import { startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { insertSettings } from '../src/warehouse/insert-settings.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { loadSeeds } from '../src/warehouse/seeds/load.ts';

/**
 * How long the assistant's views take, each read whole: `npm run bench:assistant-views -- [entries]`, 1,000,000 by default. The rows
 * are made by ClickHouse itself, in batches of 50,000 as the delivery sends them: sessions of 50 entries over half a year,
 * of which 15 are calls of 10 tools, with durations spread evenly up to 30 seconds (the worst case for exact medians).
 */
const entries = Number(process.argv[2] ?? 1_000_000);
const batchRows = 50_000;
const rounds = 5;
const views = [
  ...['agg_daily_summary', 'agg_hourly_activity', 'agg_session_metrics', 'agg_tool_efficiency', 'agg_code_changes'],
  ...['dim_date', 'dim_sessions', 'dim_projects', 'dim_tools', 'fct_messages', 'fct_tool_calls', 'fct_file_operations'],
];

const rowsOf = `(
  SELECT number AS n, {batch:UInt32} * 1000 + intDiv(n, 50) AS s, n % 50 AS p,
    concat('session-', toString(cityHash64(s)), '-', toString(s)) AS session_id, concat('project-', toString(s % 40)) AS project_id,
    toDateTime64('2026-05-20 00:00:00', 3, 'UTC') + toIntervalSecond(cityHash64(s) % 15552000) + toIntervalSecond(p * (10 + s % 60)) AS t,
    ['user', 'assistant', 'tool_use', 'tool_result', 'assistant', 'tool_use', 'tool_result', 'tool_use', 'tool_result', 'system'][p % 10 + 1] AS kind,
    ['Read', 'Edit', 'Bash', 'Grep', 'Glob', 'Write', 'WebSearch', 'TodoWrite', 'Task', 'mcp__git__log'][1 + cityHash64(s, p) % 10] AS tool,
    concat('e', toString(s), '-', toString(p)) AS id
  FROM numbers(${batchRows}))`;

const inserts = [
  `INSERT INTO assistant.landing_entries (conversation_id, session_id, project_id, entry_type, effective_timestamp, content_length,
     task_category, has_code_block, is_question, message_sequence, turn_type, response_time_ms, tool_name, tool_sequence, sign, row_version)
   SELECT id, session_id, project_id, kind, t, 100 + p, if(kind IN ('user', 'assistant'), ['bug_fix', 'feature', 'other'][1 + n % 3], ''),
     kind = 'assistant' AND n % 7 = 0, kind = 'user' AND n % 5 = 0, p, if(kind = 'assistant', 'response', 'follow_up'), if(p % 10 = 1, 12345, NULL),
     if(kind = 'tool_use', tool, ''), p, 1, {batch:UInt32} FROM ${rowsOf}`,
  `INSERT INTO assistant.landing_tool_calls (tool_call_id, session_id, project_id, tool_use_id, tool_name, call_conversation_id,
     result_conversation_id, occurred_at, called_at, returned_at, duration_ms, is_success, input_length, file_path, file_extension,
     file_type_category, sign, row_version)
   SELECT id, session_id, project_id, id, tool, id, concat('e', toString(s), '-', toString(p + 1)), t, t, t, cityHash64(id) % 30000,
     cityHash64(id) % 20 != 0, 100, if(tool IN ('Read', 'Edit', 'Write'), concat('/src/file', toString(cityHash64(n, s) % 400), '.ts'), '') AS path,
     if(path = '', '', 'ts'), if(path = '', '', 'javascript'), 1, {batch:UInt32} FROM ${rowsOf} WHERE kind = 'tool_use'`,
  `INSERT INTO assistant.landing_sessions (session_id, project_id, project_count, session_start, session_end, total_entries,
     user_message_count, assistant_message_count, total_content_length, response_count, total_response_ms, tool_invocations,
     tool_results, unique_tools_used, primary_tool, primary_task_category, task_category_count, period_count, active_ms, sign, row_version)
   SELECT session_id, any(project_id), 1, min(t), max(t), count(), countIf(kind = 'user'), countIf(kind = 'assistant') + s % 60, 1000, 5, 61725,
     15, 15, 8, 'Read', 'bug_fix', 3, 1, 100000, 1, {batch:UInt32} FROM ${rowsOf} GROUP BY session_id, s`,
];

const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
const client = connect(server);
try {
  await migrate(client);
  await loadSeeds(client, { domains: [assistantDomain()] });
  for (let batch = 0; batch * batchRows < entries; batch++) {
    for (const query of inserts) {
      await client.command({ query, query_params: { batch }, clickhouse_settings: { ...insertSettings } });
    }
  }
  for (const view of views) console.log(`${view.padEnd(20)} ${await medianMs(client, view)} ms`);
} finally {
  await client.close();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function medianMs(client: ClickHouseClient, view: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await client.command({ query: `SELECT * FROM assistant.${view} FORMAT Null` });
    times.push(performance.now() - start);
  }
  return Math.round(times.sort((left, right) => left - right)[Math.floor(rounds / 2)]!);
}

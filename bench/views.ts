import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type ClickHouseClient, connect, queryRows } from '../src/warehouse/client.ts';
import { READER, startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { machine } from './support/machine.ts';
import { quantile, round } from './support/statistics.ts';
import { type ViewQuery, viewQueries } from './support/view-queries.ts';

/**
 * How long the questions of dashboards and BI tools take, as the user `bi`, on a warehouse that a replay has filled: the
 * first run after the server has started, then the median and the longest of some more. It migrates the folder.
 *
 *     npm run bench:views -- --data-dir DIR [--runs 7] [--only WORDS] [--json FILE]
 */
const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    runs: { type: 'string', default: '7' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const dataDir = values['data-dir'];
if (dataDir === undefined) throw new Error('--data-dir DIR: a folder that `parley replay` has filled');

interface Answer {
  readonly elapsedMs: number;
  readonly rowsRead: number;
  readonly rows: number;
}

async function ask(client: ClickHouseClient, sql: string, parameters: Record<string, string>): Promise<Answer> {
  const startedAt = performance.now();
  const answer = await client.query({ query: sql, query_params: parameters, format: 'JSONCompactEachRow' });
  const text = await answer.text();
  const elapsedMs = performance.now() - startedAt;
  const summary = JSON.parse(String(answer.response_headers['x-clickhouse-summary'] ?? '{}')) as { read_rows?: string };
  return { elapsedMs, rowsRead: Number(summary.read_rows ?? 0), rows: text.split('\n').length - 1 };
}

async function measure(client: ClickHouseClient, { name, sql }: ViewQuery, parameters: Record<string, string>) {
  const first = await ask(client, sql, parameters);
  const times: number[] = [];
  for (let run = 0; run < Number(values.runs); run++) times.push((await ask(client, sql, parameters)).elapsedMs);
  return {
    name,
    firstMs: round(first.elapsedMs),
    p50Ms: round(quantile(times, 0.5) ?? 0),
    maxMs: round(quantile(times, 1) ?? 0),
    rowsRead: first.rowsRead,
    rows: first.rows,
  };
}

const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
const writer = connect(server);
const client = connect({ url: server.url, username: READER, password: '' });
try {
  await migrate(writer);
  const [facts] = await queryRows<{ messages: number; last: string; clinic: string; conversation: string }>(
    writer,
    `SELECT count() AS messages, toString(toDate(max(message_timestamp))) AS last, topK(1)(clinic_code)[1] AS clinic,
            any(conversation_id) AS conversation
     FROM conversations.landing_messages WHERE sign = 1`,
  );
  const { last = '', clinic = '', conversation = '' } = facts ?? {};
  const table = new Table({
    head: ['question', 'first ms', 'p50 ms', 'max ms', 'rows read', 'rows'],
    style: { head: [] },
  });
  const results = [];
  for (const query of viewQueries.filter(({ name }) => name.includes(values.only))) {
    const result = await measure(client, query, { last, clinic, conversation });
    results.push(result);
    table.push(Object.values(result).map((value) => value.toLocaleString('en')));
  }
  process.stdout.write(`${table.toString()}\n`);
  const result = { machine: machine(), messages: facts?.messages, runs: Number(values.runs), queries: results };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  await client.close();
  await writer.close();
  await server.stop();
}

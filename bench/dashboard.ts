import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { connect, queryRows } from '../src/warehouse/client.ts';
import { DashboardReader } from '../src/warehouse/dashboard-reader.ts';
import { readDashboardQueries } from '../src/warehouse/dashboard-sql.ts';
import { READER, startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { machine } from './support/machine.ts';
import { quantile, round } from './support/statistics.ts';

/**
 * How long each question of the dashboard takes, asked of the warehouse as the dashboard asks it (user `bi`, no answer
 * kept), on a folder that a replay has filled: all days, the last 30, and all days of the largest clinic. It migrates the
 * folder.
 *
 *     npm run bench:dashboard -- --data-dir DIR [--domain conversations] [--runs 5] [--only WORDS] [--json FILE]
 */
const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    domain: { type: 'string', default: 'conversations' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
});
const { 'data-dir': dataDir, domain } = values;
if (dataDir === undefined) throw new Error('--data-dir DIR: a folder that `parley replay` has filled');
const aimMs = 200;
const dayMs = 86_400_000;

const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
const writer = connect(server);
const reader = new DashboardReader({ url: server.url, username: READER, password: '' });
try {
  await migrate(writer);
  const span = await reader.days(domain);
  if (span === null) throw new Error(`${domain} has no days`);
  const from = new Date(Date.parse(span.last) - 29 * dayMs).toISOString().slice(0, 10);
  const choices: Record<string, Record<string, string | string[]>> = {
    'all days': { from: span.first, to: span.last },
    'last 30 days': { from, to: span.last },
  };
  if (domain === 'conversations') {
    const sql = 'SELECT topK(1)(clinic_code)[1] AS clinic, count() AS messages FROM conversations.landing_messages';
    const [{ clinic, messages } = { clinic: '', messages: 0 }] = await queryRows<{ clinic: string; messages: number }>(
      writer,
      sql,
    );
    choices['one clinic'] = { from: span.first, to: span.last, clinic: [clinic] };
    process.stdout.write(`${messages.toLocaleString('en')} rows of messages, ${span.first} to ${span.last}\n`);
  }
  const results = [];
  const queries = [...readDashboardQueries().values()].filter((query) => query.domain === domain);
  for (const query of queries.filter(({ name }) => name.includes(values.only))) {
    for (const [choice, chosen] of Object.entries(choices)) {
      const times: number[] = [];
      for (let run = 0; run <= Number(values.runs); run++) {
        const startedAt = performance.now();
        await reader.ask(query, chosen);
        times.push(performance.now() - startedAt);
      }
      const [firstMs = 0, ...others] = times;
      const p50Ms = round(quantile(others, 0.5) ?? 0);
      results.push({ query: query.name, choice, firstMs: round(firstMs), p50Ms, maxMs: round(Math.max(...others)) });
    }
  }
  const slow = results.filter(({ p50Ms }) => p50Ms >= aimMs);
  const table = new Table({ head: ['question', 'choice', 'first ms', 'p50 ms', 'max ms'], style: { head: [] } });
  for (const result of results.sort((left, right) => right.p50Ms - left.p50Ms).slice(0, 20)) {
    table.push(Object.values(result));
  }
  process.stdout.write(`${table.toString()}\n`);
  process.stdout.write(`${results.length} asked, ${slow.length} with a median of ${aimMs} ms or more\n`);
  if (values.json !== undefined) {
    const report = { machine: machine(), domain, span, runs: Number(values.runs), questions: results };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
} finally {
  await reader.close();
  await writer.close();
  await server.stop();
}

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { floors } from './support/floors.ts';
import { machineLine } from './support/machine.ts';
import { replayWatched, runParley } from './support/replay.ts';

/**
 * From files to every aggregate in ClickHouse, by the program that people run, seen from outside: messages a second,
 * CPU seconds of the processor and of ClickHouse, memory, and whether it slows down. Beside it, in the same run, the
 * floors: parsing the same lines, inserting the same rows.
 *
 *     npm run bench -- [--messages 5000000] [--conversations 500000] [--dir FOLDER] [--json FILE]
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000000' },
    conversations: { type: 'string' },
    dir: { type: 'string', default: join(tmpdir(), 'parley-bench') },
    json: { type: 'string' },
  },
});
const messages = Number(values.messages);
const conversations = Number(values.conversations ?? messages / 10);

async function generate(folder: string): Promise<void> {
  const done = join(folder, 'done');
  if (existsSync(done)) return;
  rmSync(folder, { recursive: true, force: true });
  const sizes = ['--messages', `${messages}`, '--conversations', `${conversations}`];
  await runParley(['generate', ...sizes, '--topics', 'messages,clinics', '--out', folder]);
  writeFileSync(done, '');
}

async function query<Row>(dataDir: string, sql: string): Promise<Row[]> {
  const answer = await runParley(['query', sql, '--data-dir', dataDir, '--format', 'JSON']);
  return (JSON.parse(answer) as { data: Row[] }).data;
}

/** Messages a second in each million, by the times at which batches were committed. */
async function millions(dataDir: string): Promise<number[]> {
  const runs = await query<{ finished: string; started: string; events: string }>(
    dataDir,
    `SELECT toUnixTimestamp64Milli(started_at) AS started, toUnixTimestamp64Milli(finished_at) AS finished, events
     FROM orchestrator.runs WHERE stage = 'conversations.conversation' ORDER BY plan`,
  );
  const rates: number[] = [];
  let events = 0;
  let from = Number(runs[0]?.started);
  let done = 0;
  for (const each of runs) {
    events += Number(each.events);
    if (events - done < 1_000_000) continue;
    rates.push(Math.round(((events - done) / (Number(each.finished) - from)) * 1000));
    from = Number(each.finished);
    done = events;
  }
  return rates;
}

const folder = join(values.dir, `${messages}-${conversations}`);
const events = join(folder, 'events');
const dataDir = join(folder, 'data');
console.log(`${messages} messages over ${conversations} conversations in ${folder}`);
await generate(events);
const result = await replayWatched(events, dataDir);
const rates = await millions(dataDir);
const [counted] = await query<{ messages: string; aggregated: string }>(
  dataDir,
  `SELECT (SELECT count() FROM conversations.fact_messages) AS messages,
          (SELECT sum(messages) FROM conversations.agg_engagement_daily) AS aggregated`,
);
if (Number(counted?.messages) !== messages || Number(counted?.aggregated) !== messages) {
  throw new Error(`Expected ${messages} messages everywhere, received ${JSON.stringify(counted)}`);
}
const floor = await floors(join(events, 'conversations.messages.ndjson'), dataDir);
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: machineLine(),
  node: process.version,
  messages,
  conversations,
  messagesPerSecond: Math.round(messages / (result.summary.elapsedMs / 1000)),
  wallSecondsWithStartAndStop: round(result.wallSeconds),
  perMillion: rates,
  lastAgainstFirstMillion: rates.length > 1 ? round(rates.at(-1)! / rates[0]!) : null,
  processorCpuSecondsPerMillion: round((result.processorCpu / messages) * 1e6),
  messagesPerProcessorCpuSecond: Math.round(messages / result.processorCpu),
  clickhouseCpuSecondsPerMillion: round((result.serverCpu / messages) * 1e6),
  processorPeakMemoryMb: Math.round(result.processorMemory / 1e6),
  clickhousePeakMemoryMb: Math.round(result.serverMemory / 1e6),
  floors: floor,
};
console.log(JSON.stringify(report, null, 2));
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

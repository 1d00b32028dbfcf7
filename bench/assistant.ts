import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineLine } from './support/machine.ts';
import { replayWatched, runParley } from './support/replay.ts';

/**
 * Transcripts from files to ClickHouse, by the program that people run, seen from outside: entries a second, CPU seconds
 * of the processor and of ClickHouse, memory. Some entries come late and some twice, as `parley generate` makes them.
 *
 *     npm run bench:assistant -- [--entries 1000000] [--sessions 10000] [--dir FOLDER] [--json FILE]
 */
const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    sessions: { type: 'string' },
    dir: { type: 'string', default: join(tmpdir(), 'parley-bench') },
    json: { type: 'string' },
  },
});
const entries = Number(values.entries);
const sessions = Number(values.sessions ?? Math.ceil(entries / 100));
const folder = join(values.dir, `assistant-${entries}-${sessions}`);
const events = join(folder, 'events');
const dataDir = join(folder, 'data');
const file = join(events, 'assistant.entries.ndjson');

console.log(`${entries} entries of ${sessions} sessions in ${folder}`);
const done = join(folder, 'done');
if (!existsSync(done)) {
  rmSync(folder, { recursive: true, force: true });
  // As many sessions at a time as a team of fifty has: a million entries in three days.
  const sizes = ['--events', `${entries}`, '--sessions', `${sessions}`, '--rate', '3.85'];
  await runParley(['generate', '--domain', 'assistant', ...sizes, '--out', events]);
  writeFileSync(done, '');
}
const result = await replayWatched(events, dataDir);
const sql = `SELECT (SELECT count() FROM assistant.landing_entries FINAL WHERE sign = 1) AS entries,
                    (SELECT sum(total_entries) FROM assistant.landing_sessions FINAL WHERE sign = 1) AS counted,
                    (SELECT count() FROM assistant.landing_sessions FINAL WHERE sign = 1) AS sessions`;
const counted = JSON.parse(await runParley(['query', sql, '--data-dir', dataDir, '--format', 'JSONCompactEachRow']));
if (JSON.stringify((counted as unknown[]).map(Number)) !== JSON.stringify([entries, entries, sessions])) {
  throw new Error(
    `Expected ${entries} entries in ${sessions} sessions everywhere, received ${JSON.stringify(counted)}`,
  );
}
const { summary } = result;
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: machineLine(),
  node: process.version,
  entries,
  sessions,
  late: summary.late,
  duplicates: summary.duplicates,
  bytesPerEntry: Math.round(statSync(file).size / summary.events),
  entriesPerSecond: Math.round(summary.events / (summary.elapsedMs / 1000)),
  wallSecondsWithStartAndStop: round(result.wallSeconds),
  processorCpuSecondsPerMillion: round((result.processorCpu / summary.events) * 1e6),
  clickhouseCpuSecondsPerMillion: round((result.serverCpu / summary.events) * 1e6),
  processorPeakMemoryMb: Math.round(result.processorMemory / 1e6),
  clickhousePeakMemoryMb: Math.round(result.serverMemory / 1e6),
};
console.log(JSON.stringify(report, null, 2));
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

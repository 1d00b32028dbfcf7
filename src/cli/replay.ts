import { extname } from 'node:path';
import { ParleyError } from '../errors.ts';
import { findInput, type ReplaySummary, replay } from '../runtime/replay.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { limitsOf } from './configuration.ts';
import { describeFailure, exitDone, exitFailed } from './failure.ts';
import { count, duration, plural, print, printJson } from './output.ts';
import { createProgress, replayNote } from './progress.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface ReplayFlags {
  readonly dataDir?: string;
  readonly topic?: string;
  readonly json?: true;
}

export function addReplay({ program, handle }: Registry): void {
  const command = program
    .command('replay')
    .argument('<path...>', 'files and folders of events; - for standard input')
    .description('count the events of files, once, and end')
    .option(dataDirFlags, dataDirMeaning)
    .option('--topic <topic>', 'topic of files whose names say none, and of standard input')
    .option('--json', 'print the summary as JSON')
    .addHelpText(
      'after',
      `
A file's topic is in its name: conversations.messages.ndjson, or .ndjson.gz. Run again, it goes on where it stopped:
a line already counted is not counted again, and lines added to a file are.

Examples:
  $ parley replay examples/twitter-care --data-dir ./data/try
  $ parley replay day-*.ndjson.gz --topic conversations.messages --data-dir ./data/try
  $ parley generate --messages 1000 --topics messages --out - |
      parley replay - --topic conversations.messages --data-dir ./data/try
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<ReplayFlags>();
    const paths = command.args;
    if (paths.includes('-') && (paths.length > 1 || flags.topic === undefined)) {
      throw new ParleyError('PARLEY_USAGE', 'Standard input is one topic and comes alone', {
        expected: '`-` as the only path, and --topic TOPIC',
        received: `${paths.join(' ')}${flags.topic === undefined ? ', without --topic' : ''}`,
      });
    }
    const dataDir = session.dataDir(flags.dataDir);
    const input = paths.includes('-') ? process.stdin : undefined;
    const request = { dataDir, paths: input === undefined ? paths : [], topic: flags.topic, input };
    // A mistyped path is told before a server is started and a folder is made for it.
    await findInput({ ...request, domains: session.domains });
    const warehouse = await session.openWarehouse(dataDir);
    try {
      const summary = await replayWithProgress(session, { ...request, warehouse });
      if (flags.json) printJson({ ...summary, faults: summary.faults.map(({ code, message }) => ({ code, message })) });
      else print(describeSummary(summary));
      return endOf(summary, session);
    } finally {
      await warehouse.close();
    }
  });
}

export interface ReplayRequest {
  readonly warehouse: Warehouse;
  readonly dataDir: string;
  readonly paths: readonly string[];
  readonly topic?: string | undefined;
  /** Standard input, instead of paths. */
  readonly input?: AsyncIterable<Buffer | string> | undefined;
  readonly title?: string;
}

/** As this file is written: compiled, or as it stands. */
const parseProgram = new URL(`../parse-worker${extname(import.meta.url)}`, import.meta.url);

/** A replay as configured, with its progress on standard error. */
export async function replayWithProgress(session: Session, request: ReplayRequest): Promise<ReplaySummary> {
  const { warehouse, dataDir, paths, topic, input, title = 'Counting' } = request;
  const progress = createProgress(title, { isOpenEnded: input !== undefined });
  const startedAt = performance.now();
  try {
    return await replay({
      warehouse,
      dataDir,
      paths,
      topic,
      input,
      domains: session.domains,
      app: session.configuration.app,
      parseProgram,
      limits: limitsOf(session.configuration),
      log: session.log,
      signal: session.signal,
      onProgress: (at) => progress.update(at.bytesDone, at.bytesTotal, replayNote(at, startedAt)),
    });
  } finally {
    progress.stop();
  }
}

/** Tells of files that could not be read to their ends. The exit code: 1 when there are some, or when it was stopped. */
export function endOf(summary: Pick<ReplaySummary, 'faults'>, session: Session): number {
  for (const fault of summary.faults) process.stderr.write(describeFailure(fault, false));
  if (session.signal.aborted) {
    process.stderr.write('Stopped before the end. Run the same command again to go on.\n');
    return exitFailed;
  }
  return summary.faults.length > 0 ? exitFailed : exitDone;
}

export function describeSummary(summary: ReplaySummary): string {
  const seconds = summary.elapsedMs / 1000;
  const rate = seconds > 1 && summary.events > 0 ? ` (${count(Math.round(summary.events / seconds))} a second)` : '';
  const lines = [`${plural(summary.events, 'event')} counted in ${duration(seconds)}${rate}.`];
  if (summary.duplicates > 0) lines.push(`${plural(summary.duplicates, 'repeated event')} dropped.`);
  if (summary.late > 0) lines.push(`${plural(summary.late, 'event')} came late and corrected what was there.`);
  if (summary.tooLate > 0) lines.push(`${plural(summary.tooLate, 'message')} came too late for a gap or a session.`);
  if (summary.rejected > 0) lines.push(`${plural(summary.rejected, 'line')} refused: see \`parley dlq list\`.`);
  for (const { path, bytes } of summary.pending) {
    lines.push(`${path} ends in the middle of a line (${plural(bytes, 'byte')}): not counted until it is whole.`);
  }
  if (summary.ignored.length > 0)
    lines.push(`${plural(summary.ignored.length, 'file')} left out: no topic in the name.`);
  return lines.join('\n');
}

import { ImportTally, type ImportTotals } from '../import/tally.ts';
import type { Domain, Format } from '../runtime/domain.ts';
import { type ReplaySummary, replay } from '../runtime/replay.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { limitsOf } from './configuration.ts';
import { count, duration, plural } from './output.ts';
import { createProgress, replayNote } from './progress.ts';
import type { Session } from './session.ts';

export interface ImportRequest {
  readonly session: Session;
  readonly warehouse: Warehouse;
  readonly dataDir: string;
  readonly domain: Domain;
  readonly format: Format;
  readonly paths: readonly string[];
  /** Of its progress on standard error; none without it. */
  readonly title?: string | undefined;
}

export interface ImportSummary extends ImportTotals, Pick<ReplaySummary, 'faults' | 'pending' | 'elapsedMs'> {}

/** Counts what the files have now, to their ends. */
export async function importOnce(request: ImportRequest): Promise<ImportSummary> {
  const { session, warehouse, dataDir, domain, format, paths, title } = request;
  const tally = new ImportTally();
  const progress = createProgress(title ?? '', { isQuiet: title === undefined });
  const startedAt = performance.now();
  try {
    const { faults, pending, elapsedMs } = await replay({
      warehouse,
      dataDir,
      paths,
      format,
      domains: [domain],
      app: session.configuration.app,
      limits: limitsOf(session.configuration),
      log: session.log,
      signal: session.signal,
      onCommitted: (batch) => tally.add(batch),
      onProgress: (at) => progress.update(at.bytesDone, at.bytesTotal, replayNote(at, startedAt)),
    });
    return { ...tally.totals, faults, pending, elapsedMs };
  } finally {
    progress.stop();
  }
}

export function asJson({ faults, ...summary }: ImportSummary): object {
  return { ...summary, faults: faults.map(({ code, message }) => ({ code, message })) };
}

export function describeImport(summary: ImportSummary): string {
  const { entries, files, sessions, duplicates, tooLate, rejected, skipped, pending, elapsedMs } = summary;
  const from = `${plural(files, 'file')} with new lines, ${plural(sessions, 'new session')}`;
  const lines = [`${plural(entries, 'entry', 'entries')} counted in ${duration(elapsedMs / 1000)}: ${from}.`];
  if (duplicates > 0) lines.push(`${plural(duplicates, 'entry', 'entries')} had been counted before.`);
  if (tooLate > 0) lines.push(`${plural(tooLate, 'entry', 'entries')} came too late to be placed in the session.`);
  const left = Object.entries(skipped).map(([reason, number]) => `${count(number)} ${meanings[reason] ?? reason}`);
  if (left.length > 0) lines.push(`Left out: ${left.join(', ')}.`);
  if (rejected > 0) lines.push(`${plural(rejected, 'line')} refused: see \`parley dlq list\`.`);
  for (const { path, bytes } of pending) {
    lines.push(`${path} ends in the middle of a line (${plural(bytes, 'byte')}): not counted until it is whole.`);
  }
  return lines.join('\n');
}

const meanings: Readonly<Record<string, string>> = {
  no_time: 'without a time',
  thinking: 'with thinking alone',
  empty: 'with nothing in them',
  outside_dates: 'of days outside assistant.startDate to assistant.endDate',
};

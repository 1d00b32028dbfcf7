import { codeOf, ParleyError } from '../errors.ts';
import type { HttpServer } from '../http/server.ts';
import { ImportTally, type ImportTotals } from '../import/tally.ts';
import type { Domain, Format } from '../runtime/domain.ts';
import { findInput, type ReplaySummary, replay } from '../runtime/replay.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { limitsOf } from './configuration.ts';
import { addDashboardOptions, type DashboardFlags, serveDashboard } from './dashboard.ts';
import { followImport } from './import-watch.ts';
import { count, duration, plural, print, printJson } from './output.ts';
import { createProgress, replayNote } from './progress.ts';
import { endOf } from './replay.ts';
import { describeDashboard } from './serve.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

interface ImportFlags extends DashboardFlags {
  readonly dataDir?: string;
  readonly watch?: true;
  readonly json?: true;
}

export function addImport({ program, handle }: Registry): void {
  const parent = program
    .command('import')
    .description('count what other programs have written down, once; nothing is sent anywhere')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Example:
  $ parley import claude-code ~/.claude/projects --data-dir ./data/mine
`,
    );
  const command = parent
    .command('claude-code')
    .argument('<path...>', 'transcripts (.jsonl), and folders of them')
    .description('transcripts of Claude Code, into the tables of the domain assistant')
    .option(dataDirFlags, dataDirMeaning)
    .option('--watch', 'then follow the files as they grow, and new ones, until Ctrl-C; with the dashboard')
    .option('--json', 'print the summary as JSON; with --watch one line for each time that something was counted');
  addDashboardOptions(command).addHelpText(
    'after',
    `
Run again, it goes on where it stopped: a line already counted is not counted again, and lines added to a file are.
The text of messages and results is read for its length, code, links, questions and task; it is stored only with
assistant.storeText. What becomes of each kind of line is in docs/import.md.

Examples:
  $ parley import claude-code ~/.claude/projects --data-dir ./data/mine
  $ parley import claude-code ~/.claude/projects --data-dir ./data/mine --watch
  $ parley query "SELECT * FROM assistant.agg_daily_summary ORDER BY date_key DESC LIMIT 7" --data-dir ./data/mine
`,
  );
  handle(command, async (session) => {
    const flags = command.opts<ImportFlags>();
    const dataDir = session.dataDir(flags.dataDir);
    const { domain, format } = formatOf(session, 'claude-code');
    const paths = command.args;
    // A mistyped path is told before a server is started and a folder is made for it.
    await findInput({ paths, domains: [domain], format }).catch((error: unknown) => {
      if (!flags.watch || codeOf(error) !== 'PARLEY_SOURCE_EMPTY') throw error;
    });
    const warehouse = await session.openWarehouse(dataDir);
    let dashboard: HttpServer | undefined;
    try {
      const request = { session, warehouse, dataDir, domain, format };
      if (flags.watch === undefined) {
        const summary = await importOnce({ ...request, paths, title: 'Counting' });
        if (flags.json) printJson(asJson(summary));
        else print(describeImport(summary));
        return endOf(summary, session);
      }
      dashboard = await serveDashboard(session, warehouse, flags);
      if (dashboard !== undefined && !flags.json) print(describeDashboard(dashboard.url));
      return await followImport({ ...request, paths, isJson: flags.json === true });
    } finally {
      await dashboard?.close();
      await warehouse.close();
    }
  });
}

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

function formatOf(session: Session, name: string): { domain: Domain; format: Format } {
  for (const domain of session.domains) {
    const format = domain.formats?.find((candidate) => candidate.name === name);
    if (format !== undefined) return { domain, format };
  }
  throw new ParleyError('PARLEY_CONFIGURATION', 'The domain that the files are for does not run', {
    expected: 'assistant among the domains',
    received: session.configuration.domains.join(', '),
    where: 'domains',
  });
}

import { codeOf, ParleyError } from '../errors.ts';
import type { HttpServer } from '../http/server.ts';
import type { Domain, Format } from '../runtime/domain.ts';
import { findInput } from '../runtime/replay.ts';
import { addDashboardOptions, type DashboardFlags, serveDashboard } from './dashboard.ts';
import { asJson, describeImport, importOnce } from './import-once.ts';
import { followImport } from './import-watch.ts';
import { print, printJson } from './output.ts';
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

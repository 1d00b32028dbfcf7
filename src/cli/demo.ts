import { fileURLToPath } from 'node:url';
import type { HttpServer } from '../http/server.ts';
import { readAnswers } from '../warehouse/answers.ts';
import { describeAnswers } from './answers.ts';
import { addDashboardOptions, type DashboardFlags, serveDashboard } from './dashboard.ts';
import { exitDone } from './failure.ts';
import { count, duration, print, printJson } from './output.ts';
import { endOf, replayWithProgress } from './replay.ts';
import { connectionDetails, describeConnection, describeDashboard, untilStopped } from './serve.ts';
import { dataDirFlags, type Registry } from './session.ts';

const sample = fileURLToPath(new URL('../../examples/twitter-care', import.meta.url));
const defaultFolder = './data/demo';
/** Rows of each answer: together they should be read at a glance. */
const rowsMax = 6;

export function addDemo({ program, handle }: Registry): void {
  const command = program
    .command('demo')
    .description('start ClickHouse, count the shipped real conversations, print the answers, serve the dashboard')
    .option('--exit', 'end after the answers')
    .option('--json', 'print the answers as JSON')
    .option(dataDirFlags, `folder of the embedded warehouse, which is kept (default: ${defaultFolder})`);
  addDashboardOptions(command).addHelpText(
    'after',
    `
Run again, it goes on where it stopped: nothing is counted twice.

Example:
  $ parley demo --exit
`,
  );
  handle(command, async (session) => {
    const flags = command.opts<DashboardFlags & { exit?: true; json?: true; dataDir?: string }>();
    const dataDir = session.dataDir(flags.dataDir, defaultFolder);
    const startedAt = performance.now();
    if (process.stderr.isTTY) process.stderr.write('Starting ClickHouse …\n');
    const warehouse = await session.openWarehouse(dataDir);
    let dashboard: HttpServer | undefined;
    try {
      // Before anything is counted, so that its numbers can be seen to move.
      if (!flags.exit) dashboard = await serveDashboard(session, warehouse, flags);
      if (dashboard !== undefined && !flags.json) print(describeDashboard(dashboard.url));
      const summary = await replayWithProgress(session, { warehouse, dataDir, paths: [sample] });
      const code = endOf(summary, session);
      if (code !== exitDone) return code;
      const answers = await readAnswers(warehouse.client, rowsMax);
      const seconds = (performance.now() - startedAt) / 1000;
      const what =
        summary.events === 0
          ? 'The events of the sample had been counted before: none was counted twice'
          : `${count(summary.events)} real customer-care events counted, each once`;
      const at = dashboard === undefined ? {} : { dashboard: dashboard.url };
      if (flags.json) printJson({ counted: summary.events, elapsedSeconds: seconds, ...at, ...answers });
      else print(`\n${what} (${duration(seconds)} from start to answers).\n\n${describeAnswers(answers)}\n\n`);
      if (!flags.json) print(howToGoOn(flags.dataDir ?? session.configuration.dataDir ?? defaultFolder));
      if (flags.exit) return exitDone;
      if (!flags.json) {
        const url = dashboard?.url ?? null;
        print(`\n${describeConnection({ ...connectionDetails(warehouse, dataDir), dashboard: url })}`);
      }
      return await untilStopped(warehouse, session.signal);
    } finally {
      await dashboard?.close();
      await warehouse.close();
    }
  });
}

function howToGoOn(folder: string): string {
  return `Ask your own questions, also while this runs:
  npx parley query "SELECT * FROM conversations.agg_themes LIMIT 5" --data-dir ${quoted(folder)}
Count your own events: npx parley replay PATH --data-dir DIR
`;
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

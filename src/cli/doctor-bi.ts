import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { checkBi } from '../warehouse/bi/checks.ts';
import { type Connection, connect } from '../warehouse/client.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { startEmbeddedServer } from '../warehouse/embedded/server.ts';
import { withoutCredentials } from '../warehouse/greeting.ts';
import { describeChecks } from './doctor-findings.ts';
import type { Check } from './doctor-machine.ts';
import { exitDone, exitFailed } from './failure.ts';
import { print, printJson } from './output.ts';
import { mustBeWarehouse } from './reader.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';

/** Added to `doctor`, whose options of the same names are read with it. */
export function addDoctorBi(doctor: Command, handle: Registry['handle']): void {
  const command = doctor
    .command('bi')
    .description('try as the user of the BI tools what each tool sends, and what must be refused')
    .option(dataDirFlags, dataDirMeaning)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Asks the server of \`clickhouse.url\`, else the one of the folder, as \`bi.username\` with \`bi.password\` (PARLEY_BI_USERNAME,
PARLEY_BI_PASSWORD, PARLEY_BI_PASSWORD_FILE). It changes nothing. The exit code is 1 when a check fails; a warning is no
failure. What to fill in in each tool is in docs/bi/.

Examples:
  $ parley doctor bi --data-dir ./data/demo
  $ PARLEY_CLICKHOUSE_URL=http://clickhouse:8123 PARLEY_BI_PASSWORD_FILE=bi-password parley doctor bi --json
`,
    );
  handle(command, async (session) => {
    const flags = command.optsWithGlobals<{ dataDir?: string; json?: true }>();
    const { url, checks } = await runChecks(session, flags.dataDir);
    const isFailing = checks.some(({ status }) => status === 'fail');
    if (flags.json) printJson({ ok: !isFailing, url, checks });
    else print(describeChecks(checks));
    return isFailing ? exitFailed : exitDone;
  });
}

interface Result {
  readonly url: string;
  readonly checks: readonly Check[];
}

async function runChecks(session: Session, dataDirOption: string | undefined): Promise<Result> {
  const { url, httpPort, tcpPort } = session.configuration.clickhouse;
  if (url !== undefined) return ask(session, url, false);
  const dataDir = session.dataDir(dataDirOption);
  mustBeWarehouse(dataDir);
  const running = existsSync(join(dataDir, 'server.json')) ? await findRunningServer(dataDir) : undefined;
  if (running !== undefined) return ask(session, running.url, true);
  const server = await startEmbeddedServer({ dataDir, httpPort, tcpPort, restart: false });
  try {
    return await ask(session, server.url, true);
  } finally {
    await server.stop();
  }
}

async function ask(session: Session, url: string, isEmbedded: boolean): Promise<Result> {
  const { username, password } = session.configuration.bi;
  const connection: Connection = { url, username, ...(password === undefined ? {} : { password }) };
  const client = connect(connection);
  try {
    const databases = session.domains.map(({ name }) => name);
    return { url: withoutCredentials(url), checks: await checkBi(client, { databases, url, isEmbedded }) };
  } finally {
    await client.close();
  }
}

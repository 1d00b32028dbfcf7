import { addDoctorBi } from './doctor-bi.ts';
import { checkBrokers } from './doctor-brokers.ts';
import { describeChecks } from './doctor-findings.ts';
import { type Check, checkMachine, configurationCheck } from './doctor-machine.ts';
import { checkWarehouse } from './doctor-warehouse.ts';
import { exitDone, exitFailed } from './failure.ts';
import { print, printJson } from './output.ts';
import { dataDirFlags, dataDirMeaning, type Registry } from './session.ts';

export function addDoctor({ program, handle }: Registry): void {
  const command = program
    .command('doctor')
    .description('check this machine, the data folder, ClickHouse, and the brokers and registry that are configured')
    .option(dataDirFlags, `${dataDirMeaning}; without one ClickHouse is tried in a temporary folder`)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
It changes nothing. The exit code is 1 when a check fails; a warning is no failure. \`parley doctor bi\` tries what BI
tools send.

Examples:
  $ parley doctor
  $ parley doctor --data-dir ./data/demo --json
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<{ dataDir?: string; json?: true }>();
    const checks: Check[] = [configurationCheck(session)];
    if (checks[0]?.status === 'ok') {
      const dataDir = flags.dataDir ?? session.configuration.dataDir;
      const path = dataDir === undefined ? undefined : session.dataDir(dataDir);
      const machine = await checkMachine(session, path);
      checks.push(...machine, ...(await checkBrokers(session)), ...(await checkWarehouse(session, path)));
    }
    const isFailing = checks.some(({ status }) => status === 'fail');
    if (flags.json) printJson({ ok: !isFailing, checks });
    else print(describeChecks(checks));
    return isFailing ? exitFailed : exitDone;
  });
  addDoctorBi(command, handle);
}

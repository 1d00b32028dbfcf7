import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { putHelpersBehind } from '../priorities.ts';
import { addCatalogue } from './catalogue.ts';
import { addDemo } from './demo.ts';
import { addDlq } from './dlq.ts';
import { addDoctor } from './doctor.ts';
import { describeFailure, exitCodeOf, exitDone, exitFailed, exitWrongUse } from './failure.ts';
import { addGenerate } from './generate.ts';
import { addImport } from './import.ts';
import { addLag } from './lag.ts';
import { addMigrate } from './migrate.ts';
import { flushed, watchStandardOutput } from './output.ts';
import { addQuery } from './query.ts';
import { addReplay } from './replay.ts';
import { addRun } from './run.ts';
import { addSchedules } from './schedules.ts';
import { addSchemas } from './schemas.ts';
import { addSeed } from './seed.ts';
import { addServe } from './serve.ts';
import { type Registry, Session } from './session.ts';
import { addState } from './state.ts';
import { addTest } from './test.ts';

/**
 * Runs the program and ends the process: 0 done, 1 failed, 2 wrong use. Results go to standard output; everything else
 * (progress, log lines, errors) goes to standard error.
 */
export async function main(argv: readonly string[]): Promise<void> {
  const stopping = new AbortController();
  watchStandardOutput(() => stopping.abort());
  stopOnSignals(stopping);
  putHelpersBehind();
  let code = exitDone;
  try {
    const program = createProgram(stopping.signal, (handled) => {
      code = handled;
    });
    await program.parseAsync([...argv]);
  } catch (error) {
    code = failed(error, argv.includes('--debug'));
  }
  await flushed();
  // What is still open (an idle connection) is no reason to stay; everything printed has been taken.
  process.exit(code);
}

/** The program and its commands. `done` is told the exit code of the command that ran. */
export function createProgram(signal: AbortSignal, done: (code: number) => void): Command {
  const program = new Command('parley');
  program
    .description('Conversation events in; exact facts, versioned dimensions and aggregates in ClickHouse out.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--config <file>', 'configuration file (or PARLEY_CONFIG; default: ./parley.yaml where there is one)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (or PARLEY_LOG_LEVEL)')
    .option('--debug', 'print the stack and the cause of an error')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(see --help)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'PARLEY_USAGE  ')),
    })
    .exitOverride()
    .addHelpText('after', programExamples);
  const registry: Registry = {
    program,
    handle(command, handler) {
      command.action(async () => {
        done((await handler(new Session(command, signal), command)) ?? exitDone);
      });
    },
  };
  for (const add of [
    addDemo,
    addReplay,
    addImport,
    addQuery,
    addCatalogue,
    addTest,
    addServe,
    addRun,
    addLag,
    addMigrate,
    addSeed,
    addSchemas,
    addSchedules,
    addDoctor,
    addGenerate,
    addDlq,
    addState,
  ]) {
    add(registry);
  }
  return program;
}

const programExamples = `
Examples:
  $ parley demo                                          see it work, on real data
  $ parley replay events/ --data-dir ./data/shop         count the events of a folder, once
  $ parley query "SELECT count() FROM conversations.fact_messages" --data-dir ./data/shop
  $ parley doctor                                        check this machine

Exit codes: 0 done, 1 failed, 2 wrong use. Configuration: docs/configuration.md. Errors: docs/errors.md.
`;

function failed(error: unknown, isDebugging: boolean): number {
  if (error instanceof CommanderError) {
    // Help and version that were asked for are no error; commander has printed all there is to say.
    return error.exitCode === 0 ? exitDone : exitWrongUse;
  }
  process.stderr.write(describeFailure(error, isDebugging));
  return exitCodeOf(error);
}

/** The first signal asks the command to end cleanly; the second ends the process, which is safe too. */
function stopOnSignals(stopping: AbortController): void {
  let count = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      count++;
      if (count > 1) process.exit(exitFailed);
      if (name === 'SIGINT' && process.stderr.isTTY) {
        process.stderr.write('\nStopping cleanly. Press Ctrl-C again to stop at once: nothing counted is lost.\n');
      }
      stopping.abort();
    });
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

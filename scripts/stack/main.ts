/** `npm run stack`: Kafka, a schema registry and ClickHouse on this machine, without Docker. */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts';
import { allDomains } from '../../src/domains.ts';
import { ParleyError } from '../../src/errors.ts';
import { type GuardedChild, startGuarded } from './guarded-child.ts';
import { produceLive } from './produce-live.ts';
import { type Stack, shellLines, startStack } from './stack.ts';

interface Flags {
  readonly dataDir: string;
  readonly partitions: number;
  readonly rate: number;
  readonly run?: true;
  readonly kafkaPort: number;
  readonly registryPort: number;
  readonly clickhousePort: number;
  readonly httpPort: number;
}

const program = fileURLToPath(new URL('../../bin/parley.js', import.meta.url));
const runStopMs = 30_000;

const command = new Command('npm run stack --')
  .description('Kafka, a schema registry and ClickHouse on this machine, without Docker, until Ctrl-C')
  .option('--run', 'also start `parley run`, and write live events to Kafka')
  .option('--data-dir <dir>', 'where everything is kept', './data/stack')
  .option('--partitions <n>', 'of each topic that producers write to', number('--partitions', 1, 1024), 8)
  .option('--rate <per second>', 'live messages a second, with --run', number('--rate', 0.001, 100_000), 20)
  .option('--kafka-port <port>', 'wanted port, or the next free one; 0: any', port('--kafka-port'), 9092)
  .option('--registry-port <port>', 'the same for the registry', port('--registry-port'), 8081)
  .option('--clickhouse-port <port>', "the same for ClickHouse's HTTP", port('--clickhouse-port'), 8123)
  .option('--http-port <port>', 'the same for `parley run`', port('--http-port'), 8080)
  .addHelpText('after', '\nIt needs Java 17 and Maven, which downloads Kafka and Apicurio the first time (170 MB).\n');

async function main(): Promise<void> {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
  const flags = command.parse().opts<Flags>();
  const stack = await startStack({ ...flags, log: print });
  try {
    print(describe(stack, flags.run === true));
    await (flags.run ? runLive(stack, flags, stopping.signal) : aborted(stopping.signal));
  } finally {
    print('Stopping …');
    await stack.stop();
  }
}

/** Until the signal: `parley run`, and events for it. Fails when `parley run` ends by itself. */
async function runLive(stack: Stack, { rate }: Flags, signal: AbortSignal): Promise<void> {
  const run = startGuarded({ program: process.execPath, args: [program, 'run'], environment: stack.environment });
  const own = new AbortController();
  const { brokers, schemaIds } = stack;
  const topics = allDomains().flatMap((domain) => domain.topics);
  const live = produceLive({
    ...{ brokers, topics, schemaIds, ratePerSecond: rate, signal: AbortSignal.any([signal, own.signal]) },
    onTrouble: (message) => print(`Kafka does not take events: ${message}`),
  });
  try {
    const how = await Promise.race([aborted(signal), run.ended, live]);
    if (signal.aborted) return;
    const detail = { expected: 'a process that runs until Ctrl-C', received: how ?? 'the live events ended' };
    throw new ParleyError('PARLEY_STACK_START', '`parley run` ended', detail);
  } finally {
    own.abort();
    await Promise.allSettled([live, ended(run)]);
  }
}

async function ended(run: GuardedChild): Promise<void> {
  run.signal('SIGTERM');
  const timer = setTimeout(() => run.signal('SIGKILL'), runStopMs);
  await run.ended;
  clearTimeout(timer);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    // A signal alone does not keep a process alive.
    const alive = setInterval(() => undefined, 60_000);
    const end = () => {
      clearInterval(alive);
      resolve(undefined);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

function describe({ brokers, registryUrl, clickhouseUrl, httpPort, ...stack }: Stack, isRunning: boolean): string {
  const lines = [
    `  Kafka       ${brokers.join(',')}`,
    `  registry    ${registryUrl}`,
    `  ClickHouse  ${clickhouseUrl}/play?user=bi`,
    ...(isRunning ? [`  Parley      http://127.0.0.1:${httpPort}/health/ready`] : []),
    '',
    `In another shell, for \`parley run\` and the other commands (also in ${stack.environmentFile}):`,
    '',
    shellLines(stack.environment),
    'Ctrl-C ends all of it; the data stays.',
  ];
  return lines.join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function port(flag: string): (text: string) => number {
  return number(flag, 0, 65_535);
}

function number(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most && (flag === '--rate' || Number.isInteger(value))) {
      return value;
    }
    throw new ParleyError('PARLEY_USAGE', `${flag} cannot be used so`, {
      expected: `${flag === '--rate' ? 'a number' : 'a whole number'} from ${least} to ${most}`,
      received: text,
      where: flag,
    });
  };
}

try {
  await main();
} catch (error) {
  process.stderr.write(describeFailure(error, false));
  process.exitCode = exitCodeOf(error);
}

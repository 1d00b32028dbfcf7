import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import type { LivePartition } from '../dashboard/live.ts';
import { ParleyError } from '../errors.ts';
import type { Readiness } from '../http/health.ts';
import { type HttpServer, startHttpServer } from '../http/server.ts';
import { type Kafka, kafkaOf } from './brokers.ts';
import { dashboardOfServer, noDashboardFlag, noDashboardMeaning } from './dashboard.ts';
import { exitDone } from './failure.ts';
import { type MemberParts, MemberProcess } from './member-process.ts';
import { print } from './output.ts';
import { openSharedWarehouse, prepareTopics } from './prepare.ts';
import type { Registry, Session } from './session.ts';
import { ParentChannel } from './worker-channel.ts';
import { Workers } from './workers.ts';

/** Above the time that a stop may take: what does not keep to it is ended by force. */
const forceMs = 5_000;

export function addRun({ program, handle }: Registry): void {
  const command = program
    .command('run')
    .description('process events from Kafka as a member of the consumer group, until SIGTERM')
    .option('--workers <n>', 'processes on this machine (or PARLEY_RUN_WORKERS)')
    .option(noDashboardFlag, noDashboardMeaning)
    // Said by `run --workers` alone, over a channel to the process that it starts.
    .addOption(new Option('--as-worker').hideHelp())
    .addHelpText(
      'after',
      `
Configured by parley.yaml and PARLEY_*: at least kafka.brokers and clickhouse.url. Run \`parley migrate\` before. Start it
on as many machines as you like with the same \`app\`: the group divides the work. docs/operators.md tells the rest.

Examples:
  $ PARLEY_KAFKA_BROKERS=localhost:9092 PARLEY_CLICKHOUSE_URL=http://localhost:8123 parley run
  $ parley run --config /etc/parley.yaml --workers 4
`,
    );
  handle(command, (session) => {
    const flags = command.opts<{ workers?: string; asWorker?: true; dashboard: boolean }>();
    if (flags.asWorker) return runWorker(session);
    return runGroup(session, workersOf(session, flags.workers), flags.dashboard);
  });
}

function workersOf(session: Session, option: string | undefined): number {
  if (option === undefined) return session.configuration.run.workers;
  if (/^\d{1,3}$/.test(option) && Number(option) >= 1 && Number(option) <= 256) return Number(option);
  throw new ParleyError('PARLEY_USAGE', '--workers is a number of processes', {
    expected: '1 to 256',
    received: option,
  });
}

/** What is served over HTTP; it changes as the process comes up. */
interface Served {
  readiness: () => Promise<Readiness>;
  metrics: () => Promise<string>;
  partitions: () => Promise<readonly LivePartition[]>;
}

async function runGroup(session: Session, count: number, hasDashboard: boolean): Promise<number> {
  const { configuration, signal, log } = session;
  // Everything that can be wrong for good is told before anything is started.
  const kafka = kafkaOf(configuration, log);
  const served: Served = {
    readiness: async () => ({ isReady: false, reasons: ['waiting for ClickHouse and Kafka'] }),
    metrics: async () => '',
    partitions: async () => [],
  };
  const server = await startHttpServer({
    ...configuration.http,
    readiness: () => served.readiness(),
    metrics: () => served.metrics(),
    plugin: hasDashboard ? dashboardOfServer(session, { partitions: () => served.partitions() }) : undefined,
  });
  try {
    const onStarted = () => print(describe(session, server, { count, hasDashboard }));
    return await withPrepared(session, kafka, signal, async (parts) => {
      if (count > 1) return runWorkers(session, count, served, onStarted);
      const member = await MemberProcess.open(parts);
      served.readiness = () => member.readiness();
      served.metrics = () => member.metrics.registry.metrics();
      served.partitions = async () => member.partitions();
      return runMember(session, member, signal, onStarted);
    });
  } finally {
    await server.close();
  }
}

/** With the warehouse and the topics there; waits for them. Nothing is done when it is stopped before. */
async function withPrepared(
  session: Session,
  kafka: Kafka,
  signal: AbortSignal,
  work: (parts: MemberParts) => Promise<number>,
): Promise<number> {
  const { log } = session;
  const warehouse = await openSharedWarehouse(session, { signal, log });
  if (warehouse === undefined) return exitDone;
  try {
    const topology = await prepareTopics(session, kafka, { signal, log });
    if (topology === undefined) return exitDone;
    return await work({ session, kafka, warehouse, topology });
  } finally {
    await warehouse.close();
  }
}

/** Until it is asked to stop, or cannot go on. */
async function runMember(
  session: Session,
  member: MemberProcess,
  signal: AbortSignal,
  onStarted: () => void = () => undefined,
): Promise<number> {
  const { stopMs } = session.configuration.run;
  try {
    if (await Promise.race([member.start(signal), member.failed])) {
      onStarted();
      await Promise.race([aborted(signal), member.failed]);
    }
  } finally {
    // A source or a broker that does not let go must not keep the process: the next owner redoes what is left.
    const force = setTimeout(() => process.exit(signal.aborted ? exitDone : 1), stopMs + forceMs);
    await member.stop(stopMs);
    clearTimeout(force);
  }
  return exitDone;
}

async function runWorker(session: Session): Promise<number> {
  if (process.send === undefined) {
    throw new ParleyError('PARLEY_USAGE', 'A worker is started by `parley run --workers` only');
  }
  const stopping = new AbortController();
  const channel = new ParentChannel(() => stopping.abort());
  const signal = AbortSignal.any([session.signal, stopping.signal]);
  try {
    return await withPrepared(session, kafkaOf(session.configuration, session.log), signal, async (parts) => {
      const member = await MemberProcess.open(parts);
      channel.serve({
        readiness: () => member.readiness(),
        metrics: () => member.metrics.registry.getMetricsAsJSON(),
        partitions: () => member.partitions(),
      });
      return runMember(session, member, signal);
    });
  } finally {
    channel.close();
  }
}

async function runWorkers(session: Session, count: number, served: Served, onStarted: () => void): Promise<number> {
  const { signal, log, configuration } = session;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const workers = new Workers({
    count,
    program: fileURLToPath(new URL('../../bin/parley.js', import.meta.url)),
    args: ['run', '--as-worker', ...process.argv.slice(2).filter((_, at, all) => isGlobal(all, at))],
    log,
    onFatal: () => fail(new ParleyError('PARLEY_CONFIGURATION', 'A worker was refused its configuration')),
  });
  served.readiness = () => workers.readiness();
  served.metrics = () => workers.metrics();
  served.partitions = () => workers.partitions();
  try {
    workers.start();
    onStarted();
    await Promise.race([aborted(signal), failed]);
  } finally {
    await workers.stop(configuration.run.stopMs + 2 * forceMs);
  }
  return exitDone;
}

const globalOptions = ['--config', '--log-level'];

/** Whether an argument is one of the program's own, or the value of one: workers get those, and not `--workers`. */
function isGlobal(all: readonly string[], at: number): boolean {
  const [own = '', before = ''] = [all[at], all[at - 1]];
  if (own === '--debug') return true;
  return globalOptions.some((name) => own === name || own.startsWith(`${name}=`) || before === name);
}

function describe(
  { configuration }: Session,
  { url }: HttpServer,
  { count, hasDashboard }: { count: number; hasDashboard: boolean },
): string {
  const members = count === 1 ? 'One member' : `${count} members`;
  const started = `${members} of group ${configuration.app}. Health and metrics: ${url}/health/ready, ${url}/metrics`;
  return hasDashboard ? `Dashboard: ${url}\n${started}` : started;
}

/** A signal alone does not keep a process alive; what it runs does. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

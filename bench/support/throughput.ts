import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyRun } from './group.ts';
import { cpuSeconds } from './process.ts';
import { CpuSamples } from './samples.ts';
import { quantile, round } from './statistics.ts';
import { type BenchWarehouse, checkCounts, committed, conversationStage, type Run, runsOf } from './warehouse.ts';

export interface ThroughputOptions {
  readonly warehouse: BenchWarehouse;
  readonly brokerPid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly messages: number;
  readonly workers: number;
  readonly nodeArgs: readonly string[];
}

/** From the start of `parley run` on a full topic until every event is committed, forwards and all. */
export async function throughput(options: ThroughputOptions) {
  const { warehouse, brokerPid, environment, messages, workers, nodeArgs } = options;
  const { client, server } = warehouse;
  const run = new ParleyRun(environment, workers > 1 ? ['--workers', `${workers}`] : [], nodeArgs);
  const samples = new CpuSamples({
    parley: () => run.cpuSeconds,
    clickhouse: () => cpuSeconds(server.pid),
    broker: () => cpuSeconds(brokerPid),
  });
  try {
    while ((await committed(client)) < messages) await sleep(250);
    await settled(warehouse);
  } finally {
    samples.stop();
  }
  const memory = run.peakMemoryBytes;
  await run.stop();
  await checkCounts(client, messages);
  const runs = await runsOf(client);
  const own = runs.filter(({ stage }) => stage === conversationStage);
  const end = runs.filter(({ events }) => events > 0).at(-1)!.finished;
  const [from, to] = [momentOf(own, messages * 0.1), momentOf(own, messages * 0.9)];
  const between = own.filter(({ finished }) => finished > from && finished <= to);
  const steady = between.reduce((sum, { events }) => sum + events, 0);
  const whole = samples.between(run.startedAt, end);
  const middle = samples.between(from, to);
  return {
    workers,
    steadyMessagesPerSecond: Math.round((steady / (to - from)) * 1000),
    messagesPerSecondWithStart: Math.round((messages / (end - run.startedAt)) * 1000),
    secondsToTopics: since(run, /topics were made/),
    secondsToAssignment: since(run, /gives this process [1-9]/),
    secondsToFirstCommit: round((own[0]!.finished - run.startedAt) / 1000),
    secondsFromLastMessageToLastForward: round((end - own.at(-1)!.finished) / 1000),
    steadyCpuSecondsPerMillion: perMillion(middle, steady),
    cpuSecondsPerMillionWithStart: perMillion(whole, messages),
    peakMemoryMb: Math.round(memory / 1e6),
    batches: batchesOf(runs),
    checkpoints: checkpointsOf(run),
  };
}

/** Seconds from the start until a log line says so first; null when none does. */
function since({ lines, startedAt }: ParleyRun, pattern: RegExp): number | null {
  const found = lines.find(({ msg }) => pattern.test(msg));
  return found === undefined ? null : round((Date.parse(found.time) - startedAt) / 1000);
}

/** When so many events were committed. */
function momentOf(runs: readonly Run[], wanted: number): number {
  let events = 0;
  return runs.find((run) => {
    events += run.events;
    return events >= wanted;
  })!.finished;
}

/** Until no forwards are under way any more: no stage commits anything for a while. */
async function settled({ client }: BenchWarehouse): Promise<void> {
  for (let before = -1; ; await sleep(1_500)) {
    const events = (await runsOf(client)).reduce((sum, run) => sum + run.events, 0);
    if (events === before) return;
    before = events;
  }
}

function perMillion<Name extends string>(cpu: Record<Name, number>, messages: number): Record<string, number> {
  return Object.fromEntries(Object.entries<number>(cpu).map(([name, cpu]) => [name, round((cpu / messages) * 1e6)]));
}

/** How many events a batch had, and how long it took from the start of its delivery to its commit. */
export function batchesOf(runs: readonly Run[]) {
  const stages = [...new Set(runs.map(({ stage }) => stage))];
  return Object.fromEntries(
    stages.map((stage) => {
      const own = runs.filter((run) => run.stage === stage && run.events > 0);
      const elapsed = own.map(({ started, finished }) => finished - started);
      const events = own.reduce((sum, run) => sum + run.events, 0);
      const per = {
        events: Math.round(events / own.length),
        msP50: quantile(elapsed, 0.5),
        msP99: quantile(elapsed, 0.99),
      };
      return [stage, { count: own.length, ...per }];
    }),
  );
}

/** What the tasks said of their checkpoints. */
export function checkpointsOf({ lines }: ParleyRun) {
  const found = lines.filter(({ msg }) => msg.endsWith(': checkpoint'));
  const elapsed = found.map(({ elapsedMs }) => Number(elapsedMs));
  const keys = found.reduce((sum, { changes }) => sum + Number(changes), 0);
  return { count: found.length, keys, msP50: quantile(elapsed, 0.5), msP99: quantile(elapsed, 0.99) };
}

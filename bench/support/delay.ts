import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Kafka } from 'kafkajs';
import { queryRows } from '../../src/warehouse/client.ts';
import { linesOf } from './backlog.ts';
import { ParleyRun } from './group.ts';
import { cpuSeconds } from './process.ts';
import { CpuSamples } from './samples.ts';
import { quantile, round } from './statistics.ts';
import { batchesOf, checkpointsOf } from './throughput.ts';
import { type BenchWarehouse, runsOf } from './warehouse.ts';

export interface DelayOptions {
  readonly kafka: Kafka;
  readonly warehouse: BenchWarehouse;
  readonly brokerPid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the events are, in the order in which they are sent. */
  readonly folder: string;
  readonly prefix: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly workers: number;
  readonly nodeArgs: readonly string[];
}

const topic = 'conversations.messages';
const tickMs = 20;
/** One message of so many ticks is looked for. */
const markEvery = 5;
const pollMs = 100;
/** The first seconds are of programs that warm up. */
const warmMs = 5_000;

/**
 * From the moment that a message is handed to the producer until a query of `fact_messages` shows it: one message of
 * each tenth of a second, looked for every 100 ms, which is in the result.
 */
export async function delay(options: DelayOptions) {
  const { warehouse, brokerPid, environment, perSecond, seconds, workers, nodeArgs } = options;
  const run = new ParleyRun(environment, workers > 1 ? ['--workers', `${workers}`] : [], nodeArgs);
  const readyAt = await run.ready();
  const samples = new CpuSamples({
    parley: () => run.cpuSeconds,
    clickhouse: () => cpuSeconds(warehouse.server.pid),
    broker: () => cpuSeconds(brokerPid),
  });
  const sought = new Map<string, Marked>();
  const delays: number[] = [];
  let isSending = true;
  const startedAt = Date.now();
  const sending = send(options, (marked) => sought.set(marked.id, { ...marked, sentAt: Date.now() })).finally(() => {
    isSending = false;
  });
  sending.catch(() => undefined);
  while (isSending || sought.size > 0) {
    for (const id of await found(warehouse, [...sought.values()])) {
      const { sentAt } = sought.get(id)!;
      sought.delete(id);
      if (sentAt - startedAt >= warmMs) delays.push(Date.now() - sentAt);
    }
    await sleep(pollMs);
  }
  const sent = await sending;
  samples.stop();
  const cpu = samples.between(startedAt + warmMs, startedAt + seconds * 1000);
  const memory = run.peakMemoryBytes;
  await run.stop();
  const measured = seconds - warmMs / 1000;
  return {
    perSecond,
    sentPerSecond: Math.round(sent / seconds),
    workers,
    secondsUntilReady: round((readyAt - run.startedAt) / 1000),
    markers: delays.length,
    msP50: quantile(delays, 0.5),
    msP99: quantile(delays, 0.99),
    msMost: quantile(delays, 1),
    cpuShareOfOneCore: Object.fromEntries(Object.entries(cpu).map(([name, used]) => [name, round(used / measured)])),
    peakMemoryMb: Math.round(memory / 1e6),
    batches: batchesOf(await runsOf(warehouse.client)),
    checkpoints: checkpointsOf(run),
  };
}

interface Marked {
  readonly id: string;
  readonly clinic: string;
  /** Of the event, ISO 8601 in UTC. */
  readonly time: string;
  readonly sentAt: number;
}

/** By the sorting key: a scan of all ids, ten times a second, would take a third of a core from who is measured. */
async function found({ client }: BenchWarehouse, marked: readonly Marked[]): Promise<string[]> {
  if (marked.length === 0) return [];
  const times = marked.map(({ time }) => time).sort();
  const sql = `
    SELECT message_id FROM conversations.fact_messages
    WHERE clinic_code IN {clinics:Array(String)} AND message_id IN {ids:Array(String)}
      AND message_timestamp BETWEEN parseDateTime64BestEffort({from:String}, 3, 'UTC') AND parseDateTime64BestEffort({to:String}, 3, 'UTC')`;
  const rows = await queryRows<{ message_id: string }>(client, sql, {
    clinics: [...new Set(marked.map(({ clinic }) => clinic))],
    ids: marked.map(({ id }) => id),
    from: times[0]!,
    to: times.at(-1)!,
  });
  return rows.map(({ message_id }) => message_id);
}

/** At an even rate, however long the broker takes to answer. Resolves with how many were sent. */
async function send(options: DelayOptions, onMarked: (marked: Omit<Marked, 'sentAt'>) => void): Promise<number> {
  const { kafka, folder, prefix, perSecond, seconds } = options;
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const lines = linesOf(folder, topic);
  const startedAt = performance.now();
  const answers: Promise<unknown>[] = [];
  let sent = 0;
  for (let tick = 0; performance.now() - startedAt < seconds * 1000; tick++) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
    const messages: { key: string; value: string }[] = [];
    let marked: Omit<Marked, 'sentAt'> | undefined;
    for (; sent < due; sent++) {
      const { value } = await lines.next();
      if (value === undefined) throw new Error('There are fewer events than are to be sent');
      const event = JSON.parse(value) as Record<
        'conversation_id' | 'message_id' | 'clinic_code' | 'message_timestamp',
        string
      >;
      marked ??= { id: event.message_id, clinic: event.clinic_code, time: event.message_timestamp };
      messages.push({ key: event.conversation_id, value });
    }
    if (marked !== undefined && tick % markEvery === 0) onMarked(marked);
    if (messages.length > 0) answers.push(producer.send({ topic: `${prefix}${topic}`, messages }));
    await sleep(tickMs);
  }
  await Promise.all(answers);
  await producer.disconnect();
  return sent;
}

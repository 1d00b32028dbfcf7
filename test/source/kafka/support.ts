import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { z } from 'zod';
import { createTopics } from '../../../scripts/stack/topics.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { createKafka, type KafkaOptions } from '../../../src/source/kafka/client.ts';
import { type GroupOptions, KafkaGroup } from '../../../src/source/kafka/group.ts';
import type { KafkaSource } from '../../../src/source/kafka/kafka-source.ts';
import type { StageTopics, TaskId } from '../../../src/source/kafka/shard.ts';
import { createRegistryDecoder } from '../../../src/source/registry/registry-decoder.ts';
import type { BatchLimits, SourceBatch, SourceRecord } from '../../../src/source/source.ts';

/** Keeps what was said, so that a test can look for it. */
export function listeningLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const listen = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: listen('debug'), info: listen('info'), warn: listen('warn'), error: listen('error') };
}

export const quiet = listeningLog();

export function client(brokers: readonly string[], more: Partial<KafkaOptions> = {}): Kafka {
  return createKafka({ brokers, clientId: 'parley-test', log: quiet, ...more });
}

export const topicNames = ['test.first', 'test.second', 'test.third'];
export const schema = z.object({ key: z.string(), at: z.string(), number: z.number() });

/** Most records of these tests have no key. */
export const decoder = createRegistryDecoder({
  client: undefined,
  topics: topicNames.map((name) => ({ name, description: name, key: 'key', time: 'at', schema })),
  plainJson: 'accept',
  isKeyChecked: false,
  log: quiet,
});

export const epoch = Date.UTC(2026, 0, 1);

/** An event's text: `number` seconds after the beginning of 2026, unless another time is given. */
export function eventText(number: number, seconds = number): string {
  return JSON.stringify({ key: `key-${number}`, at: new Date(epoch + seconds * 1000).toISOString(), number });
}

let counter = 0;

/** A name that no other test of the file has. */
export function unique(name: string): string {
  return `${name}-${process.pid}-${++counter}`;
}

/** A stage of one to three new topics. */
export async function newStage(
  kafka: Kafka,
  topics: number,
  partitions: number,
  configuration: Record<string, string> = {},
): Promise<StageTopics> {
  const stage: StageTopics = {
    stage: unique('test.stage'),
    topics: topicNames.slice(0, topics).map((name) => ({ name, kafkaTopic: unique(name), isForward: false })),
  };
  const configEntries = Object.entries(configuration).map(([name, value]) => ({ name, value }));
  await withAdmin(kafka, async (admin) => {
    const topics = stage.topics.map(({ kafkaTopic }) => ({
      topic: kafkaTopic,
      numPartitions: partitions,
      configEntries,
    }));
    await createTopics(admin, topics);
  });
  return stage;
}

export async function withAdmin<Result>(
  kafka: Kafka,
  act: (admin: ReturnType<Kafka['admin']>) => Promise<Result>,
): Promise<Result> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function withProducer<Result>(
  kafka: Kafka,
  act: (producer: Producer) => Promise<Result>,
  options: Parameters<Kafka['producer']>[0] = {},
): Promise<Result> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, ...options });
  await producer.connect();
  try {
    return await act(producer);
  } finally {
    await producer.disconnect();
  }
}

export interface StartedGroup {
  readonly group: KafkaGroup;
  /** Each set of tasks that was assigned. */
  readonly assigned: (readonly TaskId[])[];
  readonly failures: unknown[];
  readonly log: ReturnType<typeof listeningLog>;
  tasks(): readonly TaskId[];
  stop(): Promise<void>;
}

/** A member of the group, once it has its first tasks. */
export async function startGroup(
  kafka: Kafka,
  stages: readonly StageTopics[],
  options: Partial<GroupOptions> = {},
): Promise<StartedGroup> {
  const assigned: (readonly TaskId[])[] = [];
  const failures: unknown[] = [];
  const log = listeningLog();
  const group = new KafkaGroup({
    kafka,
    groupId: unique('group'),
    stages,
    decoder,
    now: () => Date.now(),
    log,
    ...options,
    onAssigned: (tasks) => {
      assigned.push(tasks);
      options.onAssigned?.(tasks);
    },
    onFailure: (error) => failures.push(error),
  });
  await group.start().catch(async (error: unknown) => {
    await group.stop();
    throw error;
  });
  await until('the first tasks', () => assigned.length > 0);
  return { group, assigned, failures, log, tasks: () => assigned.at(-1) ?? [], stop: () => group.stop() };
}

/** Waits for a condition; fails with what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`did not come in ${withinMs} ms: ${what}`);
    await delay(20);
  }
}

export const limits: BatchLimits = { eventsMax: 50_000, bytesMax: 64 * 1024 * 1024 };

/** Batches until so many records came. */
export async function take(source: KafkaSource, count: number, by: BatchLimits = limits): Promise<SourceBatch[]> {
  const batches: SourceBatch[] = [];
  const deadline = performance.now() + 60_000;
  for (let left = count; left > 0; ) {
    const batch = await source.next(by);
    if (batch !== undefined) {
      batches.push(batch);
      left -= batch.records.length;
    } else if (performance.now() > deadline) {
      throw new Error(`${left} of ${count} records did not come`);
    } else {
      await Promise.race([source.ready(), delay(500)]);
    }
  }
  return batches;
}

export const recordsOf = (batches: readonly SourceBatch[]): SourceRecord[] => batches.flatMap(({ records }) => records);

export const numberOf = ({ event }: SourceRecord): number => (event!.value as { number: number }).number;

/** What a record is, for comparing: where it stood, and what was made of it. */
export const shown = ({ topic, shard, offset, time, event, rejection }: SourceRecord): unknown[] => {
  return [topic, shard, offset, time, event?.key, event?.value, rejection?.code];
};

/** `from`, `from + 1` … up to `to`, exclusive. */
export const span = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

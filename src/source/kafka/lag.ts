import type { Kafka } from 'kafkajs';
import { kafkaError } from './failure.ts';
import { openPartitionReader } from './partition-reader.ts';
import type { StageTopics } from './shard.ts';

/** How far a partition of a stage's topic is, by what its tasks last told the group. */
export interface CommittedLag {
  readonly stage: string;
  /** As Kafka names it. */
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record; undefined when none was ever committed. */
  readonly committed: number | undefined;
  /** The offset after the last record. */
  readonly end: number;
  /** Records that are not committed yet. */
  readonly lag: number;
}

/** Internal topics hold a marker for each transaction, which has an offset and is no record; so few are counted. */
const countedMost = 10_000;

/**
 * Every partition of these topics, by stage, topic and partition. Topics that do not exist are left out. Fails with
 * PARLEY_KAFKA_UNREACHABLE or PARLEY_KAFKA_REFUSED.
 */
export async function readLag(kafka: Kafka, groupId: string, stages: readonly StageTopics[]): Promise<CommittedLag[]> {
  const admin = kafka.admin();
  const found: CommittedLag[] = [];
  try {
    await admin.connect();
    const there = new Set(await admin.listTopics());
    for (const { stage, topics } of stages) {
      for (const { kafkaTopic: topic, isForward } of topics.filter(({ kafkaTopic }) => there.has(kafkaTopic))) {
        const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
        const committedOf = new Map(group?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        const ends = await admin.fetchTopicOffsets(topic);
        for (const { partition, low, high } of ends.toSorted((left, right) => left.partition - right.partition)) {
          const offset = committedOf.get(partition) ?? -1;
          const end = Number(high);
          const from = Math.max(offset, Number(low));
          const lag = isForward ? await records(kafka, topic, partition, from, end) : Math.max(0, end - from);
          found.push({ stage, topic, partition, committed: offset < 0 ? undefined : offset, end, lag });
        }
      }
    }
    return found;
  } catch (error) {
    throw kafkaError(error, `group ${groupId}`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Records in [from, to), without markers; an estimate where there are many. */
async function records(kafka: Kafka, topic: string, partition: number, from: number, to: number): Promise<number> {
  if (to - from <= 0 || to - from > countedMost) return Math.max(0, to - from);
  const reader = await openPartitionReader(kafka, topic, partition);
  try {
    let count = 0;
    await reader.read(from, (portion) => {
      count += portion.length;
      return undefined;
    });
    return count;
  } finally {
    await reader.close();
  }
}

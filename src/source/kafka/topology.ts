import { ParleyError } from '../../errors.ts';
import { typeOf } from './broker-access.ts';
import { kafkaError } from './failure.ts';
import type { StageTopics } from './shard.ts';

export type { StageTopics, TaskId } from './shard.ts';

/** Of kafkajs' admin client, connected. */
export interface TopicLister {
  listTopics(): Promise<string[]>;
  fetchTopicMetadata(options: {
    topics: string[];
  }): Promise<{ topics: readonly { readonly name: string; readonly partitions: readonly unknown[] }[] }>;
}

/**
 * The number of partitions of each stage. Fails with PARLEY_TOPIC_MISSING, with PARLEY_PARTITIONS_UNEQUAL when a
 * stage's topics do not have the same number (a key's events would meet in no one task), and with
 * PARLEY_PARTITIONS_CHANGED when a number is not the one in `known`.
 */
export async function checkTopology(
  admin: TopicLister,
  stages: readonly StageTopics[],
  known: ReadonlyMap<string, number> = new Map(),
): Promise<Map<string, number>> {
  const wanted = [...new Set(stages.flatMap(({ topics }) => topics.map(({ kafkaTopic }) => kafkaTopic)))];
  const counts = await partitionCounts(admin, wanted);
  return new Map(stages.map((stage) => [stage.stage, countOf(stage, counts, known.get(stage.stage))]));
}

async function partitionCounts(admin: TopicLister, wanted: string[]): Promise<Map<string, number>> {
  try {
    const there = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !there.has(topic));
    if (missing.length > 0) throw topicMissing(missing);
    if (wanted.length === 0) return new Map();
    const { topics } = await admin.fetchTopicMetadata({ topics: wanted });
    return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  } catch (error) {
    // It was listed by one broker, and the next one asked has not heard of it yet.
    if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') throw topicMissing(wanted);
    throw kafkaError(error, `topics ${wanted.join(', ')}`);
  }
}

/** The stage's number of partitions, by the numbers of its topics. */
export function countOf(
  { stage, topics }: StageTopics,
  counts: ReadonlyMap<string, number>,
  known: number | undefined,
): number {
  const found = topics.map(({ kafkaTopic }) => [kafkaTopic, counts.get(kafkaTopic) ?? 0] as const);
  const received = found.map(([topic, count]) => `${topic}: ${count}`).join(', ');
  const [count = 0] = found.map(([, count]) => count);
  if (known !== undefined && found.some(([, count]) => count !== known)) {
    throw new ParleyError(
      'PARLEY_PARTITIONS_CHANGED',
      `The topics of stage ${stage} have another number of partitions`,
      {
        expected: `${known} partitions, as there were when its journals were begun`,
        received,
        where: `stage ${stage}`,
      },
    );
  }
  if (found.some(([, other]) => other !== count)) {
    throw new ParleyError('PARLEY_PARTITIONS_UNEQUAL', `The topics of stage ${stage} differ in partitions`, {
      expected: 'the same number for all of them',
      received,
      where: `stage ${stage}`,
    });
  }
  return count;
}

function topicMissing(missing: readonly string[]): ParleyError {
  return new ParleyError('PARLEY_TOPIC_MISSING', 'A topic does not exist yet', {
    expected: missing.join(', '),
    received: 'no such topic',
    where: 'the brokers',
  });
}

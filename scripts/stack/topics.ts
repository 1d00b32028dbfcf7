import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, type ITopicConfig, type ITopicMetadata, Kafka, logLevel } from 'kafkajs';
import { ParleyError } from '../../src/errors.ts';
import type { Topic } from '../../src/runtime/domain.ts';

export interface TopicsOptions {
  readonly brokers: string[];
  readonly topics: readonly Topic[];
  readonly topicPrefix?: string;
  readonly partitions: number;
}

/**
 * Creates the topics that producers write to, where they are missing. They are kept for ever: the input of a stack to try
 * things on must not go away under it. Fails with PARLEY_CONFIGURATION when one has another number of partitions.
 */
export async function createInputTopics({
  brokers,
  topics,
  topicPrefix = '',
  partitions,
}: TopicsOptions): Promise<void> {
  const kafka = new Kafka({ clientId: 'parley-stack', brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const wanted = topics.map(({ name }) => ({
      topic: `${topicPrefix}${name}`,
      numPartitions: partitions,
      configEntries: [{ name: 'retention.ms', value: '-1' }],
    }));
    const found = await createTopics(admin, wanted);
    const other = found.filter((topic) => topic.partitions.length !== partitions);
    if (other.length === 0) return;
    throw new ParleyError('PARLEY_CONFIGURATION', 'There are topics with another number of partitions', {
      expected: `${partitions} partitions`,
      received: other.map((topic) => `${topic.name}: ${topic.partitions.length}`).join(', '),
      where: brokers.join(','),
    });
  } finally {
    await admin.disconnect();
  }
}

const leadersMs = 30_000;

/**
 * Creates topics where they are missing, and waits until every partition has a leader. Not with kafkajs's own
 * `waitForLeaders`: right after a topic was made the broker may not know it yet, and that ends kafkajs's wait with an error.
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<ITopicMetadata[]> {
  await admin.createTopics({ topics, waitForLeaders: false });
  const names = topics.map(({ topic }) => topic);
  for (const deadline = Date.now() + leadersMs; ; await delay(50)) {
    try {
      const found = (await admin.fetchTopicMetadata({ topics: names })).topics;
      if (found.every((topic) => topic.partitions.every(({ leader }) => leader >= 0))) return found;
      if (Date.now() > deadline) throw new Error('a partition has no leader');
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

import { Kafka, logLevel } from 'kafkajs';
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
  const names = topics.map(({ name }) => `${topicPrefix}${name}`);
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: names.map((topic) => ({
        topic,
        numPartitions: partitions,
        configEntries: [{ name: 'retention.ms', value: '-1' }],
      })),
    });
    const { topics: found } = await admin.fetchTopicMetadata({ topics: names });
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

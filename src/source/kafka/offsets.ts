import { protocolCodes, protocolError, typeOf } from './broker-access.ts';
import type { Cluster } from './internals.ts';

interface TopicPartition {
  readonly kafkaTopic: string;
  readonly partition: number;
}

/** The first offset that a partition has, and the first that is not yet readable as committed. */
export async function listOffsets(
  cluster: Cluster,
  shard: TopicPartition,
): Promise<{ beginning: number; end: number }> {
  const [[beginning], [end]] = await Promise.all([
    offsetsOf(cluster, [shard], true),
    offsetsOf(cluster, [shard], false),
  ]);
  return { beginning: beginning as number, end: end as number };
}

/** First or next committed offsets, in the order of the partitions. */
export async function offsetsOf(
  cluster: Cluster,
  shards: readonly TopicPartition[],
  fromBeginning: boolean,
): Promise<number[]> {
  const byTopic = new Map<string, { partition: number }[]>();
  for (const { kafkaTopic, partition } of shards) {
    byTopic.set(kafkaTopic, [...(byTopic.get(kafkaTopic) ?? []), { partition }]);
  }
  const asked = [...byTopic].map(([topic, partitions]) => ({ topic, partitions, fromBeginning }));
  const found = new Map<string, number>();
  for (const { topic, partitions } of await cluster.fetchTopicsOffset(asked)) {
    for (const { partition, offset } of partitions) found.set(`${topic}/${partition}`, Number(offset));
  }
  return shards.map(({ kafkaTopic, partition }) => {
    const offset = found.get(`${kafkaTopic}/${partition}`);
    // kafkajs leaves out what it knows no leader of.
    if (offset === undefined) throw protocolError(protocolCodes.leaderNotAvailable);
    return offset;
  });
}

/** Those of the topics that the brokers do not know. Asked one by one: one that is missing spoils an answer for all. */
export async function missingTopics(cluster: Cluster, topics: Iterable<string>): Promise<Set<string>> {
  const missing = new Set<string>();
  const [nodeId] = cluster.getNodeIds();
  for (const topic of topics) {
    try {
      const broker = await cluster.findBroker({ nodeId: nodeId as string });
      await broker.metadata([topic]);
    } catch (error) {
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      missing.add(topic);
    }
  }
  return missing;
}

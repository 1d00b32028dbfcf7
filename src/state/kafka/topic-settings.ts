import { type Cluster, leaderOf, retrying, typeOf } from '../../source/kafka/broker-access.ts';

const dayMs = 24 * 3_600_000;
const topicResource = 2;

/**
 * How the topics of Parley are kept. A journal is compacted: segments are small, since the one being written is never
 * cleaned, and a deleted key is remembered for a week, within which a member may come back with its local store. Forward
 * topics are kept until a checkpoint has passed them (see `trim`), dead letters for as long as the broker keeps anything.
 */
export const journalSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'delete.retention.ms': String(7 * dayMs),
  'min.compaction.lag.ms': '60000',
  'max.compaction.lag.ms': String(dayMs),
  'min.cleanable.dirty.ratio': '0.3',
  'segment.bytes': String(64 * 1024 * 1024),
  'segment.ms': String(dayMs),
  'max.message.bytes': String(16 * 1024 * 1024),
};

export const forwardSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'segment.bytes': String(64 * 1024 * 1024),
  'max.message.bytes': String(16 * 1024 * 1024),
};

export const deadLetterSettings: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'max.message.bytes': String(16 * 1024 * 1024),
};

/** How long a compacted topic remembers that a key was deleted; undefined when the broker does not tell. */
export async function tombstoneLife(cluster: Cluster, topic: string): Promise<number | undefined> {
  const resource = { type: topicResource, name: topic, configNames: ['delete.retention.ms'] };
  try {
    const { resources } = await retrying(cluster, async () =>
      (await leaderOf(cluster, topic, 0)).describeConfigs({ resources: [resource] }),
    );
    const value = resources[0]?.configEntries.find(
      ({ configName }) => configName === 'delete.retention.ms',
    )?.configValue;
    return value === undefined || value === null ? undefined : Number(value);
  } catch (error) {
    if (typeOf(error)?.endsWith('AUTHORIZATION_FAILED')) return undefined;
    throw error;
  }
}

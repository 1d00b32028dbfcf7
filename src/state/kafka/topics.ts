import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { messageOf, ParleyError } from '../../errors.ts';
import { typeOf } from '../../source/kafka/broker-access.ts';
import { deadLetterTopic, forwardTopic, journalTopic } from './names.ts';
import { deadLetterSettings, forwardSettings, journalSettings } from './topic-settings.ts';

export interface TopicsOptions {
  readonly app: string;
  /** The journals to have, with the partitions of their stages' input topics. */
  readonly stages: readonly { readonly name: string; readonly partitions: number }[];
  /** The internal topics to have, with the partitions of the stages that read them. */
  readonly forwards: readonly { readonly topic: string; readonly partitions: number }[];
  /** Of a new dead-letter topic; an existing one may have any number. */
  readonly deadLetterPartitions?: number;
  /** Of new topics; the brokers' default when left out. */
  readonly replicationFactor?: number;
  /** Stronger than ours, for new journals. */
  readonly journalSettings?: Readonly<Record<string, string>>;
}

interface Wanted {
  readonly topic: string;
  /** Undefined: any number will do. */
  readonly partitions: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly policy: 'compact' | 'delete';
}

const topicResource = 2;
const knownMs = 15_000;

/**
 * Makes the topics that Parley writes itself, where they are missing, and returns the names of those it made. One that
 * exists with another number of partitions, or a journal that is not compacted (or is also cut by age, which would drop
 * states that are old and true), is PARLEY_TOPIC_UNFIT: nothing is changed in a topic that exists.
 */
export async function ensureTopics(admin: Admin, options: TopicsOptions): Promise<string[]> {
  const wanted = wantedTopics(options);
  const existing = new Set(await admin.listTopics());
  const missing = wanted.filter(({ topic }) => !existing.has(topic));
  const made = await create(admin, missing, options);
  await check(admin, wanted);
  return made;
}

/**
 * Lets go of what checkpoints have passed in internal topics: of each partition the records before the offset. Offsets
 * that the topic has dropped already are passed over.
 */
export async function trimForwards(
  admin: Admin,
  app: string,
  topic: string,
  offsets: readonly { readonly partition: number; readonly offset: number }[],
): Promise<void> {
  const name = forwardTopic(app, topic);
  // kafkajs deletes in topics only that it has asked for before.
  const bounds = new Map((await admin.fetchTopicOffsets(name)).map((found) => [found.partition, found]));
  const partitions = offsets
    .filter(({ partition, offset }) => {
      const found = bounds.get(partition);
      return found !== undefined && offset > Number(found.low) && offset <= Number(found.high);
    })
    .map(({ partition, offset }) => ({ partition, offset: String(offset) }));
  if (partitions.length > 0) await admin.deleteTopicRecords({ topic: name, partitions });
}

function wantedTopics({ app, stages, forwards, ...options }: TopicsOptions): Wanted[] {
  const journal = { ...journalSettings, ...options.journalSettings };
  return [
    ...stages.map(({ name, partitions }) => ({
      topic: journalTopic(app, name),
      partitions,
      settings: journal,
      policy: 'compact' as const,
    })),
    ...forwards.map(({ topic, partitions }) => ({
      topic: forwardTopic(app, topic),
      partitions,
      settings: forwardSettings,
      policy: 'delete' as const,
    })),
    { topic: deadLetterTopic(app), partitions: undefined, settings: deadLetterSettings, policy: 'delete' as const },
  ];
}

async function create(admin: Admin, missing: readonly Wanted[], options: TopicsOptions): Promise<string[]> {
  const { replicationFactor = -1, deadLetterPartitions = 1 } = options;
  const made: string[] = [];
  for (const { topic, partitions, settings } of missing) {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const numPartitions = partitions ?? deadLetterPartitions;
    try {
      const topics = [{ topic, numPartitions, replicationFactor, configEntries }];
      // kafkajs' own waiting fails when the broker that it asks has not heard of the topic yet; `check` waits for that.
      await admin.createTopics({ topics, waitForLeaders: false });
      made.push(topic);
    } catch (error) {
      const types = typesOf(error);
      // Another member was faster.
      if (types.includes('TOPIC_ALREADY_EXISTS')) continue;
      if (types.some((type) => refusals.has(type))) {
        throw unfit(topic, 'a topic that can be made', messageOf(error), error);
      }
      throw error; // A broker that is away, or no longer the controller: it may pass.
    }
  }
  return made;
}

async function check(admin: Admin, wanted: readonly Wanted[]): Promise<void> {
  const { topics } = await untilKnown(() => admin.fetchTopicMetadata({ topics: wanted.map(({ topic }) => topic) }));
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  for (const { topic, partitions } of wanted) {
    const found = counts.get(topic);
    if (partitions === undefined || found === partitions) continue;
    throw unfit(topic, `${partitions} partitions, as the stage's input topics have`, String(found ?? 'none'));
  }
  const resources = wanted.map(({ topic }) => ({
    type: topicResource,
    name: topic,
    configNames: ['cleanup.policy'],
  }));
  const described = await admin.describeConfigs({ resources, includeSynonyms: false });
  for (const { resourceName, configEntries } of described.resources) {
    const expected = wanted.find(({ topic }) => topic === resourceName)?.policy;
    const received = configEntries.find(({ configName }) => configName === 'cleanup.policy')?.configValue;
    if (received !== undefined && received !== expected) {
      throw unfit(resourceName, `cleanup.policy=${expected}`, `cleanup.policy=${received}`);
    }
  }
}

/** A topic that was just made is not known to every broker at once. */
async function untilKnown<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (const deadline = performance.now() + knownMs; ; ) {
    try {
      return await ask();
    } catch (error) {
      const type = typeOf(error) ?? '';
      const isYoung = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
      if (!isYoung || performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/** What the brokers will say again, however often they are asked. */
const refusals = new Set([
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'INVALID_REQUEST',
  'POLICY_VIOLATION',
]);

/** The protocol's names of an error, and of those that it stands for. */
function typesOf(error: unknown): string[] {
  const { errors } = error as { errors?: unknown };
  return [error, ...(Array.isArray(errors) ? errors : [])].flatMap((one) => typeOf(one) ?? []);
}

function unfit(topic: string, expected: string, received: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_TOPIC_UNFIT', 'A topic of Parley’s own is not as it has to be', {
    expected,
    received,
    where: `topic ${topic}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

import { ParleyError } from '../errors.ts';
import { Connection, type Outgoing } from '../producer/connection.ts';
import type { Topic } from '../runtime/domain.ts';
import { schemaHeader } from '../source/record-decoder.ts';
import { createRegistryDecoder } from '../source/registry/registry-decoder.ts';
import { readWireFormat } from '../source/registry/wire-format.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import {
  type DeadLetterFilter,
  markReplayed,
  readDeadLetters,
  type StoredDeadLetter,
} from '../warehouse/dead-letters.ts';
import { kafkaOf } from './brokers.ts';
import { registryOf } from './registry.ts';
import type { Session } from './session.ts';

/** Letters sent and marked together. */
const lettersAtOnce = 5_000;
const bytesAtOnce = 512 * 1024;
const recordOverheadBytes = 32;

/**
 * Sends dead letters back to the topics that they came from, byte for byte, with the keys that they should have had,
 * and returns how many. They are marked after
 * the brokers have them: a crash in between sends them twice, which counts once, as with any event. Those that stages
 * sent each other stay, since nobody but Parley writes their topics.
 */
export async function sendToTopics(
  session: Session,
  client: ClickHouseClient,
  filter: Pick<DeadLetterFilter, 'code' | 'topic'>,
): Promise<number> {
  const { configuration, domains, log, signal } = session;
  const topics = domains.flatMap((domain) => domain.topics).filter(({ name }) => (filter.topic ?? name) === name);
  const keyOf = await keyReader(session, topics);
  const connection = new Connection(kafkaOf(configuration, log));
  // Letters refused again while this goes on are for the next time.
  const before = Date.now();
  let sent = 0;
  try {
    for (const topic of topics) {
      const seen = new Set<string>();
      while (!signal.aborted) {
        const letters = await readDeadLetters(client, {
          ...filter,
          topic: topic.name,
          isPending: true,
          isReturnable: true,
          before,
          limit: lettersAtOnce,
        });
        if (letters.length === 0) break;
        if (letters.some(({ id }) => seen.has(id))) {
          throw new ParleyError('PARLEY_INTERNAL', 'A dead letter that was sent back is not marked so');
        }
        const items: Outgoing[] = [];
        for (const letter of letters) {
          seen.add(letter.id);
          const message = {
            key: (await keyOf(topic, letter)) ?? letter.key,
            value: letter.bytes,
            ...(letter.schema === null ? {} : { headers: { [schemaHeader]: letter.schema } }),
          };
          const bytes = letter.bytes.length + (message.key?.length ?? 0);
          items.push({ topic: kafkaTopicOf(letter, configuration.kafka.topicPrefix), bytes, message });
        }
        for (const portion of portionsOf(items)) await connection.send(portion);
        await markReplayed(
          client,
          letters.map(({ id }) => id),
        );
        sent += letters.length;
      }
    }
    return sent;
  } finally {
    await connection.close();
  }
}

/** What brokers take at once: all of it may go to one partition, whose batch they bound at 1 MiB. */
function* portionsOf(items: readonly Outgoing[]): Generator<readonly Outgoing[]> {
  let portion: Outgoing[] = [];
  let bytes = 0;
  for (const item of items) {
    if (portion.length > 0 && bytes + item.bytes > bytesAtOnce) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(item);
    bytes += item.bytes + recordOverheadBytes;
  }
  if (portion.length > 0) yield portion;
}

/** The topic that it was read from; a letter of a file goes to where such events are read now. */
export function kafkaTopicOf({ shard, topic }: Pick<StoredDeadLetter, 'shard' | 'topic'>, topicPrefix: string): string {
  return /^kafka\/(.+)\/\d+$/.exec(shard)?.[1] ?? `${topicPrefix}${topic}`;
}

/** The key of a plain JSON event, also of one that is refused for something else; undefined when it has none. */
export function keyOfJson(topic: Topic, bytes: Buffer, from = 0): string | undefined {
  try {
    const event = JSON.parse(bytes.toString('utf8', from)) as Record<string, unknown> | null;
    const key = event?.[topic.key];
    return typeof key === 'string' && key !== '' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Finds the key that a record should have, which may not be the one that it had; null: none is found. */
async function keyReader(
  session: Session,
  topics: readonly Topic[],
): Promise<(topic: Topic, letter: StoredDeadLetter) => Promise<string | null>> {
  const client = await registryOf(session.configuration);
  const decoder = createRegistryDecoder({ client, topics, plainJson: 'accept', isKeyChecked: false, log: session.log });
  return async (topic, { bytes, schema }) => {
    const wire = readWireFormat(bytes, schema ?? undefined);
    const from = typeof wire === 'object' ? wire.from : 0;
    const key = keyOfJson(topic, bytes, from);
    if (key !== undefined || client === undefined || typeof wire !== 'object') return key ?? null;
    const headers = schema === null ? undefined : { [schemaHeader]: schema };
    return (await decoder.decode(topic.name, bytes, null, headers)).event?.key ?? null;
  };
}

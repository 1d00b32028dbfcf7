import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { ParleyError } from '../errors.ts';
import { createDecoder, tooLarge } from '../events/decode.ts';
import type { Topic } from '../runtime/domain.ts';
import { createRegistry, type RegistryOptions, type SchemaRegistry } from '../source/registry/client.ts';
import { Batcher } from './batcher.ts';
import { checkEvents, InvalidEventsError } from './check.ts';
import { Connection, type Outgoing } from './connection.ts';
import { type ProducerEvents, producerTopics, type TopicName } from './events.ts';
import { type Serialize, serializePlain, wireSerializer } from './serializer.ts';

interface CommonOptions {
  /** `json` and `avro` are the wire format of the Schema Registry; `plain` is JSON alone. */
  readonly format: 'json' | 'avro' | 'plain';
  /** Needed for `json` and `avro`. */
  readonly schemaRegistry?: RegistryOptions & {
    /** Whether schemas that the registry does not have are registered. Default false: `parley schemas register` does. */
    readonly isRegistering?: boolean;
  };
  /** Put before every topic, as in Parley's configuration. Default none. */
  readonly topicPrefix?: string;
  /** Milliseconds that an event waits for others to share its request. Default 5. */
  readonly lingerMs?: number;
  /** Bytes of a request, at most (one event is always sent): less than the brokers' `message.max.bytes`. Default 512 KiB. */
  readonly batchBytesMax?: number;
}

/** A kafkajs client of one's own, or brokers and how to sign in to them, as kafkajs has it. */
export type ProducerOptions = CommonOptions &
  (
    | { readonly kafka: Kafka }
    | ({ readonly kafka?: undefined; readonly brokers: readonly string[] } & Pick<
        KafkaConfig,
        'clientId' | 'ssl' | 'sasl'
      >)
  );

export interface EventProducer {
  /**
   * Checks the events, gives each the key of its topic, and sends them: in the order of the calls for a key. Resolves when
   * every in-sync replica has them. Nothing of a call is sent when one of its events is wrong.
   *
   * Fails with PARLEY_EVENT_INVALID (`faults` names every one), PARLEY_PUBLISH_FAILED (send again: what arrived twice counts
   * once), PARLEY_SCHEMA_MISSING, PARLEY_REGISTRY_UNREACHABLE and PARLEY_REGISTRY_REFUSED.
   */
  send<Name extends TopicName>(
    topic: Name,
    events: ProducerEvents[Name] | readonly ProducerEvents[Name][],
  ): Promise<void>;
  /** Sends what waits, and disconnects. Nothing can be sent afterwards. */
  close(): Promise<void>;
}

/** Publishes events to Parley's topics. It connects with the first event; whoever made it closes it. */
export function createProducer(options: ProducerOptions): EventProducer {
  const { format, topicPrefix = '', lingerMs = 5, batchBytesMax = 524_288 } = options;
  if (format !== 'plain' && options.schemaRegistry === undefined) {
    throw new ParleyError('PARLEY_USAGE', 'The Schema Registry is not named', {
      expected: `schemaRegistry: { url }, as the format is ${format}`,
      received: 'none',
    });
  }
  const topics = producerTopics();
  const decoder = createDecoder([...topics.values()]);
  const connection = new Connection(options.kafka ?? new Kafka(kafkaConfig(options)));
  const batcher = new Batcher<Outgoing>({ send: (items) => connection.send(items), lingerMs, batchBytesMax });
  const serializers = new Map<string, Promise<Serialize>>();
  let registry: Promise<SchemaRegistry> | undefined;
  let isClosed = false;

  function serializerOf(topic: Topic): Promise<Serialize> {
    let serializer = serializers.get(topic.name);
    if (serializer === undefined) {
      serializer = makeSerializer(topic);
      serializers.set(topic.name, serializer);
      // The next call asks again.
      serializer.catch(() => serializers.delete(topic.name));
    }
    return serializer;
  }

  async function makeSerializer(topic: Topic): Promise<Serialize> {
    if (format === 'plain' || options.schemaRegistry === undefined) return serializePlain;
    const { isRegistering = false, ...access } = options.schemaRegistry;
    registry ??= createRegistry(access);
    return wireSerializer(await registry, topic, { format, topicPrefix, isRegistering });
  }

  return {
    async send(name, events) {
      if (isClosed) throw new ParleyError('PARLEY_USAGE', 'The producer is closed');
      const topic = topics.get(name);
      if (topic === undefined) {
        throw new ParleyError('PARLEY_TOPIC_UNKNOWN', 'There is no such topic', {
          expected: [...topics.keys()].join(', '),
          received: name,
        });
      }
      const list: readonly unknown[] = Array.isArray(events) ? events : [events];
      const checked = checkEvents(decoder, topic, list, Date.now());
      if (checked.length === 0) return;
      const serialize = await serializerOf(topic);
      const outgoing = checked.map(({ key, value }): Outgoing => {
        const message = { key, value: serialize(value) };
        return { topic: topicPrefix + name, bytes: message.value.length + key.length, message };
      });
      const faults = outgoing.flatMap(({ message: { value } }, index) => {
        const size = (value as Buffer).length;
        return size > decoder.eventBytesMax
          ? [{ index, message: tooLarge(size, decoder.eventBytesMax).rejection.message }]
          : [];
      });
      if (faults.length > 0) throw new InvalidEventsError(name, outgoing.length, faults);
      await batcher.add(outgoing);
    },
    async close() {
      isClosed = true;
      // Calls that are still on their way to the batch get into it.
      await Promise.allSettled(serializers.values());
      await batcher.flush();
      await connection.close();
    },
  };
}

function kafkaConfig({ brokers, clientId = 'parley-producer', ssl, sasl }: ProducerOptions & { kafka?: undefined }) {
  return {
    brokers: [...brokers],
    clientId,
    // What goes wrong is thrown; a library does not write to its user's terminal.
    logLevel: logLevel.NOTHING,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

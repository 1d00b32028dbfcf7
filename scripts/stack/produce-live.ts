import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { CompressionTypes, Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs';
import type { Topic } from '../../src/runtime/domain.ts';
import { type LiveEvent, LiveEvents, type LiveOptions } from './live-events.ts';

export interface ProduceOptions extends Partial<LiveOptions> {
  readonly brokers: string[];
  readonly topics: readonly Topic[];
  readonly topicPrefix?: string;
  /** The ids under which the registry has the topics' schemas: events carry them. Without: plain JSON. */
  readonly schemaIds?: ReadonlyMap<string, number>;
  /** Ends it, without an error. */
  readonly signal: AbortSignal;
  readonly onProduced?: (events: number) => void;
  /** Called when the brokers cannot be reached; it goes on trying. */
  readonly onTrouble?: (message: string) => void;
}

const tickMs = 100;
const retryMs = 1_000;

/**
 * Writes events to Kafka as they happen, by the clock, keyed as the contract says. While the brokers are away it keeps
 * what it has and tries again; an event may then be written twice, as by any producer, and counts once.
 */
export async function produceLive(options: ProduceOptions): Promise<void> {
  const { brokers, signal } = options;
  const kafka = new Kafka({ clientId: 'parley-live', brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  const events = new LiveEvents(
    {
      ratePerSecond: options.ratePerSecond ?? 20,
      clinics: options.clinics ?? 40,
      lateShare: options.lateShare ?? 0.02,
      // A stack that is started again must not repeat itself.
      seed: options.seed ?? Math.floor(Date.now() / 1000),
    },
    Date.now(),
  );
  const asMessage = encoder(options);
  try {
    await insist(() => producer.connect(), options);
    while (!signal.aborted) {
      const taken = events.take(Date.now());
      if (taken.length > 0) await insist(() => send(producer, taken, asMessage, options.topicPrefix ?? ''), options);
      if (!signal.aborted) options.onProduced?.(taken.length);
      await delay(tickMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await producer.disconnect();
  }
}

async function insist(work: () => Promise<unknown>, { signal, onTrouble }: ProduceOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
      return;
    } catch (error) {
      // Node does not see this export of a CommonJS package by its name.
      if (!(error instanceof kafkajs.KafkaJSError)) throw error;
      onTrouble?.(error.message);
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function send(producer: Producer, events: LiveEvent[], asMessage: Encoder, topicPrefix: string): Promise<void> {
  const byTopic = new Map<string, Message[]>();
  for (const event of events) {
    const messages = byTopic.get(event.topic);
    if (messages === undefined) byTopic.set(event.topic, [asMessage(event)]);
    else messages.push(asMessage(event));
  }
  await producer.sendBatch({
    compression: CompressionTypes.GZIP,
    topicMessages: [...byTopic].map(([topic, messages]) => ({ topic: `${topicPrefix}${topic}`, messages })),
  });
}

type Encoder = (event: LiveEvent) => Message;

/** Keys an event by its topic's field, and puts Confluent's five bytes before it: a zero, and the id of the schema. */
function encoder({ topics, schemaIds }: ProduceOptions): Encoder {
  const keys = new Map(topics.map(({ name, key }) => [name, key]));
  return ({ topic, line }) => {
    const field = keys.get(topic);
    const key = field === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>)[field];
    const id = schemaIds?.get(topic);
    if (typeof key !== 'string') throw new Error(`no key for an event of ${topic}`);
    if (id === undefined) return { key, value: line };
    const value = Buffer.alloc(5 + Buffer.byteLength(line));
    value.writeUInt32BE(id, 1);
    value.write(line, 5);
    return { key, value };
  };
}

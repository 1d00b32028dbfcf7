import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { conversationTopics } from '../../src/processors/conversations/domain.ts';
import { createProducer, InvalidEventsError, type ProducerOptions } from '../../src/producer/index.ts';
import { createRegistry } from '../../src/source/registry/client.ts';
import { createRegistryDecoder } from '../../src/source/registry/registry-decoder.ts';
import { type Broker, startBroker } from '../kafka/broker.ts';
import { type Registry, startRegistry } from '../kafka/registry.ts';

const prefix = 'test.';
const topic = 'conversations.messages';
const partitions = 4;
let broker: Broker;
let registry: Registry;
let kafka: Kafka;

beforeAll(async () => {
  [broker, registry] = await Promise.all([startBroker(), startRegistry()]);
  kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = ['json.', 'avro.', 'plain.', 'order.', 'restart.'].map((name) => ({
    topic: prefix + name + topic,
    numPartitions: partitions,
  }));
  await admin.createTopics({ topics });
  await admin.disconnect();
}, 120_000);
afterAll(() => Promise.all([broker.stop(), registry.stop()]));

function producerOf(options: Partial<ProducerOptions>) {
  const schemaRegistry = { url: registry.url, isRegistering: true };
  const producer = createProducer({
    brokers: broker.brokers,
    format: 'plain',
    schemaRegistry,
    ...options,
  } as ProducerOptions);
  onTestFinished(() => producer.close());
  return producer;
}

function message(number: number, conversation = `c-${number % 7}`) {
  return {
    message_id: `m-${number}`,
    conversation_id: conversation,
    customer_id: 'u-1',
    clinic_code: 'North',
    direction: 'in' as const,
    direction_type: 'initial' as const,
    channel: 'sms',
    message_timestamp: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    ...(number % 2 === 0 ? { text_length: number } : {}),
  };
}

interface Taken {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

async function read(name: string, count: number): Promise<Taken[]> {
  const consumer = kafka.consumer({ groupId: `read-${name}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: name, fromBeginning: true });
  const taken: Taken[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({
      partition,
      message: { key, value },
    }: {
      partition: number;
      message: Taken | { key: Buffer | null; value: Buffer | null };
    }) => {
      taken.push({ partition, key, value });
      if (taken.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return taken;
}

describe('a producer', () => {
  it.each(['json', 'avro', 'plain'] as const)(
    'publishes %s that Parley reads as the same events, by murmur2',
    async (format) => {
      const topicPrefix = `${prefix}${format}.`;
      const producer = producerOf({ format, topicPrefix });
      const events = Array.from({ length: 50 }, (_, number) => message(number));
      await Promise.all([producer.send(topic, events.slice(0, 20)), producer.send(topic, events.slice(20, 49))]);
      await producer.send(topic, events[49]!);
      const taken = await read(topicPrefix + topic, events.length);
      const client = await createRegistry({ url: registry.url });
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const decoder = createRegistryDecoder({
        client,
        topics: conversationTopics,
        plainJson: format === 'plain' ? 'accept' : 'refuse',
        log,
      });
      const decoded = await Promise.all(taken.map(({ value, key }) => decoder.decode(topic, value, key)));
      expect(decoder.status.lookups).toBe(format === 'plain' ? 0 : 1);
      const byId = (left: { message_id: string }, right: { message_id: string }) =>
        left.message_id.localeCompare(right.message_id);
      const values = decoded.map(({ event, rejection }) => event?.value ?? rejection) as typeof events;
      expect(values.sort(byId)).toEqual([...events].sort(byId));
      const partitioner = Partitioners.DefaultPartitioner();
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        partitionId,
        leader: 0,
        replicas: [],
        isr: [],
        partitionErrorCode: 0,
      }));
      for (const { key, partition } of taken) {
        expect(partition).toBe(partitioner({ topic, partitionMetadata, message: { key, value: null } }));
      }
    },
  );

  it('keeps the order of the calls for a key, in requests of any size', async () => {
    const topicPrefix = `${prefix}order.`;
    const producer = producerOf({ topicPrefix, batchBytesMax: 2_000 });
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    await Promise.all(numbers.map((number) => producer.send(topic, message(number, 'one'))));
    const taken = await read(topicPrefix + topic, numbers.length);
    const ids = taken.map(({ value }) => (JSON.parse(value!.toString()) as { message_id: string }).message_id);
    expect(ids).toEqual(numbers.map((number) => `m-${number}`));
  });

  it('names every fault of every event, and sends nothing of the call', async () => {
    const producer = producerOf({ brokers: ['127.0.0.1:9'] });
    const events = [
      message(1),
      { ...message(2), channel: '', direction: 'up', text_length: -1 },
      { ...message(3), message_timestamp: '2050-01-01T00:00:00Z' },
    ];
    const error = await producer.send(topic, events as never).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidEventsError);
    expect(error).toMatchObject({
      code: 'PARLEY_EVENT_INVALID',
      message: '2 of 3 events are not what conversations.messages takes',
    });
    const faults = (error as InvalidEventsError).faults.map(
      ({ index, message: text }) => `${index} ${text.split(',')[0]}`,
    );
    expect(faults.length).toBeGreaterThanOrEqual(4);
    expect(faults.filter((fault) => fault.startsWith('1 '))).toEqual([
      expect.stringMatching(/^1 direction: expected/),
      expect.stringMatching(/^1 channel: expected/),
      ...Array.from({ length: faults.length - 4 }, () => expect.stringMatching(/^1 channel: expected/)),
      expect.stringMatching(/^1 text_length: expected/),
    ]);
    expect(faults.at(-1)).toMatch(/^2 message_timestamp: expected a time from 2000/);
    await expect(producer.send(topic, { ...message(4), text: 'x'.repeat(1_048_576) })).rejects.toMatchObject({
      code: 'PARLEY_EVENT_INVALID',
    });
  });

  it('says what is missing: a registry, its schema, a broker, a topic', async () => {
    expect(() => createProducer({ brokers: broker.brokers, format: 'avro' })).toThrow(/Schema Registry is not named/);
    const strict = producerOf({ format: 'json', schemaRegistry: { url: registry.url }, topicPrefix: 'unregistered.' });
    await expect(strict.send(topic, message(1))).rejects.toMatchObject({ code: 'PARLEY_SCHEMA_MISSING' });
    const lost = producerOf({ format: 'json', schemaRegistry: { url: 'http://127.0.0.1:9' } });
    await expect(lost.send(topic, message(1))).rejects.toMatchObject({ code: 'PARLEY_REGISTRY_UNREACHABLE' });
    const unheard = producerOf({
      kafka: new Kafka({ brokers: ['127.0.0.1:9'], logLevel: logLevel.NOTHING, retry: { retries: 0 } }),
    });
    await expect(unheard.send(topic, message(1))).rejects.toMatchObject({
      code: 'PARLEY_PUBLISH_FAILED',
      retryable: true,
    });
    await expect(producerOf({}).send('conversations.none' as never, message(1) as never)).rejects.toMatchObject({
      code: 'PARLEY_TOPIC_UNKNOWN',
    });
    const closed = producerOf({});
    await closed.close();
    await expect(closed.send(topic, message(1))).rejects.toMatchObject({ code: 'PARLEY_USAGE' });
  });

  it('sends what waits when it is closed, and goes on after the broker was away', async () => {
    const topicPrefix = `${prefix}restart.`;
    const producer = producerOf({ topicPrefix });
    await producer.send(topic, message(0));
    broker.kill();
    // Confirmed by a later try, or given back: then it is sent again, as its page says.
    let isGivenBack = false;
    const waiting = producer.send(topic, message(1)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'PARLEY_PUBLISH_FAILED' });
      isGivenBack = true;
    });
    await broker.restart();
    await waiting;
    if (isGivenBack) await producer.send(topic, message(1));
    const last = producer.send(topic, message(2));
    await producer.close();
    await last;
    const taken = await read(topicPrefix + topic, 3);
    const ids = new Set(taken.map(({ value }) => (JSON.parse(value!.toString()) as { message_id: string }).message_id));
    expect([...ids].sort()).toEqual(['m-0', 'm-1', 'm-2']);
  }, 120_000);
});

import { type Admin, CompressionTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  openPartitionReader,
  type PartitionReader,
  type PartitionReaderOptions,
  type RawRecord,
} from '../../../src/source/kafka/partition-reader.ts';
import { type Broker, startBroker } from '../../kafka/broker.ts';

let broker: Broker;
let kafka: Kafka;
let admin: Admin;

beforeAll(async () => {
  broker = await startBroker();
  kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50 } });
  admin = kafka.admin();
  await admin.connect();
}, 120_000);

afterAll(async () => {
  await admin?.disconnect();
  await broker?.stop();
});

let topics = 0;

async function makeTopic(configuration: Record<string, string> = {}, numPartitions = 2): Promise<string> {
  const topic = `reader-${++topics}`;
  const configEntries = Object.entries(configuration).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] });
  return topic;
}

async function openReader(topic: string, options?: PartitionReaderOptions): Promise<PartitionReader> {
  const reader = await openPartitionReader(kafka, topic, 1, options);
  onTestFinished(() => reader.close());
  return reader;
}

async function openProducer(transactionalId?: string): Promise<Producer> {
  const options = transactionalId === undefined ? {} : { transactionalId, idempotent: true, maxInFlightRequests: 1 };
  const producer = kafka.producer({ ...options, retry: { initialRetryTime: 5, retries: 50 } });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  return producer;
}

async function readAll(reader: PartitionReader, from: number, to?: number) {
  const records: RawRecord[] = [];
  const next = await reader.read(from, (portion) => void records.push(...portion), to === undefined ? {} : { to });
  return { records, next, values: records.map(({ value }) => value?.toString()) };
}

test('gives back keys, values, headers and times, plain and compressed, from any offset to any other', async () => {
  const topic = await makeTopic();
  const producer = await openProducer();
  const messages = Array.from({ length: 300 }, (_, index) => ({
    partition: 1,
    key: index % 3 === 0 ? null : `key ${index}`,
    value: index % 5 === 0 ? null : `é value ${index}`,
    timestamp: `${1_700_000_000_000 + index * 86_400_000 * (index % 2 === 0 ? 1 : -1)}`,
    headers: index % 7 === 0 ? { one: `${index}`, twice: ['a', 'b'] } : {},
  }));
  await producer.send({ topic, messages: messages.slice(0, 100) });
  await producer.send({ topic, messages: messages.slice(100, 200), compression: CompressionTypes.GZIP });
  await producer.send({ topic, messages: messages.slice(200) });
  const reader = await openReader(topic, { fetchBytes: 1_000 });
  expect(await reader.bounds()).toEqual({ beginning: 0, end: 300 });
  const { records, next } = await readAll(reader, 0);
  expect(next).toBe(300);
  expect(
    records.map(({ key, value, timestamp, headers }) => ({
      partition: 1,
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      timestamp: `${timestamp}`,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, held]) => [name, Array.isArray(held) ? held.map(String) : String(held)]),
      ),
    })),
  ).toEqual(messages);
  const some = await readAll(reader, 150, 251);
  expect([some.records[0]!.offset, some.records.at(-1)!.offset, some.records.length, some.next]).toEqual([
    150, 250, 101, 251,
  ]);
  expect(await readAll(reader, 300)).toMatchObject({ records: [], next: 300 });
  let portions = 0;
  const stopped = await reader.read(0, (_, reached) => ++portions === 2 || reached === -1);
  expect(portions).toBe(2);
  expect(stopped).toBeGreaterThan(0);
  expect(stopped).toBeLessThan(300);
});

test('leaves out what was aborted and the markers, and reads up to the last stable offset', async () => {
  const topic = await makeTopic();
  const [one, two] = [await openProducer(`${topic}-one`), await openProducer(`${topic}-two`)];
  const send = (transaction: { send: Producer['send'] }, value: string) =>
    transaction.send({ topic, messages: [{ partition: 1, value }] });
  // A record that looks like the key of an abort marker, in the middle of a transaction that is aborted.
  const fake = { partition: 1, key: Buffer.from([0, 0, 0, 0]), value: 'aborted fake' };
  const aborted = await one.transaction();
  const committed = await two.transaction();
  await send(aborted, 'aborted 1');
  await send(committed, 'committed 1');
  await aborted.send({ topic, messages: [fake] });
  await send(aborted, 'aborted 2');
  await send(committed, 'committed 2');
  await aborted.abort();
  await committed.commit();
  const second = await one.transaction();
  await send(second, 'committed 3');
  await second.commit();
  const reader = await openReader(topic);
  await expect
    .poll(async () => (await readAll(reader, 0)).values)
    .toEqual(['committed 1', 'committed 2', 'committed 3']);
  const { end } = await reader.bounds();
  const open = await two.transaction();
  await send(open, 'open');
  const after = await one.transaction();
  await send(after, 'behind the open one');
  await after.commit();
  expect((await reader.bounds()).end).toBe(end);
  // Asked for more, it waits until that is decided.
  const awaited = readAll(reader, end, end + 2);
  await open.commit();
  expect((await awaited).values).toEqual(['open', 'behind the open one']);
});

test('an offset that is gone, or never was, is PARLEY_INPUT_GONE', async () => {
  const topic = await makeTopic();
  const producer = await openProducer();
  await producer.send({ topic, messages: Array.from({ length: 10 }, (_, n) => ({ partition: 1, value: `${n}` })) });
  await admin.fetchTopicOffsets(topic); // kafkajs deletes in topics only that it has asked for before.
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] });
  const reader = await openReader(topic, { patienceMs: 600 });
  expect(await reader.bounds()).toEqual({ beginning: 4, end: 10 });
  const isGone = { code: 'PARLEY_INPUT_GONE', detail: { where: expect.stringContaining(topic) } };
  await expect(readAll(reader, 3)).rejects.toMatchObject(isGone);
  await expect(readAll(reader, 11, 12)).rejects.toMatchObject(isGone);
  await expect(readAll(reader, 8, 12)).rejects.toMatchObject(isGone);
  expect((await readAll(reader, 4)).values).toEqual(['4', '5', '6', '7', '8', '9']);
});

test('an open transaction that does not end in time, and a topic that does not exist, are errors with a code', async () => {
  const topic = await makeTopic();
  const producer = await openProducer(`${topic}-one`);
  const open = await producer.transaction();
  await open.send({ topic, messages: [{ partition: 1, value: 'open' }] });
  const reader = await openReader(topic, { patienceMs: 600 });
  await expect(readAll(reader, 0, 1)).rejects.toMatchObject({ code: 'PARLEY_KAFKA_UNREACHABLE' });
  await open.abort();
  for (const [name, partition] of [
    ['no-such-topic', 0],
    [topic, 2],
  ] as const) {
    const opening = openPartitionReader(kafka, name, partition, { patienceMs: 300 });
    await expect(opening).rejects.toMatchObject({ code: 'PARLEY_CONFIGURATION' });
  }
});

test('goes on through a broker that restarts', async () => {
  const topic = await makeTopic();
  const producer = await openProducer();
  const count = 2_000;
  const messages = Array.from({ length: count }, (_, n) => ({ partition: 1, value: `${n} ${'x'.repeat(500)}` }));
  for (let at = 0; at < count; at += 100) await producer.send({ topic, messages: messages.slice(at, at + 100) });
  const reader = await openReader(topic, { fetchBytes: 50_000 });
  const found: number[] = [];
  let restarting: Promise<unknown> | undefined;
  await reader.read(0, async (records) => {
    found.push(...records.map(({ offset }) => offset));
    if (restarting === undefined && found.length > 500) {
      restarting = broker.restart();
      await restarting;
    }
  });
  expect(found).toEqual(Array.from({ length: count }, (_, n) => n));
}, 120_000);

/**
 * What reading Kafka costs: messages a second and CPU seconds a million, from the broker to validated events in batches,
 * on one process; beside kafkajs' own consumer with the same decoder, which has no order, no bounds and no ranges.
 *
 *   npx tsx bench/kafka-source.ts [messages = 1000000] [partitions = 8] [codecs = None,Snappy,LZ4,GZIP]
 */
import kafkajs, { type Kafka } from 'kafkajs';
import { startKafka } from '../scripts/stack/kafka.ts';
import { allDomains } from '../src/domains.ts';
import { createDecoder } from '../src/events/decode.ts';
import { CHUNK_EVENTS } from '../src/runtime/batch.ts';
import type { Log } from '../src/runtime/log.ts';
import { createKafka } from '../src/source/kafka/client.ts';
import { KafkaGroup } from '../src/source/kafka/group.ts';
import type { StageTopics, TaskId } from '../src/source/kafka/shard.ts';
import { createRegistryDecoder } from '../src/source/registry/registry-decoder.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const partitions = Number(process.argv[3] ?? 8);
const codecs = (process.argv[4] ?? 'None,Snappy,LZ4,GZIP').split(',') as ('None' | 'Snappy' | 'LZ4' | 'GZIP')[];
const name = 'conversations.messages';
const batchEvents = 50_000;
const limits = { bytesMax: 64 * 1024 * 1024 };
const none = () => undefined;
const silent: Log = { debug: none, info: none, warn: none, error: none };
const topics = allDomains().flatMap((domain) => domain.topics);
const plain = createDecoder(topics);
const decoder = createRegistryDecoder({ client: undefined, topics, plainJson: 'accept', log: silent });

/** About 250 bytes each, the same for the same count. */
function message(index: number): { key: string; value: string } {
  const conversation = `conv-${String((index * 7_919) % Math.max(1, Math.floor(count / 20))).padStart(7, '0')}`;
  const value = JSON.stringify({
    message_id: `${(index * 2_654_435_761).toString(16).padStart(13, '0')}-8000-${index.toString(16).padStart(12, '0')}`,
    conversation_id: conversation,
    customer_id: `cust-${String((index * 7) % 50_000).padStart(7, '0')}`,
    clinic_code: `CL${String(index % 40).padStart(3, '0')}`,
    direction: index % 2 === 0 ? 'in' : 'out',
    direction_type: (['initial', 'followup', 'response'] as const)[index % 3],
    channel: (['whatsapp', 'sms', 'webchat', 'email'] as const)[index % 4],
    message_timestamp: new Date(Date.UTC(2026, 0, 1) + index * 2_500).toISOString(),
  });
  return { key: conversation, value };
}

async function produce(kafka: Kafka, topic: string, compression: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const block = 5_000;
  for (let from = 0; from < count; from += block) {
    const messages = Array.from({ length: Math.min(block, count - from) }, (_, index) => message(from + index));
    await producer.send({ topic, messages, compression });
  }
  await producer.disconnect();
}

async function measure(what: string, act: () => Promise<string>): Promise<void> {
  global.gc?.();
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const more = await act();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(before);
  const rate = Math.round(count / seconds).toLocaleString('en');
  const cpu = ((user + system) / count).toFixed(2);
  const memory = Math.round(process.memoryUsage.rss() / 1e6);
  console.log(
    `${what.padEnd(36)} ${rate.padStart(10)} messages/s ${cpu.padStart(6)} CPU s a million ${memory} MB ${more}`,
  );
}

async function bySource(kafka: Kafka, topic: string): Promise<string> {
  const stage: StageTopics = { stage: 'bench.messages', topics: [{ name, kafkaTopic: topic, isForward: false }] };
  let batches = 0;
  let taken = 0;
  let buffered = 0;
  const drain = async (group: KafkaGroup, task: TaskId) => {
    const source = group.source(task);
    await source.seek(new Map());
    for (let size = 0; taken < count; ) {
      // As a task does: portions of a chunk each, up to the size of a batch.
      const batch = await source.next({ ...limits, eventsMax: CHUNK_EVENTS, isContinued: size > 0 });
      if (batch === undefined) {
        if (size === 0) await Promise.race([source.ready(), done]);
        else batches++;
        size = 0;
        continue;
      }
      size = size + batch.records.length < batchEvents ? size + batch.records.length : 0;
      if (size === 0) batches++;
      for (const { event } of batch.records) if (event === undefined) throw new Error('a message was refused');
      taken += batch.records.length;
      if (taken >= count) finish();
    }
  };
  let finish: () => void = none;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let draining: Promise<unknown> = Promise.resolve();
  const group = new KafkaGroup({
    kafka,
    groupId: `bench-${topic}`,
    stages: [stage],
    decoder,
    now: Date.now,
    log: silent,
    onAssigned: (tasks) => {
      draining = Promise.all(tasks.map((task) => drain(group, task)));
      draining.catch(finish);
    },
    onFailure: (error) => {
      throw error;
    },
  });
  group.onRecords(() => {
    buffered = Math.max(buffered, group.buffered().bytes);
  });
  await group.start();
  await done;
  await draining;
  await group.stop();
  return `${Math.round(count / Math.max(1, batches))} a batch, at most ${Math.round(buffered / 1e6)} MB waiting`;
}

async function byConsumer(kafka: Kafka, topic: string): Promise<string> {
  const consumer = kafka.consumer({ groupId: `bench-consumer-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let taken = 0;
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) {
          if (plain.decode(name, (value as Buffer).toString(), Date.now()).event === undefined)
            throw new Error('refused');
        }
        taken += batch.messages.length;
        if (taken >= count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return '';
}

const broker = await startKafka({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
try {
  const kafka = createKafka({ brokers: broker.brokers, clientId: 'bench', log: silent });
  console.log(`${count.toLocaleString('en')} messages, ${partitions} partitions`);
  for (const codec of codecs) {
    const topic = `bench-${codec.toLowerCase()}`;
    await produce(kafka, topic, kafkajs.CompressionTypes[codec]);
    await measure(`kafkajs consumer, ${codec}`, () => byConsumer(kafka, topic));
    await measure(`source, ${codec}`, () => bySource(kafka, topic));
  }
} finally {
  await broker.stop();
}

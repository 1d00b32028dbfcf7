import { Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs';
import { createTopics } from '../../../scripts/stack/topics.ts';
import { conversationTopics } from '../../../src/processors/conversations/domain.ts';
import { openPartitionReader, type RawRecord } from '../../../src/source/kafka/partition-reader.ts';
import { linesOf } from './events.ts';

/** A line of a topic, on its way. */
export interface Line {
  readonly topic: string;
  readonly key: string;
  readonly text: string;
}

/** All lines of these files, in the order of their times; lines of one file keep theirs. */
export function linesInOrder(files: ReadonlyMap<string, Buffer>): Line[] {
  const all = [...files].flatMap(([file, content]) => {
    const topic = conversationTopics.find(({ name }) => `${name}.ndjson` === file)!;
    let newest = 0;
    return linesOf(content).map((text) => {
      const event = JSON.parse(text) as Record<string, string>;
      newest = Math.max(newest, Date.parse(event[topic.time]!));
      return { topic: topic.name, key: event[topic.key]!, text, at: newest };
    });
  });
  return all.sort((left, right) => left.at - right.at);
}

/** How a line's bytes go into a record; plain JSON without. */
export type Encode = (line: Line) => Buffer | string;

/** Where a record is: partition of the topic of the contract, and offset. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Outlasts brokers that restart. The same producer repeats with the same numbers, so that nothing comes twice. */
const patient = { retries: 200, initialRetryTime: 50, maxRetryTime: 1_000 };

/** A producer as any other: keyed by the contract's key, with Kafka's default partitioner. */
export class Publisher {
  readonly #producer: Producer;
  readonly #kafka: Kafka;
  readonly #prefix: string;

  constructor(brokers: string[], prefix = '') {
    this.#kafka = new Kafka({ brokers, clientId: 'test-publisher', logLevel: logLevel.NOTHING, retry: patient });
    this.#producer = this.#kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
    this.#prefix = prefix;
  }

  async createTopics(numPartitions: number): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const topics = conversationTopics.map(({ name }) => ({ topic: `${this.#prefix}${name}`, numPartitions }));
      await createTopics(admin, topics);
    } finally {
      await admin.disconnect();
    }
  }

  /** Committed records of a topic with one partition. */
  async count(topic: string): Promise<number> {
    return (await this.records(topic)).length;
  }

  /** The same, each with its headers. */
  async records(topic: string): Promise<RawRecord[]> {
    const reader = await openPartitionReader(this.#kafka, topic, 0);
    try {
      const records: RawRecord[] = [];
      await reader.read(0, (portion) => {
        records.push(...portion);
        return undefined;
      });
      return records;
    } finally {
      await reader.close();
    }
  }

  connect(): Promise<void> {
    return this.#producer.connect();
  }

  async send(lines: readonly Line[], atOnce = 500, encode: Encode = ({ text }) => text): Promise<void> {
    for (let from = 0; from < lines.length; from += atOnce) {
      const byTopic = new Map<string, Line[]>();
      for (const line of lines.slice(from, from + atOnce)) {
        byTopic.set(line.topic, [...(byTopic.get(line.topic) ?? []), line]);
      }
      await this.#producer.sendBatch({
        topicMessages: [...byTopic].map(([topic, part]) => ({
          topic: `${this.#prefix}${topic}`,
          messages: part.map((line) => ({ key: line.key, value: encode(line) })),
        })),
      });
    }
  }

  /** As a producer would that does not know the contract. */
  async sendWithoutKey(lines: readonly Line[]): Promise<void> {
    for (const { topic, text } of lines) {
      await this.#producer.send({ topic: `${this.#prefix}${topic}`, messages: [{ value: text }] });
    }
  }

  /** Records as they are, into a partition, whatever their keys say. */
  async sendTo(
    topic: string,
    partition: number,
    records: readonly Pick<Message, 'key' | 'value' | 'headers'>[],
  ): Promise<RecordPlace[]> {
    const messages = records.map((record) => ({ ...record, partition }));
    const [sent] = await this.#producer.send({ topic: `${this.#prefix}${topic}`, messages });
    return records.map((_, index) => ({ topic, partition, offset: Number(sent!.baseOffset) + index }));
  }

  disconnect(): Promise<void> {
    return this.#producer.disconnect();
  }
}

import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { conversationTopics } from '../../../src/processors/conversations/domain.ts';
import { openPartitionReader } from '../../../src/source/kafka/partition-reader.ts';
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

/** A producer as any other: keyed by the contract's key, with Kafka's default partitioner. */
export class Publisher {
  readonly #producer: Producer;
  readonly #kafka: Kafka;
  readonly #prefix: string;

  constructor(brokers: string[], prefix = '') {
    this.#kafka = new Kafka({ brokers, clientId: 'test-publisher', logLevel: logLevel.NOTHING });
    this.#producer = this.#kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
    this.#prefix = prefix;
  }

  async createTopics(numPartitions: number): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({
        waitForLeaders: true,
        topics: conversationTopics.map(({ name }) => ({ topic: `${this.#prefix}${name}`, numPartitions })),
      });
    } finally {
      await admin.disconnect();
    }
  }

  /** Committed records of a topic with one partition. */
  async count(topic: string): Promise<number> {
    const reader = await openPartitionReader(this.#kafka, topic, 0);
    try {
      let records = 0;
      await reader.read(0, (portion) => {
        records += portion.length;
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

  async send(lines: readonly Line[], atOnce = 500): Promise<void> {
    for (let from = 0; from < lines.length; from += atOnce) {
      const byTopic = new Map<string, Line[]>();
      for (const line of lines.slice(from, from + atOnce)) {
        byTopic.set(line.topic, [...(byTopic.get(line.topic) ?? []), line]);
      }
      await this.#producer.sendBatch({
        topicMessages: [...byTopic].map(([topic, part]) => ({
          topic: `${this.#prefix}${topic}`,
          messages: part.map(({ key, text }) => ({ key, value: text })),
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

  disconnect(): Promise<void> {
    return this.#producer.disconnect();
  }
}

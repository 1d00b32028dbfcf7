import { type Kafka, type Message, Partitioners, type Producer } from 'kafkajs';
import { messageOf, ParleyError } from '../errors.ts';

export interface Outgoing {
  readonly topic: string;
  /** Of key and value. */
  readonly bytes: number;
  readonly message: Message;
}

/** Tries of a batch before it is given back; with kafkajs's waits between them about half a minute. */
const retries = 8;

/**
 * An idempotent producer that survives its failures. Its id must not: brokers know a batch by its number alone, so after
 * one that may or may not have arrived the next batch could be taken for its repetition, and be dropped. So a failed
 * producer is left, and the next batch has a new one, with an id of its own.
 */
export class Connection {
  readonly #kafka: Kafka;
  #producer: Producer | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Resolves when every in-sync replica has them. Fails with PARLEY_PUBLISH_FAILED. */
  async send(items: readonly Outgoing[]): Promise<void> {
    const byTopic = new Map<string, Message[]>();
    for (const { topic, message } of items) {
      const messages = byTopic.get(topic);
      if (messages === undefined) byTopic.set(topic, [message]);
      else messages.push(message);
    }
    try {
      const producer = await this.#connected();
      await producer.sendBatch({
        acks: -1,
        topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
      });
    } catch (error) {
      await this.close();
      throw new ParleyError('PARLEY_PUBLISH_FAILED', 'The brokers did not confirm the events', {
        received: messageOf(error),
        where: [...byTopic.keys()].join(', '),
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    this.#producer = this.#kafka.producer({
      idempotent: true,
      // Kafka's own: the same key goes to the same partition from every client that uses murmur2.
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries },
    });
    await this.#producer.connect();
    return this.#producer;
  }
}

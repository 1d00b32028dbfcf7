import type { Admin, Kafka, Producer } from 'kafkajs';
import { onTestFinished } from 'vitest';
import { openPartitionReader, type RawRecord } from '../../../src/source/kafka/partition-reader.ts';
import type { Journal } from '../../../src/state/journal.ts';
import { createKafkaJournal, type KafkaJournalOptions } from '../../../src/state/kafka/journal.ts';
import { ensureTopics, type TopicsOptions } from '../../../src/state/kafka/topics.ts';
import type { StateStore } from '../../../src/state/store.ts';
import { type Broker, type BrokerOptions, startBroker } from '../../kafka/broker.ts';
import { connect, optionsOf, stage } from './support-options.ts';

export { stage };

/** A broker with clients, for a test file. */
export class Cluster {
  readonly broker: Broker;
  readonly kafka: Kafka;
  readonly admin: Admin;

  static async start(options: BrokerOptions = {}): Promise<Cluster> {
    const broker = await startBroker(options);
    const cluster = new Cluster(broker);
    await cluster.admin.connect();
    return cluster;
  }

  private constructor(broker: Broker) {
    this.broker = broker;
    this.kafka = connect(broker.brokers);
    this.admin = this.kafka.admin();
  }

  async stop(): Promise<void> {
    await this.admin.disconnect();
    await this.broker.stop();
  }

  /** The topics of an app with one stage that forwards to `counts` (3 partitions) and has 2 partitions itself. */
  async app(options: Partial<TopicsOptions> = {}): Promise<string> {
    const app = `app${++apps}`;
    const stages = [{ name: stage, partitions: 2 }];
    await ensureTopics(this.admin, { app, stages, forwards: [{ topic: 'counts', partitions: 3 }], ...options });
    return app;
  }

  /** An owner, closed when the test ends. */
  journal(app: string, options: Partial<KafkaJournalOptions> = {}): Journal {
    const journal = createKafkaJournal({ ...optionsOf(this.kafka, app), ...options });
    onTestFinished(() => journal.close());
    return journal;
  }

  async records(topic: string, partition: number): Promise<RawRecord[]> {
    const reader = await openPartitionReader(this.kafka, topic, partition);
    const found: RawRecord[] = [];
    const { beginning } = await reader.bounds();
    await reader.read(beginning, (records) => void found.push(...records));
    await reader.close();
    return found;
  }

  async producer(transactionalId: string): Promise<Producer> {
    const options = { transactionalId, idempotent: true, maxInFlightRequests: 1 };
    const producer = this.kafka.producer({ ...options, retry: { initialRetryTime: 5, retries: 50 } });
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    return producer;
  }
}

let apps = 0;

/** A store that counts what it is given back. */
export function counting(store: StateStore): { store: StateStore; restored: { keys: number; times: boolean[] } } {
  const restored = { keys: 0, times: [] as boolean[] };
  const counted: StateStore = Object.create(store, {
    restore: {
      value: (restoration: Parameters<StateStore['restore']>[0]) => {
        restored.times.push(restoration.isWhole);
        async function* changes() {
          for await (const portion of restoration.changes) {
            restored.keys += portion.length;
            yield portion;
          }
        }
        return store.restore({ ...restoration, changes: changes() });
      },
    },
  });
  for (const name of ['checkpoint', 'getMany', 'write', 'scan', 'close'] as const) {
    Object.defineProperty(counted, name, { value: store[name].bind(store) });
  }
  return { store: counted, restored };
}

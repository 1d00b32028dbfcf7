import { Kafka, logLevel } from 'kafkajs';
import type { KafkaJournalOptions } from '../../../src/state/kafka/journal.ts';

export const stage = 'test.stage';

export function connect(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50 } });
}

export function optionsOf(kafka: Kafka, app: string): KafkaJournalOptions {
  return {
    kafka,
    app,
    stage,
    partition: 0,
    forwardPartitions: { counts: 3 },
    log: { info: () => undefined },
    clock: Date.now,
  };
}

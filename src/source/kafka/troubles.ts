import type { Kafka } from 'kafkajs';

/**
 * Counts the times that brokers could not be reached, or changed places, for all of a process that uses one client.
 * Who reads notices it at once; who has nothing to write would never, and has to look after its last transaction.
 */
export interface Troubles {
  count: number;
}

const ofClients = new WeakMap<Kafka, Troubles>();

export function troublesOf(kafka: Kafka): Troubles {
  const known = ofClients.get(kafka) ?? { count: 0 };
  ofClients.set(kafka, known);
  return known;
}

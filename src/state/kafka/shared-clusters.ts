import type { Kafka } from 'kafkajs';
import { type Cluster, openCluster } from '../../source/kafka/broker-access.ts';

/**
 * Connections that the journals of a process share. Appends and checkpoints have their own: a broker answers the
 * requests of a connection one after the other, and a checkpoint of megabytes must not hold up the next plan.
 */
export interface SharedCluster {
  readonly cluster: Cluster;
  /** The last user closes it. */
  release(): Promise<void>;
}

export type Use = 'append' | 'checkpoint';

interface Entry {
  readonly cluster: Cluster;
  users: number;
}

const entries = new WeakMap<Kafka, Map<Use, Entry>>();

export function shareCluster(kafka: Kafka, use: Use): SharedCluster {
  const ofClient = entries.get(kafka) ?? new Map<Use, Entry>();
  entries.set(kafka, ofClient);
  const entry = ofClient.get(use) ?? { cluster: openCluster(kafka), users: 0 };
  ofClient.set(use, entry);
  entry.users++;
  let isReleased = false;
  return {
    cluster: entry.cluster,
    async release() {
      if (isReleased) return;
      isReleased = true;
      if (--entry.users > 0) return;
      ofClient.delete(use);
      await entry.cluster.disconnect();
    },
  };
}

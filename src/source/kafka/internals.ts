import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import { type Broker, type Cluster, type ProtocolRequest, readCommitted } from './broker-access.ts';

export type { Broker, Cluster, ProtocolRequest } from './broker-access.ts';

/**
 * The parts of kafkajs 2.2.4 (its last release) that a member of a group needs though it does not export them; what
 * needs no group is in broker-access.ts. Its consumer as a whole cannot be used: it hides the offsets of aborted and
 * compacted records, lets some aborted records through, resets an offset that is gone, and does not tell the group's
 * generation (docs/decisions/0005-kafka-client.md). Its connections, authentication, metadata, look-up of coordinators
 * and group protocol are sound, and are what is taken from here.
 */
const require = createRequire(import.meta.url);

/** Membership of a group: join, sync, heartbeat, leave. */
export interface ConsumerGroup {
  memberId: string | null;
  readonly generationId: number | null;
  coordinator: Broker | null;
  joinAndSync(): Promise<void>;
  heartbeat(options: { interval: number }): Promise<void>;
  assigned(): { topic: string; partitions: number[] }[];
  leave(): Promise<void>;
}

export interface GroupMember {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

/** What the group's protocol needs of an assigner, on whichever member is the leader. */
export interface Assigner {
  readonly name: string;
  readonly version: number;
  protocol(subscription: { topics: string[] }): { name: string; metadata: Buffer };
  assign(group: {
    members: GroupMember[];
    topics: string[];
  }): Promise<{ memberId: string; memberAssignment: Buffer }[]>;
}

export interface ConsumerGroupOptions {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly assigners: readonly Assigner[];
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly retry: { readonly retries: number; readonly initialRetryTime: number };
}

export function createConsumerGroup(kafka: Kafka, options: ConsumerGroupOptions): ConsumerGroup {
  const Group = require('kafkajs/src/consumer/consumerGroup.js') as new (options: object) => ConsumerGroup;
  return new Group({
    ...options,
    logger: kafka.logger(),
    topicConfigurations: {},
    instrumentationEmitter: { emit: () => undefined },
    autoCommit: false,
    isolationLevel: readCommitted,
  });
}

export interface FetchRequest {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: {
    readonly topic: string;
    readonly partitions: { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[];
  }[];
}

/** A Fetch request of version 11, whose response is left to the caller to read. */
export function fetchRequest(request: FetchRequest): ProtocolRequest<never>['request'] {
  const create = require('kafkajs/src/protocol/requests/fetch/v11/request.js') as (options: object) => never;
  return create({ ...request, replicaId: -1, isolationLevel: readCommitted });
}

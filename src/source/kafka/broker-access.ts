import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { chainOf, messageOf, ParleyError } from '../../errors.ts';

/**
 * The parts of kafkajs below its public API, typed: one file, so that what another release would break is seen at once.
 * kafkajs 2.2.4 is the last one. Its consumer cannot read a partition without a group, and loses count when compaction
 * has emptied a batch; its transactional producer takes a producer id only with the first transaction, gives no offsets
 * to a retry of an unanswered commit, and encodes a record in 13 microseconds. Requests, connections, SASL, TLS,
 * metadata and codecs are its own.
 */
export interface Cluster {
  readonly targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  getNodeIds(): string[];
  removeBroker(address: { host: string; port: number }): void;
  findBroker(node: { nodeId: number | string }): Promise<Broker>;
  findGroupCoordinator(of: { groupId: string; coordinatorType?: number }): Promise<Broker>;
  metadata(options: { topics: readonly string[] }): Promise<{ topicMetadata: TopicMetadata[] } | null>;
  fetchTopicsOffset(
    topics: readonly { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<TopicOffsets[]>;
}

export interface TopicMetadata {
  readonly topic: string;
  readonly partitionMetadata: PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partitionId: number;
  readonly leader: number | null;
}

export interface TopicOffsets {
  readonly topic: string;
  readonly partitions: { partition: number; offset: string }[];
}

export interface OffsetCommit {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
  readonly topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
}

export interface Broker {
  readonly nodeId: string;
  readonly connectionPool: { send<Response>(request: ProtocolRequest<Response>): Promise<Response> };
  isConnected(): boolean;
  disconnect(): Promise<void>;
  metadata(topics: readonly string[]): Promise<{ topicMetadata: TopicMetadata[] }>;
  offsetCommit(payload: OffsetCommit): Promise<unknown>;
  /** The definition of a request in the newest version that both sides know. */
  lookupRequest(apiKey: number, definition: unknown): (options: object) => ProtocolRequest;
  listOffsets(options: object): Promise<ListedOffsets>;
  initProducerId(options: object): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(options: object): Promise<unknown>;
  endTxn(options: object): Promise<unknown>;
  describeConfigs(options: object): Promise<DescribedConfigs>;
}

interface DescribedConfigs {
  readonly resources: readonly {
    readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[];
  }[];
}

interface ListedOffsets {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
  }[];
}

/** A request and the reader of its response; either can be our own. */
export interface ProtocolRequest<Response = unknown> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoder>;
  };
  readonly response: { decode(payload: Buffer): unknown; parse(decoded: unknown): Response | Promise<Response> };
  readonly logResponseError?: boolean;
}

export interface Encoder {
  readonly buffer: Buffer;
  writeInt16(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeString(value: string): Encoder;
  writeBuffer(bytes: Buffer): Encoder;
}

export interface Codec {
  decompress(bytes: Buffer): Promise<Buffer>;
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
}

const require = createRequire(import.meta.url);
const protocol = require('kafkajs/src/protocol/requests/index.js') as { readonly requests: Record<string, unknown> };
const apiKeys = require('kafkajs/src/protocol/requests/apiKeys.js') as Record<string, number>;
const protocolErrors = require('kafkajs/src/protocol/error.js') as { createErrorFromCode(code: number): Error };
const compression = require('kafkajs/src/protocol/message/compression/index.js') as {
  lookupCodecByAttributes(attributes: number): Codec | null;
};

export const EncoderOf = require('kafkajs/src/protocol/encoder.js') as new (sizeBytes?: number) => Encoder;
export const transactionCoordinator = 1;
/** Of Kafka's protocol: only what is committed is read. */
export const readCommitted = 1;

/** The codec of a record batch, of those registered with kafkajs; fails when it is not registered. */
export function codecOf(attributes: number): Codec | null {
  return compression.lookupCodecByAttributes(attributes);
}

/** The errors of Kafka's protocol that are made or looked for here. */
export const protocolCodes = { offsetOutOfRange: 1, unknownTopicOrPartition: 3, leaderNotAvailable: 5 };

export function protocolError(code: number): Error {
  return protocolErrors.createErrorFromCode(code);
}

/** Connections of its own to the brokers of a client; read-committed where that is a question. */
export function openCluster(kafka: Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith('createCluster'));
  const create = symbol && (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  if (create === undefined) {
    throw new ParleyError('PARLEY_INTERNAL', 'kafkajs is not as expected', { expected: 'release 2.2.4' });
  }
  return create({ allowAutoTopicCreation: false, metadataMaxAge: 300_000, isolationLevel: readCommitted });
}

/** A request with the answer decoded by us. */
export async function request<Answer>(
  broker: Broker,
  name: 'Produce',
  options: object,
  change: (defined: ProtocolRequest) => Partial<ProtocolRequest['request']>,
  decode: (payload: Buffer) => Answer | Promise<Answer>,
): Promise<Answer> {
  const defined = broker.lookupRequest(apiKeys[name]!, protocol.requests[name])(options);
  try {
    const answer = await broker.connectionPool.send({
      ...defined,
      request: { ...defined.request, ...change(defined) },
      // The throttle time stands in for what kafkajs would read from its own answer.
      response: { decode, parse: (decoded) => decoded },
    });
    return answer as Answer;
  } catch (error) {
    // As kafkajs does: a pool with one closed connection is opened anew.
    if (nameOf(error) === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

/** The broker that leads a partition now, as far as is known. */
export async function leaderOf(cluster: Cluster, topic: string, partition: number): Promise<Broker> {
  await cluster.addMultipleTargetTopics([topic]);
  await cluster.refreshMetadataIfNecessary();
  const found = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition);
  if (found === undefined) throw protocolError(protocolCodes.unknownTopicOrPartition);
  if (found.leader === null || found.leader < 0) throw protocolError(protocolCodes.leaderNotAvailable);
  return cluster.findBroker({ nodeId: String(found.leader) });
}

export interface RetryBounds {
  /** The first wait; it doubles up to `maxMs`. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** After so long without success it is given up. */
  readonly totalMs: number;
}

export const defaultRetry: RetryBounds = { initialMs: 50, maxMs: 1_000, totalMs: 60_000 };

/** Repeats what failed for a reason that passes: a broker that restarts, a leader or coordinator that moved. */
export async function retrying<Result>(
  cluster: Cluster,
  attempt: () => Promise<Result>,
  { initialMs, maxMs, totalMs }: RetryBounds = defaultRetry,
  isTransient: (error: unknown) => boolean = isTransientError,
): Promise<Result> {
  const deadline = performance.now() + totalMs;
  for (let waitMs = initialMs; ; waitMs = Math.min(waitMs * 2, maxMs)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || performance.now() + waitMs > deadline) throw error;
      // Nothing about the brokers changes while a transaction is only being finished.
      const isConcurrent = typeOf(error) === 'CONCURRENT_TRANSACTIONS';
      await delay(isConcurrent ? Math.min(waitMs, 20) : waitMs);
      if (!isConcurrent) await recover(cluster);
    }
  }
}

/** Connections and metadata anew; what fails here fails again in the next attempt, and is reported there. */
async function recover(cluster: Cluster): Promise<void> {
  try {
    if (!cluster.isConnected()) await cluster.connect();
    await cluster.refreshMetadata();
  } catch {
    return;
  }
}

const transientNames = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNoBrokerAvailableError',
]);

export function isTransientError(error: unknown): boolean {
  for (const at of chainOf(error)) {
    if (transientNames.has(nameOf(at))) return true;
    if (nameOf(at) === 'KafkaJSProtocolError' && (at as { retriable?: unknown }).retriable === true) return true;
    if ((at as { code?: unknown }).code === 'ECONNREFUSED') return true;
  }
  return false;
}

/** Kafka's name of an error, or of what it was caused by: `OFFSET_OUT_OF_RANGE`; undefined when no broker said it. */
export function typeOf(error: unknown): string | undefined {
  for (const at of chainOf(error)) {
    const type = (at as { type?: unknown }).type;
    if (typeof type === 'string') return type;
  }
  return undefined;
}

/** An error of kafkajs that has no code yet, with one. */
export function unreachable(error: unknown, where: string): ParleyError {
  if (error instanceof ParleyError) return error;
  if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
    const detail = { expected: 'a topic with that partition', received: messageOf(error), where, cause: error };
    return new ParleyError('PARLEY_CONFIGURATION', 'The topic or its partition does not exist', detail);
  }
  return new ParleyError('PARLEY_KAFKA_UNREACHABLE', 'Kafka does not answer as it should', {
    received: messageOf(error),
    where,
    cause: error,
  });
}

function nameOf(error: unknown): string {
  const name = (error as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : '';
}

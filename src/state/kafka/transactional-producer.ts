import type { Broker, Cluster } from '../../source/kafka/broker-access.ts';
import {
  EncoderOf,
  isTransientError,
  leaderOf,
  protocolError,
  request,
  retrying,
  transactionCoordinator,
  typeOf,
} from '../../source/kafka/broker-access.ts';
import type { Troubles } from '../../source/kafka/troubles.ts';
import { type EncodedBatch, type OutgoingRecord, RecordEncoder } from './record-encoder.ts';

export interface ProducerOptions {
  readonly transactionalId: string;
  /** The broker aborts a transaction that is open for longer. */
  readonly transactionTimeoutMs: number;
  /** How long brokers may be away in the middle of a transaction. */
  readonly patienceMs: number;
  readonly batchBytesMax: number;
  /** Of the whole process: brokers that others could not reach may have lost our markers. */
  readonly troubles: Troubles;
  /** Milliseconds since 1970: the time of the records. */
  readonly clock: () => number;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Records of one partition, in order. */
export interface Outgoing extends Place {
  readonly records: Iterable<OutgoingRecord>;
}

/**
 * Writes whole transactions under one transactional id, one at a time.
 *
 *     new ──fence──▶ ready ──write──▶ ready
 *                      └──────────── any failure ──▶ failed ──fence──▶ ready
 *
 * kafkajs' own producer cannot be told to take its producer id now, ends its transaction object with an unanswered
 * commit, and hides where records went. Here a request whose answer is lost is repeated as it was: batches keep their
 * sequence numbers, so the broker drops what it has, and a commit that was carried out is answered as carried out.
 * A write that fails is committed nowhere, or (an error at the very end) it is not known to be: `fence` decides, since it
 * completes or aborts what is open, and only then answers.
 */
export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #options: ProducerOptions;
  #coordinator: Broker | undefined;
  #producerId = -1n;
  #producerEpoch = -1;
  readonly #sequences = new Map<string, number>();
  /** The partitions of the last transaction, and those of the one before. */
  #written: readonly Place[] = [];
  #writtenBefore: readonly Place[] = [];
  /** The count of troubles up to which markers are known to be written. */
  #untroubled = 0;

  constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Shuts out whoever wrote under this id before. What that one had committed is there, what it had open is aborted. */
  async fence(): Promise<void> {
    const { transactionalId, transactionTimeoutMs, troubles } = this.#options;
    const { count } = troubles;
    const answer = await this.#asked((coordinator) =>
      coordinator.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs }),
    );
    this.#producerId = BigInt(answer.producerId);
    this.#producerEpoch = answer.producerEpoch;
    this.#sequences.clear();
    this.#written = [];
    this.#writtenBefore = [];
    this.#untroubled = count;
  }

  /** Whether markers may be missing (see `repair`). */
  get isInDoubt(): boolean {
    return this.#options.troubles.count !== this.#untroubled && this.#written.length > 0;
  }

  /**
   * One transaction. Returns the offset after the last record of each part, in the same order. `also` are partitions that
   * get its marker and no records (see `repair`).
   */
  async write(parts: readonly Outgoing[], also: readonly Place[] = []): Promise<number[]> {
    const places = [...parts, ...also];
    await this.#addPartitions(places);
    const streams = parts.map((part) => new BatchStream(part, this.#options.batchBytesMax));
    for (;;) {
      const pending = streams.flatMap((stream) => this.#nextOf(stream) ?? []);
      if (pending.length === 0) break;
      await this.#produce(pending);
    }
    await this.#commit();
    this.#writtenBefore = this.#written;
    this.#written = places.map(({ topic, partition }) => ({ topic, partition }));
    await this.repair();
    return streams.map(({ next }) => next);
  }

  /**
   * Kafka acknowledges a commit before its markers are in the partitions, and they can be lost: with a lone broker (4.3.1)
   * that was stopped in good order under load, the transaction was complete for the coordinator and open for ever in a
   * partition. So after any trouble the partitions of the last transaction and of the one before get a commit marker
   * again, by a transaction without records (docs/decisions/0006-kafka-journal.md). Nobody may write meanwhile.
   */
  async repair(): Promise<void> {
    while (this.isInDoubt) {
      const { count } = this.#options.troubles;
      await this.#addPartitions([...this.#written, ...this.#writtenBefore]);
      await this.#commit();
      this.#untroubled = count;
    }
  }

  async #addPartitions(places: readonly Place[]): Promise<void> {
    const transaction = { transactionalId: this.#options.transactionalId, ...this.#identity() };
    await this.#asked((coordinator) => coordinator.addPartitionsToTxn({ ...transaction, topics: byTopic(places) }));
  }

  async #commit(): Promise<void> {
    const transaction = { transactionalId: this.#options.transactionalId, ...this.#identity() };
    await this.#asked((coordinator) => coordinator.endTxn({ ...transaction, transactionResult: true }));
  }

  #identity(): { producerId: string; producerEpoch: number } {
    return { producerId: String(this.#producerId), producerEpoch: this.#producerEpoch };
  }

  #nextOf(stream: BatchStream): Pending | undefined {
    const place = `${stream.topic}/${stream.partition}`;
    const firstSequence = this.#sequences.get(place) ?? 0;
    const batch = stream.take({
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      firstSequence,
      timestamp: this.#options.clock(),
    });
    if (batch === undefined) return undefined;
    this.#sequences.set(place, (firstSequence + batch.count) % 2 ** 31);
    return { stream, batch };
  }

  /** Until all of them are acknowledged; those that are, are not sent again. */
  async #produce(pending: Pending[]): Promise<void> {
    let left = pending;
    await this.#retrying(async () => {
      const leaders = new Map<Broker, Pending[]>();
      for (const one of left) {
        const leader = await leaderOf(this.#cluster, one.stream.topic, one.stream.partition);
        leaders.set(leader, [...(leaders.get(leader) ?? []), one]);
      }
      let failure: unknown;
      for (const [leader, group] of leaders) {
        const options = { transactionalId: this.#options.transactionalId, acks: -1, timeout: 30_000, topicData: [] };
        const body = encodeProduce(this.#options.transactionalId, group);
        const change = () => ({ encode: async () => new EncoderOf(body.length).writeBuffer(body) });
        for (const { errorCode, baseOffset, place } of await request(
          leader,
          'Produce',
          options,
          change,
          decodeProduce,
        )) {
          const one = group.find(({ stream }) => `${stream.topic}/${stream.partition}` === place)!;
          if (errorCode === 0) {
            left = left.filter((other) => other !== one);
            one.stream.next = baseOffset + one.batch.count;
          } else if (failure === undefined || isTransientError(failure)) failure = protocolError(errorCode);
        }
      }
      if (failure !== undefined) throw failure;
    });
  }

  /** A request to the coordinator of the id, which is looked for again when it has moved. */
  #asked<Answer>(ask: (coordinator: Broker) => Promise<Answer>): Promise<Answer> {
    return this.#retrying(async () => {
      this.#coordinator ??= await this.#cluster.findGroupCoordinator({
        groupId: this.#options.transactionalId,
        coordinatorType: transactionCoordinator,
      });
      try {
        return await ask(this.#coordinator);
      } catch (error) {
        // One that still finishes the transaction before is the right one.
        if (typeOf(error) !== 'CONCURRENT_TRANSACTIONS') this.#coordinator = undefined;
        throw error;
      }
    });
  }

  #retrying<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const bounds = { initialMs: 2, maxMs: 500, totalMs: this.#options.patienceMs };
    return retrying(this.#cluster, attempt, bounds, (error) => {
      const isTransient = isTransientError(error);
      if (isTransient && typeOf(error) !== 'CONCURRENT_TRANSACTIONS') this.#options.troubles.count++;
      return isTransient;
    });
  }
}

interface Pending {
  readonly stream: BatchStream;
  readonly batch: EncodedBatch;
}

/** The batches of one partition, encoded when they are sent. */
class BatchStream {
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last record that was acknowledged. */
  next = -1;
  readonly #records: Iterator<OutgoingRecord>;
  readonly #encoder: RecordEncoder;
  #waiting: OutgoingRecord | undefined;

  constructor({ topic, partition, records }: Outgoing, batchBytesMax: number) {
    this.topic = topic;
    this.partition = partition;
    this.#records = records[Symbol.iterator]();
    this.#encoder = new RecordEncoder(batchBytesMax);
  }

  take(origin: Parameters<RecordEncoder['take']>[0]): EncodedBatch | undefined {
    for (;;) {
      const record = this.#waiting ?? this.#records.next().value;
      this.#waiting = undefined;
      if (record === undefined) break;
      if (this.#encoder.add(record)) continue;
      this.#waiting = record;
      break;
    }
    return this.#encoder.count === 0 ? undefined : this.#encoder.take(origin);
  }
}

function byTopic(places: readonly Place[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, Set<number>>();
  for (const { topic, partition } of places) topics.set(topic, (topics.get(topic) ?? new Set()).add(partition));
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
}

/** Produce request, versions 3 to 8. */
function encodeProduce(transactionalId: string, pending: readonly Pending[]): Buffer {
  const chunks: Buffer[] = [string16(transactionalId), Buffer.alloc(10)];
  chunks[1]!.writeInt16BE(-1, 0);
  chunks[1]!.writeInt32BE(30_000, 2);
  chunks[1]!.writeInt32BE(pending.length, 6);
  for (const { stream, batch } of pending) {
    const numbers = Buffer.alloc(12);
    numbers.writeInt32BE(1, 0);
    numbers.writeInt32BE(stream.partition, 4);
    numbers.writeInt32BE(batch.bytes.length, 8);
    chunks.push(string16(stream.topic), numbers, batch.bytes);
  }
  return Buffer.concat(chunks);
}

function string16(text: string): Buffer {
  const bytes = Buffer.alloc(2 + Buffer.byteLength(text));
  bytes.writeInt16BE(bytes.length - 2, 0);
  bytes.write(text, 2);
  return bytes;
}

interface Produced {
  readonly place: string;
  readonly errorCode: number;
  readonly baseOffset: number;
}

/** Produce response, versions 5 to 7. */
function decodeProduce(payload: Buffer): Produced[] {
  const found: Produced[] = [];
  let at = 4;
  for (let topics = payload.readInt32BE(0); topics > 0; topics--) {
    const length = payload.readInt16BE(at);
    const topic = payload.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    let partitions = payload.readInt32BE(at);
    for (at += 4; partitions > 0; partitions--, at += 30) {
      const errorCode = payload.readInt16BE(at + 4);
      const baseOffset = Number(payload.readBigInt64BE(at + 6));
      found.push({ place: `${topic}/${payload.readInt32BE(at)}`, errorCode, baseOffset });
    }
  }
  return found;
}

import type { Kafka } from 'kafkajs';
import { ParleyError } from '../../errors.ts';
import type { RecordHeaders } from '../record-decoder.ts';
import { type Cluster, leaderOf, openCluster, protocolError, retrying, typeOf, unreachable } from './broker-access.ts';
import { type FetchedPartition, fetchFrom } from './fetch.ts';
import { committedBatches, type RecordBatch, unreadable } from './record-batch.ts';
import { RecordReader } from './record-reader.ts';

/** A record as the broker has it. Key and value are views of its batch: whoever keeps one keeps all of it. */
export interface RawRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since 1970: what the producer said, or when it was appended, as the topic is configured. */
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

export interface PartitionReaderOptions {
  /** Bytes asked for at once; one portion is at least a batch. */
  readonly fetchBytes?: number;
  /** How long a broker may be away, and how long an offset that must come may be awaited. */
  readonly patienceMs?: number;
}

/** Takes a portion of records, and the offset after it. True, or a promise of it: enough. */
export type OnRecords = (records: readonly RawRecord[], next: number) => unknown;

/**
 * Reads one topic partition without a group: committed records only, no markers. Any number of reads may go on at once.
 * Fails with PARLEY_INPUT_GONE for an offset that the broker does not have (never goes on elsewhere), with
 * PARLEY_KAFKA_UNREACHABLE when brokers stay away for longer than `patienceMs`, with PARLEY_CONFIGURATION for a topic or
 * partition that does not exist.
 */
export interface PartitionReader {
  /** The first offset kept, and the last stable one: all before it is decided. */
  bounds(): Promise<{ readonly beginning: number; readonly end: number }>;
  /**
   * Hands over all records of [from, to), `to` being the last stable offset at the start unless it is given, and waits
   * for each portion to be taken before it decodes the next. Returns the offset to go on from.
   */
  read(from: number, onRecords: OnRecords, options?: { readonly to?: number }): Promise<number>;
  close(): Promise<void>;
}

export async function openPartitionReader(
  kafka: Kafka,
  topic: string,
  partition: number,
  { fetchBytes = 4 * 1024 * 1024, patienceMs = 60_000 }: PartitionReaderOptions = {},
): Promise<PartitionReader> {
  const reader = new KafkaPartitionReader(openCluster(kafka), topic, partition, { fetchBytes, patienceMs });
  try {
    await reader.connect();
    return reader;
  } catch (error) {
    await reader.close();
    throw error;
  }
}

const maxWaitMs = 250;
const earliest = -2;
const latest = -1;
const noHeaders: RecordHeaders = Object.freeze({});

/** Checks the batches: of a journal there is no other copy. */
class KafkaPartitionReader implements PartitionReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #partition: number;
  readonly #options: Required<PartitionReaderOptions>;

  constructor(cluster: Cluster, topic: string, partition: number, options: Required<PartitionReaderOptions>) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#partition = partition;
    this.#options = options;
  }

  connect(): Promise<unknown> {
    return this.#retrying(async () => {
      await this.#cluster.connect();
      return leaderOf(this.#cluster, this.#topic, this.#partition);
    });
  }

  async bounds(): Promise<{ beginning: number; end: number }> {
    const [beginning, end] = await Promise.all([this.#offset(earliest), this.#offset(latest)]);
    return { beginning, end };
  }

  async read(from: number, onRecords: OnRecords, options: { readonly to?: number } = {}): Promise<number> {
    const to = options.to ?? (await this.bounds()).end;
    if (from >= to) return from;
    let at = from;
    let progressAt = performance.now();
    let fetching = this.#fetch(at, to);
    for (let empties = 0; ; ) {
      const fetched = await fetching;
      const { batches, nextOffset: next } = await committedBatches(
        fetched.log,
        fetched.aborted,
        at,
        this.#where(at),
        true,
      );
      // Compaction can leave nothing at all before `to`; a broker that is asked twice does not miss anything.
      empties = fetched.log.length === 0 && fetched.end >= to ? empties + 1 : 0;
      const reached = empties >= 2 ? to : Math.min(next, to);
      if (reached > at) progressAt = performance.now();
      else this.#throwIfStuck(at, to, fetched, performance.now() - progressAt);
      const from = at;
      at = reached;
      if (at < to) {
        fetching = this.#fetch(at, to);
        fetching.catch(() => undefined); // It is awaited next; until then a failure must not end the process.
      }
      const records = this.#records(batches, from, to);
      if (records.length > 0 && (await onRecords(records, at)) === true) return at;
      if (at >= to) return at;
    }
  }

  close(): Promise<void> {
    return this.#cluster.disconnect();
  }

  async #fetch(from: number, to: number): Promise<FetchedPartition> {
    const { fetchBytes: bytesMax } = this.#options;
    const target = { kafkaTopic: this.#topic, partition: this.#partition, offset: from, bytesMax };
    return this.#retrying(
      async () => {
        const { nodeId } = await leaderOf(this.#cluster, this.#topic, this.#partition);
        const [fetched] = await fetchFrom(this.#cluster, Number(nodeId), [target], { waitMs: maxWaitMs, bytesMax });
        // A broker that throttles leaves the partition out.
        if (fetched === undefined) throw protocolError(throttled);
        if (fetched.errorCode !== 0) throw protocolError(fetched.errorCode);
        return fetched;
      },
      `${this.#where(from)} (up to ${to})`,
    );
  }

  #records(batches: readonly RecordBatch[], from: number, to: number): RawRecord[] {
    const records: RawRecord[] = [];
    for (const batch of batches) {
      try {
        const reader = new RecordReader(batch);
        while (reader.step()) {
          const { offset, key, value, timestamp } = reader;
          if (offset < from || offset >= to) continue;
          records.push({ offset, key, value, timestamp, headers: reader.headers() ?? noHeaders });
        }
      } catch (error) {
        throw unreadable(this.#where(), batch.baseOffset, 'a batch with broken records', error);
      }
    }
    return records;
  }

  async #offset(timestamp: number): Promise<number> {
    return this.#retrying(async () => {
      const broker = await leaderOf(this.#cluster, this.#topic, this.#partition);
      const partitions = [{ partition: this.#partition, timestamp }];
      const options = { isolationLevel: 1, topics: [{ topic: this.#topic, partitions }] };
      const { responses } = await broker.listOffsets(options);
      return Number(responses[0]!.partitions[0]!.offset);
    });
  }

  async #retrying<Result>(attempt: () => Promise<Result>, where = this.#where()): Promise<Result> {
    try {
      return await retrying(this.#cluster, attempt, {
        initialMs: 50,
        maxMs: 1_000,
        totalMs: this.#options.patienceMs,
      });
    } catch (error) {
      if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') throw gone('an offset that the topic has', where, error);
      throw unreachable(error, where);
    }
  }

  /** An offset that must come and does not: the end of the log is before it, or a transaction stays open there. */
  #throwIfStuck(at: number, to: number, { highWatermark, end }: FetchedPartition, sinceMs: number): void {
    if (sinceMs < this.#options.patienceMs) return;
    if (highWatermark < to)
      throw gone(`records up to offset ${to}`, `${this.#where(at)}, which ends at ${highWatermark}`);
    throw new ParleyError('PARLEY_KAFKA_UNREACHABLE', 'A transaction in the topic does not end', {
      expected: `decided records up to offset ${to}`,
      received: `up to ${end}`,
      where: this.#where(at),
    });
  }

  #where(offset?: number): string {
    return `topic ${this.#topic}, partition ${this.#partition}${offset === undefined ? '' : `, offset ${offset}`}`;
  }
}

/** THROTTLING_QUOTA_EXCEEDED is not known to kafkajs; NETWORK_EXCEPTION is retried like it. */
const throttled = 13;

function gone(expected: string, where: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', 'The topic does not have the offset any more', {
    expected,
    received: 'none',
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}

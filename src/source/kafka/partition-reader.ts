import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { ParleyError } from '../../errors.ts';
import {
  type Cluster,
  leaderOf,
  openCluster,
  protocolError,
  request,
  retrying,
  typeOf,
  unreachable,
} from './broker-access.ts';
import { decodeBatches, decodeFetch, type FetchedPartition, type RawRecord } from './record-batches.ts';

export type { RawHeaders, RawRecord } from './record-batches.ts';

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
      const { records, next } = await decodeBatches(fetched, at, this.#where(at));
      // Compaction can leave nothing at all before `to`; a broker that is asked twice does not miss anything.
      empties = fetched.batches.length === 0 && fetched.lastStableOffset >= to ? empties + 1 : 0;
      const reached = empties >= 2 ? to : Math.min(next, to);
      if (reached > at) progressAt = performance.now();
      else this.#throwIfStuck(at, to, fetched, performance.now() - progressAt);
      at = reached;
      if (at < to) {
        fetching = this.#fetch(at, to);
        fetching.catch(() => undefined); // It is awaited next; until then a failure must not end the process.
      }
      const wanted = next > to ? records.filter(({ offset }) => offset < to) : records;
      if (wanted.length > 0 && (await onRecords(wanted, at)) === true) return at;
      if (at >= to) return at;
    }
  }

  close(): Promise<void> {
    return this.#cluster.disconnect();
  }

  async #fetch(from: number, to: number): Promise<FetchedPartition> {
    const { fetchBytes } = this.#options;
    const partition = { partition: this.#partition, fetchOffset: from, maxBytes: fetchBytes };
    const topics = [{ topic: this.#topic, partitions: [partition] }];
    return this.#retrying(
      async () => {
        const broker = await leaderOf(this.#cluster, this.#topic, this.#partition);
        const options = { maxWaitTime: maxWaitMs, minBytes: 1, maxBytes: fetchBytes, isolationLevel: 1, topics };
        const fetched = await request(broker, 'Fetch', { ...options, replicaId: -1 }, checkedVersion, decodeFetch);
        if (fetched === undefined) throw protocolError(throttled);
        if (fetched.errorCode !== 0) throw protocolError(fetched.errorCode);
        if (fetched.throttleMs > 0) await delay(fetched.throttleMs);
        return fetched;
      },
      `${this.#where(from)} (up to ${to})`,
    );
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
  #throwIfStuck(at: number, to: number, { highWatermark, lastStableOffset }: FetchedPartition, sinceMs: number): void {
    if (sinceMs < this.#options.patienceMs) return;
    if (highWatermark < to)
      throw gone(`records up to offset ${to}`, `${this.#where(at)}, which ends at ${highWatermark}`);
    throw new ParleyError('PARLEY_KAFKA_UNREACHABLE', 'A transaction in the topic does not end', {
      expected: `decided records up to offset ${to}`,
      received: `up to ${lastStableOffset}`,
      where: this.#where(at),
    });
  }

  #where(offset?: number): string {
    return `topic ${this.#topic}, partition ${this.#partition}${offset === undefined ? '' : `, offset ${offset}`}`;
  }
}

/** THROTTLING_QUOTA_EXCEEDED is not known to kafkajs; NETWORK_EXCEPTION is retried like it. */
const throttled = 13;

function checkedVersion({ request: { apiVersion } }: { readonly request: { readonly apiVersion: number } }): object {
  if (apiVersion === 11) return {};
  throw new ParleyError('PARLEY_CONFIGURATION', 'The broker is too old', {
    expected: 'Kafka 2.3 or later (Fetch version 11)',
    received: `Fetch version ${apiVersion}`,
  });
}

function gone(expected: string, where: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', 'The topic does not have the offset any more', {
    expected,
    received: 'none',
    where,
    ...(cause === undefined ? {} : { cause }),
  });
}

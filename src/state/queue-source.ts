import { ParleyError } from '../errors.ts';
import type {
  BatchLimits,
  Positions,
  Range,
  ReadOptions,
  Source,
  SourceBatch,
  SourceRecord,
} from '../source/source.ts';
import type { ForwardQueue, QueueEntry } from './forward-queue.ts';

/** Shards of queues are `queue/<topic>`; no other source's shard may begin so. */
export const queueShardPrefix = 'queue/';

/** An internal topic as the input of a task: one shard, in the order in which it was written. */
export class QueueSource implements Source {
  readonly isContinuous = true;
  readonly queue: ForwardQueue;
  readonly shard: string;
  #offset = 0;

  constructor(queue: ForwardQueue) {
    this.queue = queue;
    this.shard = `${queueShardPrefix}${queue.topic}`;
  }

  async seek(positions: Positions): Promise<void> {
    this.#offset = positions.get(this.shard)?.offset ?? 0;
  }

  async next(limits: BatchLimits): Promise<SourceBatch | undefined> {
    const entries = withinBytes(await this.queue.read(this.#offset, limits.eventsMax), limits.bytesMax);
    if (entries.length === 0) return undefined;
    const from = this.#offset;
    this.#offset += entries.length;
    return this.#batch(from, entries);
  }

  async read(ranges: readonly Range[]): Promise<SourceBatch> {
    const [range, second] = ranges;
    if (range === undefined) return { records: [], ranges: [], marks: new Map() };
    if (second !== undefined || range.shard !== this.shard) {
      throw new ParleyError('PARLEY_INTERNAL', `Not a range of ${this.shard}`, { received: JSON.stringify(ranges) });
    }
    const entries = await this.queue.read(range.from, range.to - range.from);
    if (entries.length < range.to - range.from) {
      throw new ParleyError('PARLEY_INPUT_GONE', `Internal topic ${range.topic} ends before a planned batch`, {
        expected: `offsets ${range.from} to ${range.to}`,
        received: `${this.queue.end()} as its end`,
        where: this.shard,
      });
    }
    return this.#batch(range.from, entries);
  }

  async close(): Promise<void> {}

  #batch(from: number, entries: readonly QueueEntry[]): SourceBatch {
    const { topic } = this.queue;
    const ranges = [{ shard: this.shard, topic, from, to: from + entries.length }];
    return { records: entries.map((entry) => this.#record(entry)), ranges, marks: new Map() };
  }

  #record({ offset, key, time, value }: QueueEntry): SourceRecord {
    const { topic } = this.queue;
    const event = { topic, key, time, value };
    return { topic, shard: this.shard, offset, time, event, bytes: () => Buffer.from(JSON.stringify(value)) };
  }
}

/** The first entries that fit, and at least one. */
function withinBytes(entries: readonly QueueEntry[], bytesMax: number): readonly QueueEntry[] {
  let bytes = 0;
  const count = entries.findIndex((entry, index) => {
    bytes += entry.bytes;
    return bytes > bytesMax && index > 0;
  });
  return count === -1 ? entries : entries.slice(0, count);
}

/**
 * Queues and another source as one. A batch takes from one of them only, a queue first when it has entries: internal
 * topics carry what another stage derived, so they are short, and waiting for them would hold its answers back. Which
 * one a batch took is in its journalled ranges, so that it comes the same again; across batches the order is that in
 * which the events came, as it is between two topics of Kafka.
 */
export function combineSources(queues: readonly QueueSource[], rest: Source): Source {
  return queues.length === 0 ? rest : new CombinedSource(queues, rest);
}

class CombinedSource implements Source {
  /** A batch takes from one of them only. */
  readonly isContinuous = false;
  readonly #sources: readonly Source[];
  readonly #byShard: ReadonlyMap<string, Source>;
  readonly #rest: Source;

  constructor(queues: readonly QueueSource[], rest: Source) {
    this.#sources = [...queues, rest];
    this.#byShard = new Map(queues.map((queue) => [queue.shard, queue]));
    this.#rest = rest;
  }

  async next(limits: BatchLimits): Promise<SourceBatch | undefined> {
    for (const source of this.#sources) {
      const batch = await source.next(limits);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  async read(ranges: readonly Range[], options?: ReadOptions): Promise<SourceBatch> {
    const owners = new Set(ranges.map(({ shard }) => this.#owner(shard)));
    const [owner = this.#rest] = owners;
    if (owners.size <= 1) return owner.read(ranges, options);
    throw new ParleyError('PARLEY_INTERNAL', 'A batch takes from one source only', {
      received: JSON.stringify(ranges),
    });
  }

  async seek(positions: Positions): Promise<void> {
    for (const source of this.#sources) {
      await source.seek(new Map([...positions].filter(([shard]) => this.#owner(shard) === source)));
    }
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
  }

  #owner(shard: string): Source {
    return this.#byShard.get(shard) ?? this.#rest;
  }
}

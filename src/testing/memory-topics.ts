import { ParleyError } from '../errors.ts';
import type { Decoded } from '../events/decode.ts';
import type { BatchLimits, Positions, Range, Source, SourceBatch, SourceRecord } from '../source/source.ts';
import type { Forward } from '../state/journal.ts';
import type { Life } from './life.ts';

type Stored = Decoded & { readonly time: number; readonly bytes: string };

/** All topics of a driver, each with one partition: what was sent stays, so that any range can be read again. */
export class MemoryTopics {
  readonly #topics = new Map<string, Stored[]>();
  readonly #listeners = new Set<() => void>();

  /** Calls back whenever a topic grew. */
  onGrowth(listener: () => void): void {
    this.#listeners.add(listener);
  }

  append(topic: string, bytes: string, decoded: Decoded): void {
    const stored = this.records(topic);
    // A record without a time of its own has that of the one before it.
    const time = decoded.event?.time ?? stored.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    stored.push({ time, bytes, ...decoded });
    for (const listener of this.#listeners) listener();
  }

  forward({ topic, key, time, value }: Forward): void {
    const bytes = JSON.stringify(value);
    this.append(topic, bytes, { event: { topic, key, time, value: JSON.parse(bytes) as unknown } });
  }

  records(topic: string): Stored[] {
    let stored = this.#topics.get(topic);
    if (stored === undefined) {
      stored = [];
      this.#topics.set(topic, stored);
    }
    return stored;
  }
}

/** The topics of a stage in the order that the port asks for: always the record with the least time, then topic. */
export class MemorySource implements Source {
  /** Queues grow between two portions of a batch. */
  readonly isContinuous = false;
  readonly #topics: MemoryTopics;
  readonly #names: readonly string[];
  readonly #life: Life;
  readonly #offsets = new Map<string, number>();

  constructor(topics: MemoryTopics, names: readonly string[], life: Life) {
    this.#topics = topics;
    this.#names = names;
    this.#life = life;
  }

  async seek(positions: Positions): Promise<void> {
    this.#life.check();
    for (const [shard, { offset }] of positions) this.#offsets.set(shard, offset);
  }

  async next({ eventsMax, bytesMax }: BatchLimits): Promise<SourceBatch | undefined> {
    this.#life.check();
    const from = new Map(this.#names.map((name) => [name, this.#offsets.get(name) ?? 0]));
    const ends = new Map(this.#names.map((name) => [name, this.#topics.records(name).length]));
    let bytes = 0;
    const records = this.#merge(from, ends, (record, count) => {
      bytes += record.bytes.length;
      return count < eventsMax && (count === 0 || bytes <= bytesMax);
    });
    if (records.length === 0) return undefined;
    const ranges = this.#names.flatMap((topic): Range[] => {
      const start = from.get(topic)!;
      const count = records.filter((record) => record.topic === topic).length;
      this.#offsets.set(topic, start + count);
      return count === 0 ? [] : [{ shard: topic, topic, from: start, to: start + count }];
    });
    return { records, ranges, marks: new Map(ranges.map(({ shard, to }) => [shard, { end: to }])) };
  }

  async read(ranges: readonly Range[]): Promise<SourceBatch> {
    this.#life.check();
    for (const { topic, from, to } of ranges) {
      const end = this.#topics.records(topic).length;
      if (from < to && to <= end) continue;
      throw new ParleyError('PARLEY_INPUT_GONE', `Topic ${topic} lacks a planned range`, {
        expected: `offsets ${from} to ${to}`,
        received: `an end at ${end}`,
      });
    }
    const from = new Map(ranges.map((range) => [range.shard, range.from]));
    const to = new Map(ranges.map((range) => [range.shard, range.to]));
    const records = this.#merge(from, to, () => true);
    return { records, ranges, marks: new Map(ranges.map(({ shard, to: end }) => [shard, { end }])) };
  }

  async close(): Promise<void> {}

  #merge(
    from: ReadonlyMap<string, number>,
    ends: ReadonlyMap<string, number>,
    fits: (record: Stored, count: number) => boolean,
  ): SourceRecord[] {
    const offsets = new Map(from);
    const records: SourceRecord[] = [];
    for (;;) {
      let topic: string | undefined;
      let head: Stored | undefined;
      for (const name of this.#names) {
        const offset = offsets.get(name);
        if (offset === undefined || offset >= ends.get(name)!) continue;
        const candidate = this.#topics.records(name)[offset]!;
        if (head !== undefined && candidate.time >= head.time) continue;
        topic = name;
        head = candidate;
      }
      if (topic === undefined || head === undefined || !fits(head, records.length)) return records;
      const { bytes, time, event, rejection } = head;
      const offset = offsets.get(topic)!;
      const place = { topic, shard: topic, offset, time, bytes: () => Buffer.from(bytes) };
      records.push(event === undefined ? { ...place, rejection } : { ...place, event });
      offsets.set(topic, offset + 1);
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { RecordDecoder, RefusedSchemas } from '../record-decoder.ts';
import type { BatchLimits, Positions, Range, ReadOptions, Source, SourceBatch } from '../source.ts';
import { patiently } from './failure.ts';
import type { Fetcher } from './fetcher.ts';
import { forwardRecordDecoder } from './forward-decoder.ts';
import { inputGone, recordsGone } from './gone.ts';
import type { Cluster } from './internals.ts';
import { Cursor, Merge } from './merge.ts';
import { listOffsets } from './offsets.ts';
import { readRange } from './range-reader.ts';
import type { Shard } from './shard.ts';
import { ShardFeed } from './shard-feed.ts';

export interface KafkaSourceOptions {
  readonly shards: readonly Shard[];
  readonly fetcher: Fetcher;
  /** For what needs no group: where logs begin and end, and ranges that are read again. */
  readonly cluster: Cluster;
  readonly decoder: RecordDecoder;
  readonly now: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long `next` waits for an answer that is on its way, when it could give more. */
  readonly lingerMs: number;
}

/** What `next` gives in portions. */
interface Batch {
  readonly feeds: readonly ShardFeed[];
  readonly merge: Merge;
  readonly bytesMax: number;
  readonly refused: RefusedSchemas;
  /** By feed, whether what it had when the batch began was all that there was. */
  readonly isWhole: readonly boolean[];
}

/** What a range's mark is. */
interface RangeMark {
  /** How many it gave. Compaction could make it fewer. */
  readonly records: number;
  /** Schemas that were refused in its batch, if any. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** How long the first batch waits for the first answers of all shards, so that it begins in the order of time. */
const firstAnswersMs = 500;
/** A log that ends before the position: a new leader may not have caught up. */
const shortTries = 10;
const shortWaitMs = 300;
/** A batch of so many is large enough to end where a shard runs dry that has more on the broker. */
const dryEndEvents = 5_000;

/**
 * The topic partitions of one task. It gives nothing until `seek`, and nothing any more once the task went to another
 * member (`lose`): what waits is dropped, and whoever has the task reads it again.
 */
export class KafkaSource implements Source {
  /** Portions of one batch are one merge of what waited when it began, so that its events die young. */
  readonly isContinuous = true;
  readonly #options: KafkaSourceOptions;
  #feeds: readonly ShardFeed[] = [];
  /** By shard, the end of what was given. */
  readonly #given = new Map<string, number>();
  #batch: Batch | undefined;
  #isFirst = true;
  #isOver = false;
  #soughtAt = 0;
  #wake: () => void = () => undefined;
  #news: Promise<void> = Promise.resolve();

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#renew();
  }

  async seek(positions: Positions): Promise<void> {
    const { shards, fetcher, log } = this.#options;
    this.#drop();
    const feeds = await Promise.all(shards.map((shard) => this.#open(shard, positions)));
    for (const shard of positions.keys()) {
      if (!shards.some(({ name }) => name === shard)) log.warn({ shard }, 'a journalled topic is not read any more');
    }
    if (this.#isOver) return;
    this.#feeds = feeds;
    this.#isFirst = true;
    this.#soughtAt = performance.now();
    for (const feed of feeds) {
      this.#given.set(feed.shard.name, feed.queue.position);
      fetcher.add(feed);
    }
  }

  async next({ eventsMax, bytesMax, now, isContinued }: BatchLimits): Promise<SourceBatch | undefined> {
    if (isContinued !== true) this.#batch = await this.#begin(eventsMax, bytesMax, now);
    const batch = this.#batch;
    if (batch === undefined) return undefined;
    const records = await batch.merge.take(eventsMax, batch.bytesMax);
    // Decoding may have waited for a schema, and the task may have gone meanwhile.
    if (this.#isOver || batch.feeds !== this.#feeds || records.length === 0) return undefined;
    const ranges: Range[] = [];
    const marks = new Map<string, RangeMark>();
    for (const [index, { shard, isKnown }] of batch.feeds.entries()) {
      const { position: to, taken } = batch.merge.cursors[index] as Cursor;
      const from = this.#given.get(shard.name) as number;
      // A shard without a position is given one, though empty: should its beginning be deleted, that is seen.
      if (to === from && !(this.#isFirst && !isKnown)) continue;
      this.#given.set(shard.name, to);
      ranges.push({ shard: shard.name, topic: shard.topic, from, to });
      marks.set(shard.name, markOf(taken, batch.refused));
    }
    this.#isFirst = false;
    this.#options.fetcher.pump();
    return { records, ranges, marks, ...this.#reachOf(batch) };
  }

  /** A shard that has more holds the time back at which all are counted; one that was taken to its end does not. */
  #reachOf({ feeds, merge, isWhole }: Batch): Pick<SourceBatch, 'through' | 'isLast'> {
    let through = Number.POSITIVE_INFINITY;
    for (const [index, cursor] of merge.cursors.entries()) {
      const feed = feeds[index] as ShardFeed;
      if (cursor.takenTime !== undefined) feed.givenTime = Math.max(feed.givenTime, cursor.takenTime);
      if (cursor.head !== undefined || isWhole[index] !== true) through = Math.min(through, feed.givenTime);
    }
    return through === Number.POSITIVE_INFINITY ? { isLast: true } : { through };
  }

  isCaughtUp(): boolean {
    return this.#feeds.length > 0 && this.#feeds.every((feed) => feed.isWhole && !feed.isReady);
  }

  /** A batch is of what waits when it begins: what comes later would be read again in another order. */
  async #begin(eventsMax: number, bytesMax: number, now = this.#options.now()): Promise<Batch | undefined> {
    await this.#gather(eventsMax);
    this.#throwFailure();
    const feeds = this.#feeds;
    const refused: RefusedSchemas = new Map();
    const cursors = feeds.map(({ shard, queue }) => new Cursor(shard, queue, this.#decoderOf(shard, refused), now));
    const isDryEnd = (cursor: Cursor, taken: number) =>
      taken >= dryEndEvents && (feeds[cursors.indexOf(cursor)] as ShardFeed).isBehind;
    const isWhole = feeds.map((feed) => feed.isWhole);
    return { feeds, merge: new Merge(cursors, isDryEnd), bytesMax, refused, isWhole };
  }

  async read(ranges: readonly Range[], options: ReadOptions = {}): Promise<SourceBatch> {
    const { now, cluster, log, signal } = this.#options;
    const time = options.now ?? now();
    const refused = refusedBy(options.marks);
    const cursors = await Promise.all(
      ranges
        .filter(({ from, to }) => to > from)
        .map(async ({ shard: name, from, to }) => {
          const shard = this.#shard(name);
          const queue = await readRange({ cluster, log, signal }, shard, from, to);
          return new Cursor(shard, queue, this.#decoderOf(shard, refused), time, to);
        }),
    );
    const records = await new Merge(cursors).take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    const marks = new Map<string, RangeMark>(ranges.map(({ shard }) => [shard, { records: 0 }]));
    for (const { shard, taken } of cursors) marks.set(shard.name, markOf(taken, refused));
    for (const { shard, from, to } of ranges) {
      const expected = (options.marks?.[shard] as Partial<RangeMark> | undefined)?.records;
      const received = marks.get(shard)!.records;
      if (expected !== undefined && expected !== received) {
        throw recordsGone(`${shard}, offsets ${from} to ${to}`, expected, received);
      }
    }
    return { records, ranges, marks };
  }

  /** Resolves when `next` has something to give or a failure to tell, or never will have. */
  async ready(): Promise<void> {
    while (!this.#isOver && !this.#feeds.some(({ isReady }) => isReady)) await this.#news;
  }

  /**
   * By shard: where the next record can be. Past the markers of transactions where nothing but those was fetched, though
   * no batch says so. Shards that were not sought are left out.
   */
  positions(): ReadonlyMap<Shard, number> {
    const nextOf = ({ shard, queue }: ShardFeed) =>
      queue.events === 0 ? queue.end : (this.#given.get(shard.name) as number);
    return new Map(this.#feeds.map((feed) => [feed.shard, nextOf(feed)]));
  }

  /** For the fetcher: records came for one of the feeds, or it failed. */
  hasNews(): void {
    this.#wake();
    this.#renew();
  }

  owns(feed: ShardFeed): boolean {
    return this.#feeds.includes(feed);
  }

  /** The task is another member's now. */
  lose(): void {
    this.#isOver = true;
    this.#drop();
    this.hasNews();
  }

  async close(): Promise<void> {
    this.lose();
  }

  #drop(): void {
    for (const feed of this.#feeds) this.#options.fetcher.remove(feed);
    this.#feeds = [];
    this.#batch = undefined;
    this.#given.clear();
  }

  async #open(shard: Shard, positions: Positions): Promise<ShardFeed> {
    const { cluster, log, signal } = this.#options;
    const where = `topic ${shard.kafkaTopic}, partition ${shard.partition}`;
    const known = positions.get(shard.name)?.offset;
    for (let tries = 1; ; tries++) {
      const { beginning, end } = await patiently({ cluster, log, signal, where }, () => listOffsets(cluster, shard));
      const from = known ?? beginning;
      if (from >= beginning && from <= end) return new ShardFeed(shard, from, end, known !== undefined);
      if (from < beginning || tries === shortTries) throw inputGone(where, from, beginning, end);
      await sleep(shortWaitMs);
    }
  }

  /** Waits a moment where that makes a better batch of it. */
  async #gather(eventsMax: number): Promise<void> {
    const until = this.#soughtAt + firstAnswersMs;
    while (!this.#isOver && this.#feeds.some(({ isAnswered, failure }) => !isAnswered && failure === undefined)) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) break;
      await this.#newsWithin(leftMs);
    }
    const isComing = this.#feeds.some((feed) => feed.isFetching && feed.isBehind);
    const waiting = this.#feeds.reduce((sum, { queue }) => sum + queue.events, 0);
    if (isComing && waiting < eventsMax && this.#options.lingerMs > 0) await this.#newsWithin(this.#options.lingerMs);
  }

  async #newsWithin(ms: number): Promise<void> {
    const giveUp = new AbortController();
    const time = sleep(ms, undefined, { signal: giveUp.signal }).catch(() => undefined);
    await Promise.race([this.#news, time]);
    giveUp.abort();
  }

  #decoderOf({ isForward }: Shard, refused: RefusedSchemas): RecordDecoder {
    const { decoder } = this.#options;
    if (isForward) return forwardRecordDecoder;
    return { decode: (topic, value, key, headers, now) => decoder.decode(topic, value, key, headers, now, refused) };
  }

  #throwFailure(): void {
    const failed = this.#feeds.find(({ failure }) => failure !== undefined);
    if (failed?.failure !== undefined) throw failed.failure;
  }

  #shard(name: string): Shard {
    const shard = this.#options.shards.find((own) => own.name === name);
    if (shard !== undefined) return shard;
    throw new ParleyError(
      'PARLEY_INPUT_GONE',
      'A journalled batch has records of a topic that the task does not read',
      {
        expected: this.#options.shards.map((own) => own.name).join(', '),
        received: name,
        where: 'the journal; was the topic prefix or the stage changed?',
      },
    );
  }

  #renew(): void {
    this.#news = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function markOf(records: number, refused: RefusedSchemas): RangeMark {
  return refused.size === 0 ? { records } : { records, refused: Object.fromEntries(refused) };
}

/** Of all shards of a batch: one may have met the schema first, and the others been refused because of it. */
function refusedBy(marks: ReadOptions['marks']): RefusedSchemas {
  const all = Object.values(marks ?? {}) as (Partial<RangeMark> | undefined)[];
  return new Map(all.flatMap((mark) => Object.entries(mark?.refused ?? {})));
}

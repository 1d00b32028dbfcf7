import { messageOf, ParleyError } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import { protocolCodes, protocolError, typeOf } from './broker-access.ts';
import { askedBytesMin, Budget, type BufferLimits } from './budget.ts';
import { backOff, refresh, refusal } from './failure.ts';
import { type FetchedPartition, fetchFrom } from './fetch.ts';
import { inputGone, topicGone } from './gone.ts';
import type { Cluster } from './internals.ts';
import { listOffsets, missingTopics } from './offsets.ts';
import { committedBatches } from './record-batch.ts';
import type { ShardFeed } from './shard-feed.ts';
import type { Troubles } from './troubles.ts';

/** How long the broker holds a request that finds little: also the longest that a feed may wait to be asked for. */
const waitMs = 100;
/**
 * What the broker gathers before it answers sooner. Without it a trickle over many partitions is asked for as fast as both
 * sides can, hundreds of times a second, for a few records each.
 */
const bytesMin = askedBytesMin;
/** A topic that the brokers do not know for so long was deleted. Metadata of a broker that starts may lack it. */
const missingMaxMs = 10_000;

export interface FetcherOptions {
  readonly cluster: Cluster;
  readonly limits: BufferLimits;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Is counted up with each failure that may pass. */
  readonly troubles: Troubles;
  /** Records came for this feed, or it failed. */
  onNews(feed: ShardFeed): void;
}

/**
 * Keeps the feeds of a process filled: one request at a time to each broker, for all of its partitions that have room.
 *
 *     pump ──▶ for each leader without a request under way: those feeds with room ──▶ request ──answer──▶ push, pump
 *                                                                                     ──failure──▶ stalled: wait, learn leaders, pump
 *
 * A feed is asked for once at a time, at the end of what it has, and the answer is pushed to that very feed.
 */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #budget: Budget;
  readonly #feeds = new Set<ShardFeed>();
  readonly #busy = new Set<number>();
  /** Those that failed, until leaders are known anew. The others go on. */
  readonly #stalled = new Set<ShardFeed>();
  #recovery: Promise<void> | undefined;
  #turn = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#budget = new Budget(options.limits);
  }

  get feeds(): ReadonlySet<ShardFeed> {
    return this.#feeds;
  }

  add(feed: ShardFeed): void {
    this.#feeds.add(feed);
    this.pump();
  }

  remove(feed: ShardFeed): void {
    feed.isClosed = true;
    this.#feeds.delete(feed);
    this.#stalled.delete(feed);
    this.pump();
  }

  /** To be called when a feed has more room than before. */
  pump(): void {
    if (this.#options.signal.aborted || this.#feeds.size === 0) return;
    const leaderless: ShardFeed[] = [];
    const byLeader = new Map<number, [ShardFeed, number][]>();
    for (const [feed, bytesMax] of this.#budget.room([...this.#feeds])) {
      if (feed.isFetching || feed.failure !== undefined || this.#stalled.has(feed)) continue;
      const leader = this.#leader(feed);
      if (leader === undefined) leaderless.push(feed);
      if (leader === undefined || this.#busy.has(leader)) continue;
      const targets = byLeader.get(leader);
      if (targets === undefined) byLeader.set(leader, [[feed, bytesMax]]);
      else targets.push([feed, bytesMax]);
    }
    for (const [leader, targets] of byLeader) void this.#request(leader, this.#rotated(targets));
    if (leaderless.length > 0) this.#recover(protocolError(protocolCodes.leaderNotAvailable), leaderless);
  }

  /** The broker fills a response from the front: each feed comes to the front in its turn. */
  #rotated<Target>(targets: Target[]): Target[] {
    const by = this.#turn++ % targets.length;
    return [...targets.slice(by), ...targets.slice(0, by)];
  }

  #leader({ shard }: ShardFeed): number | undefined {
    try {
      const known = this.#options.cluster.findTopicPartitionMetadata(shard.kafkaTopic);
      const leader = known.find(({ partitionId }) => partitionId === shard.partition)?.leader ?? -1;
      return leader < 0 ? undefined : leader;
    } catch {
      return undefined; // No metadata yet.
    }
  }

  /** Never rejects. */
  async #request(leader: number, targets: readonly (readonly [ShardFeed, number])[]): Promise<void> {
    this.#busy.add(leader);
    for (const [feed] of targets) feed.isFetching = true;
    try {
      const answers = await fetchFrom(
        this.#options.cluster,
        leader,
        targets.map(([{ shard, queue }, bytesMax]) => ({ ...shard, offset: queue.end, bytesMax })),
        { waitMs, bytesMin, bytesMax: this.#budget.responseBytesMax },
      );
      await this.#takeIn(answers, targets);
    } catch (error) {
      this.#recover(
        error,
        targets.map(([feed]) => feed),
      );
    } finally {
      for (const [feed] of targets) feed.isFetching = false;
      this.#busy.delete(leader);
      this.pump();
    }
  }

  async #takeIn(
    answers: readonly FetchedPartition[],
    targets: readonly (readonly [ShardFeed, number])[],
  ): Promise<void> {
    const stale: ShardFeed[] = [];
    let fault: unknown;
    for (const answer of answers) {
      const feed = targets.find(
        ([{ shard }]) => shard.kafkaTopic === answer.kafkaTopic && shard.partition === answer.partition,
      )?.[0];
      if (feed === undefined || feed.isClosed) continue;
      try {
        if (answer.errorCode === 0) await this.#push(feed, answer);
        else if (answer.errorCode === protocolCodes.offsetOutOfRange) await this.#checkRange(feed);
        else throw protocolError(answer.errorCode);
      } catch (error) {
        if (error instanceof ParleyError) this.#fail(feed, error);
        else {
          stale.push(feed);
          fault = error;
        }
      }
    }
    if (stale.length > 0) this.#recover(fault, stale);
  }

  async #push(feed: ShardFeed, answer: FetchedPartition): Promise<void> {
    const { batches, nextOffset } = await committedBatches(answer.log, answer.aborted, feed.queue.end, feed.where);
    // Unpacking took time, in which the feed may have been replaced.
    if (feed.isClosed) return;
    const isFirst = !feed.isAnswered;
    feed.isAnswered = true;
    feed.answeredAt = performance.now();
    feed.missingSince = undefined;
    feed.failures = 0;
    feed.knownEnd = answer.end;
    feed.queue.push(batches, nextOffset);
    if (isFirst || batches.length > 0) this.#options.onNews(feed);
  }

  /** The broker does not have the offset: it is gone, unless a new leader has not caught up yet. */
  async #checkRange(feed: ShardFeed): Promise<void> {
    const { beginning, end } = await listOffsets(this.#options.cluster, feed.shard);
    if (feed.queue.end < beginning || feed.queue.end > end) throw inputGone(feed.where, feed.queue.end, beginning, end);
    throw protocolError(protocolCodes.leaderNotAvailable);
  }

  #fail(feed: ShardFeed, failure: ParleyError): void {
    feed.failure ??= failure;
    this.#options.onNews(feed);
  }

  /** Lets these wait, longer each time, until it is known anew who leads what. One recovery at a time. */
  #recover(error: unknown, feeds: readonly ShardFeed[]): void {
    if (this.#options.signal.aborted) return;
    const refused = refusal(error, feeds.map(({ where }) => where).join('; '));
    for (const feed of feeds) {
      feed.failures++;
      if (refused !== undefined) this.#fail(feed, refused);
      else this.#stalled.add(feed);
    }
    if (refused !== undefined) return;
    this.#options.troubles.count++;
    this.#recovery ??= this.#recovered(error, feeds)
      .catch(() => undefined)
      .finally(() => {
        this.#recovery = undefined;
        this.#stalled.clear();
        this.pump();
      });
  }

  async #recovered(error: unknown, feeds: readonly ShardFeed[]): Promise<void> {
    const { cluster, log, signal } = this.#options;
    const failures = Math.max(...feeds.map((feed) => feed.failures));
    const fields = { error: messageOf(error), partitions: feeds.map(({ shard }) => shard.name) };
    if (failures === 3) log.warn(fields, 'Kafka cannot be read from; trying again until it can');
    else log.debug(fields, 'a fetch failed');
    await backOff(failures, signal);
    try {
      await refresh(cluster, error);
    } catch (failure) {
      if (typeOf(failure) === 'UNKNOWN_TOPIC_OR_PARTITION') await this.#findMissing();
    }
  }

  async #findMissing(): Promise<void> {
    const { cluster } = this.#options;
    const missing = await missingTopics(cluster, new Set([...this.#feeds].map(({ shard }) => shard.kafkaTopic)));
    const now = performance.now();
    for (const feed of this.#feeds) {
      if (!missing.has(feed.shard.kafkaTopic)) continue;
      feed.missingSince ??= now;
      if (now - feed.missingSince < missingMaxMs) continue;
      // The other topics could not be looked up while this one is asked for with them.
      cluster.targetTopics.delete(feed.shard.kafkaTopic);
      this.#fail(feed, topicGone(feed.where));
    }
  }
}

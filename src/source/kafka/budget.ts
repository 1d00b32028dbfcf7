import type { ShardFeed } from './shard-feed.ts';

/** How much waits in memory, of all shards of a process together. */
export interface BufferLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

export const defaultBufferLimits: BufferLimits = { eventsMax: 400_000, bytesMax: 96 * 1024 * 1024 };

const askedBytesMax = 1_048_576;
/** Less is not worth a request. */
export const askedBytesMin = 65_536;

/**
 * Shares the buffers out. One half belongs to whoever has more to read, so that a single busy partition is not held to
 * its share; the other half is kept in equal shares, so that a partition that nobody takes from cannot starve the rest.
 * The limits can be passed by what is under way: at most a response for each broker, or one batch of a partition.
 */
export class Budget {
  readonly #limits: BufferLimits;

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  /** Bytes to ask for of each feed; feeds without room are left out: those are paused. */
  room(feeds: readonly ShardFeed[]): Map<ShardFeed, number> {
    const { eventsMax, bytesMax } = this.#limits;
    let events = 0;
    let bytes = 0;
    for (const { queue } of feeds) {
      events += queue.events;
      bytes += queue.bytes;
    }
    const isPoolFree = events < eventsMax / 2 && bytes < bytesMax / 2;
    const share = { events: eventsMax / 2 / feeds.length, bytes: bytesMax / 2 / feeds.length };
    const rooms = new Map<ShardFeed, number>();
    for (const feed of feeds) {
      const { queue } = feed;
      if (!isPoolFree && (queue.events >= share.events || queue.bytes >= share.bytes)) continue;
      const left = isPoolFree ? bytesMax / 2 - bytes : share.bytes - queue.bytes;
      rooms.set(feed, Math.floor(Math.min(askedBytesMax, Math.max(askedBytesMin, left))));
    }
    return rooms;
  }

  /** Bytes of one response. */
  get responseBytesMax(): number {
    return Math.floor(Math.min(8 * 1024 * 1024, Math.max(askedBytesMax, this.#limits.bytesMax / 8)));
  }
}

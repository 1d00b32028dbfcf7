import { type CacheOptions, defaultCacheOptions } from '../../state/cache.ts';
import { CHUNK_EVENTS } from '../batch.ts';
import type { TaskLimits } from '../task.ts';

/** A share never gets smaller than this: below it a batch or a checkpoint costs more than what is in it. */
const leastEvents = 2 * CHUNK_EVENTS;
const leastBytes = 4 * 1024 * 1024;
const leastKeys = 4_000;
const leastEntries = 1_000;
/** A task that committed something in this time is at work. */
const atWorkMs = 10_000;

export interface SharesOptions {
  /** Of the whole process. */
  readonly limits: TaskLimits;
  readonly cacheEntriesMax?: number;
  /** So many tasks put batches together at a time. */
  readonly turns: number;
  readonly clock: () => number;
}

/**
 * What a process may hold in memory, divided among its tasks: batches among those that put one together at a time, which
 * is where events are objects (on their way to ClickHouse they are a fifth of that); changed keys among those that are at
 * work, since a task without events holds none; cached states among all of them. A share is asked for with each batch, so it
 * follows the tasks that come and go. It decides how the input is cut, and nothing of what comes out.
 */
export class Shares {
  readonly #options: SharesOptions;
  /** Task to the last time that it did something, milliseconds. */
  readonly #tasks = new Map<string, number>();

  constructor(options: SharesOptions) {
    this.#options = options;
  }

  add(task: string): void {
    this.#tasks.set(task, Number.NEGATIVE_INFINITY);
  }

  remove(task: string): void {
    this.#tasks.delete(task);
  }

  worked(task: string): void {
    if (this.#tasks.has(task)) this.#tasks.set(task, this.#options.clock());
  }

  /** Limits of one task. Checkpoints of tasks that were opened together are spread over the interval. */
  limits(spread: number): TaskLimits {
    const { limits, turns } = this.#options;
    const amongAtWork = (total: number, least: number, most = Number.POSITIVE_INFINITY) =>
      this.#divided(total, least, Math.min(most, this.#atWork()));
    return {
      get batchEventsMax() {
        return amongAtWork(limits.batchEventsMax, leastEvents, turns);
      },
      get batchBytesMax() {
        return amongAtWork(limits.batchBytesMax, leastBytes, turns);
      },
      get checkpointKeysMax() {
        return amongAtWork(limits.checkpointKeysMax, leastKeys);
      },
      checkpointIntervalMs: Math.round(limits.checkpointIntervalMs * (0.75 + spread / 4)),
      expireKeysMax: limits.expireKeysMax,
    };
  }

  cache(): CacheOptions {
    const total = this.#options.cacheEntriesMax ?? defaultCacheOptions.entriesMax;
    const entries = () => this.#divided(total, leastEntries, this.#tasks.size);
    return {
      get entriesMax() {
        return entries();
      },
    };
  }

  #divided(total: number, least: number, parts: number): number {
    return Math.max(Math.min(total, least), Math.floor(total / Math.max(1, parts)));
  }

  #atWork(): number {
    const since = this.#options.clock() - atWorkMs;
    let count = 0;
    for (const at of this.#tasks.values()) if (at >= since) count++;
    return count;
  }
}

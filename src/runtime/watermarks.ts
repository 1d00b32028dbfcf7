import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { type Domain, isFed, settingsOf } from './domain.ts';
import type { Log } from './log.ts';
import type { CommittedBatch, TaskObserver } from './task.ts';

/** How far a task has counted, in the time of events, milliseconds since 1970; 0 while that is not known. */
export interface Watermark {
  readonly app: string;
  readonly domain: string;
  /** `<domain>.<stage>`. */
  readonly stage: string;
  readonly partition: number;
  readonly completeThrough: number;
}

/** Where watermarks are kept. A lower one never replaces a higher one there. */
export interface WatermarkTable {
  write(watermarks: readonly Watermark[]): Promise<void>;
  /** The highest of each domain, of this app's tasks in any process. */
  newest(app: string): Promise<ReadonlyMap<string, number>>;
  /** What views need of the configuration, by domain and name. */
  writeSettings?(settings: ReadonlyMap<string, Readonly<Record<string, number>>>): Promise<void>;
}

export interface WatermarksOptions {
  readonly app: string;
  readonly domains: readonly Domain[];
  /** Partitions of each stage, by `<domain>.<stage>`, whoever has them; one of each when left out. */
  readonly partitions?: ReadonlyMap<string, number>;
  /** Whether other processes have tasks of the same domains. */
  readonly isShared: boolean;
  readonly table: WatermarkTable;
  readonly log: Log;
  /** How long a watermark waits before it is written (1,000). */
  readonly flushMs?: number;
}

/**
 * What a batch says of how far its task is; of one that an owner before left, the newest time of its events is all
 * there is to know.
 */
export interface CountedBatch extends Pick<CommittedBatch, 'reach'> {
  readonly outcome: Pick<CommittedBatch['outcome'], 'newest'>;
  readonly plan: Pick<CommittedBatch['plan'], 'now'>;
}

/** The part of one task. */
export interface TaskWatermark extends Required<Pick<TaskObserver, 'onIdle'>> {
  /** For the task: what the domain has come to. */
  newest(): number;
  committed(batch: CountedBatch): void;
}

const closeRetryMs = 250;
/** Others are asked once in so many flushes: an idle task is behind them by so much at most. */
const sharedEvery = 3;

/**
 * Up to which time, by the clocks of the events, everything has been counted: what `complete_through` of an aggregate
 * says. A domain is complete through the least of its tasks' watermarks, and a task's watermark is the greatest of
 *
 * - the time through which a committed batch took all of its shards, where a stage reads nothing but what producers write;
 * - the newest time that the domain had counted *before* the task looked and found nothing, or before it began a
 *   batch that then took all there was: what it did not have by then, it was never sent. So an idle partition does not
 *   hold its domain back, and neither does a stage that other stages feed.
 *
 * Nothing here is part of the commit path: a watermark is written after what it tells of, so that a crash between the two
 * leaves one that is too low, and the next batch mends it. All tasks of the domain are written before the first of them
 * counts, so that one that nobody has opened yet is missed.
 */
export class Watermarks {
  readonly #options: WatermarksOptions;
  readonly #known = new Map<string, Watermark>();
  #dirty = new Set<string>();
  readonly #newest = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> | undefined;
  #isDeclared = false;
  #isClosed = false;
  #flushes = 0;
  #failures = 0;

  constructor(options: WatermarksOptions) {
    const { app, domains, partitions, flushMs = 1_000 } = options;
    this.#options = options;
    for (const { name: domain, stages } of domains) {
      for (const { name } of stages) {
        const stage = `${domain}.${name}`;
        const count = partitions?.get(stage) ?? 1;
        for (let partition = 0; partition < count; partition++) {
          this.#known.set(keyOf(stage, partition), { app, domain, stage, partition, completeThrough: 0 });
        }
      }
    }
    this.#timer = setInterval(() => this.#flush(), flushMs).unref();
  }

  task(stage: string, partition: number): TaskWatermark {
    const key = keyOf(stage, partition);
    const domain = this.#options.domains.find((one) => stage.startsWith(`${one.name}.`));
    const name = domain?.name ?? '';
    const found = domain?.stages.find((one) => stage === `${name}.${one.name}`);
    const hears = domain !== undefined && found !== undefined && isFed(domain, found);
    return {
      newest: () => this.#newest.get(name) ?? Number.NEGATIVE_INFINITY,
      onIdle: (newest) => this.#raise(key, newest),
      committed: ({ reach, outcome, plan }) => {
        // Without this a domain whose last events came with such a batch would be held back until the next ones come.
        if (reach === undefined) return this.#hear(name, Math.min(outcome.newest, plan.now));
        // What a fed stage has of its producers is counted, but older forwards may be on their way to it.
        if (hears) this.#hear(name, reach.through);
        else this.#raise(key, reach.through);
        if (reach.isLast) this.#raise(key, reach.newest);
      },
    };
  }

  /** All tasks of this process are at their ends, with nothing on its way between them; for a process that has them all. */
  drained(): void {
    for (const [key, { domain }] of this.#known) this.#raise(key, this.#newest.get(domain) ?? 0);
  }

  /** Writes what is new, now. Never rejects: what cannot be written waits for the next time. */
  async write(): Promise<void> {
    await this.#writing;
    this.#flush();
    await this.#writing;
  }

  /** Writes what is new, as far as that is possible within so many milliseconds. Never rejects. */
  async close(withinMs = 10_000): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs).unref();
    });
    await Promise.race([this.#writeAll(), late]);
    this.#isClosed = true;
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      await this.write();
      if (this.#isClosed || (this.#isDeclared && this.#dirty.size === 0)) return;
      await sleep(closeRetryMs);
    }
  }

  #raise(key: string, time: number): void {
    const known = this.#known.get(key);
    // Also what is not a number: nothing is told of that.
    if (known === undefined || !(time > known.completeThrough)) return;
    this.#known.set(key, { ...known, completeThrough: time });
    this.#dirty.add(key);
    this.#hear(known.domain, time);
  }

  #hear(domain: string, time: number): void {
    if (time > (this.#newest.get(domain) ?? 0)) this.#newest.set(domain, time);
  }

  #flush(): void {
    if (this.#writing !== undefined) return;
    this.#writing = this.#exchange()
      .then(() => {
        this.#failures = 0;
      })
      .catch((error: unknown) => {
        if (this.#failures++ === 0) {
          this.#options.log.warn(
            { error: messageOf(error) },
            'orchestrator.watermarks cannot be written; it is tried again',
          );
        }
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #exchange(): Promise<void> {
    const { app, domains, table, isShared } = this.#options;
    if (!this.#isDeclared) {
      await table.writeSettings?.(settingsOf(domains));
      await table.write([...this.#known.values()].map((known) => ({ ...known, completeThrough: 0 })));
      this.#isDeclared = true;
    }
    if (this.#dirty.size > 0) {
      const keys = this.#dirty;
      this.#dirty = new Set();
      try {
        await table.write([...keys].map((key) => this.#known.get(key)!));
      } catch (error) {
        for (const key of keys) this.#dirty.add(key);
        throw error;
      }
    }
    if (!isShared || this.#flushes++ % sharedEvery !== 0) return;
    for (const [domain, time] of await table.newest(app)) this.#hear(domain, time);
  }
}

function keyOf(stage: string, partition: number): string {
  return `${stage}/${partition}`;
}

import type { Position, Range, Source, SourceBatch } from '../source/source.ts';
import type { StateCache } from '../state/cache.ts';
import type { Journal, JournalEntry, Plan, RestoreProgress } from '../state/journal.ts';
import type { Changes, Checkpoint, StateStore } from '../state/store.ts';
import { type Cargo, type Delivery, NoCargo } from '../warehouse/delivery.ts';
import { type BatchOutcome, BatchRun, CHUNK_EVENTS, ROWS_MAX } from './batch.ts';
import { deadLetterRows, deadLettersOf } from './dead-letters.ts';
import type { Stage } from './domain.ts';
import { type Recovery, recover } from './recovery.ts';

/**
 * A task: one partition of a stage, with one store, one journal and one commit path. The steps, numbered as in
 * docs/commit-path.md, which says what a crash after each leaves behind:
 *
 * 0. fence older owners                         `open`
 * 1. restore the state                          `open`
 * 2. journal the next plan, with the position that the previous one reached, in one write
 * 3. process the batch (in memory)
 * 4. deliver its rows, retried under one token
 * 5. commit the position with the forwards (in the same write as the next plan, when one is waiting)
 * 6. checkpoint the changed state: store first, then journal, which may then drop the plans that it covers; a journal
 *    that keeps the state itself (Kafka) comes first, so that no store is ever ahead of it
 *
 * While a batch is being delivered the next one is read and processed, so that processor and ClickHouse both work.
 * That batch stays in memory until its plan is journalled: a crash leaves no trace of it, and its events are read again.
 *
 *     idle ──read, 3──▶ prepared ──2, with the 5 of the one before──▶ delivering ──4──▶ delivered ──5──▶ idle
 */
export interface TaskOptions {
  readonly app: string;
  /** `<domain>.<stage>`: a part of tokens and of the journal's keys. */
  readonly name: string;
  readonly stage: Stage;
  readonly partition: number;
  readonly source: Source;
  readonly store: StateStore;
  readonly cache: StateCache;
  readonly journal: Journal;
  readonly delivery: Delivery;
  readonly limits: TaskLimits;
  /** Milliseconds since 1970; the only clock. */
  readonly clock: () => number;
  readonly observer?: TaskObserver;
  /** The newest event time that the domain has counted, as far as this process knows; -Infinity when it knows nothing. */
  readonly newest?: () => number;
}

export interface TaskLimits {
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly checkpointIntervalMs: number;
  readonly checkpointKeysMax: number;
  /** Keys looked at for expiry with each timed checkpoint. */
  readonly expireKeysMax: number;
}

export const defaultLimits: TaskLimits = {
  batchEventsMax: 100_000,
  batchBytesMax: 64 * 1024 * 1024,
  checkpointIntervalMs: 30_000,
  checkpointKeysMax: 20_000,
  expireKeysMax: 2_000,
};

export type Step = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Is told what happens. `onStep` may fail on purpose: tests end the process there. */
export interface TaskObserver {
  onStep?(step: Step, plan: number): void;
  onCommitted?(batch: CommittedBatch): void;
  /** All of its input is counted. `newest` is what the domain had come to before it looked. */
  onIdle?(newest: number): void;
  /** State comes from the journal: progress for whoever waits. */
  onRestoring?: RestoreProgress;
  onRecovered?(recovery: Recovery): void;
  /** State was forgotten or written: for metrics. */
  onCheckpoint?(checkpoint: Checkpoint, changes: number, elapsedMs: number): void;
}

export interface CommittedBatch {
  readonly plan: Plan;
  readonly outcome: BatchOutcome;
  readonly rows: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Whether it had been planned by an owner that crashed. */
  readonly isRecovered: boolean;
  /** What the source gave, in the time of its events; undefined for a batch of an earlier owner. */
  readonly reach?: Reach | undefined;
}

/** How far a batch reaches, in the time of events, milliseconds. */
export interface Reach {
  /** All shards of the task are counted up to here, as far as can be told; -Infinity when it cannot be told. */
  readonly through: number;
  /** Whether it took all that was there when it began. */
  readonly isLast: boolean;
  /** What the domain had come to before the batch began; -Infinity when nothing is known. */
  readonly newest: number;
}

interface Delivering {
  readonly plan: Plan;
  readonly outcome: BatchOutcome;
  readonly rows: number;
  readonly startedAt: number;
  readonly isRecovered: boolean;
  readonly reach: Reach | undefined;
  readonly done: Promise<void>;
}

/** What a batch begins with. */
interface Taking {
  readonly now: number;
  readonly first: SourceBatch;
  readonly expire: Plan['expire'];
  readonly newest: number;
}

interface PendingCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly changes: Changes;
}

export class Task {
  readonly #options: TaskOptions;
  readonly #positions = new Map<string, Position>();
  /** The last plan processed in memory. */
  #processed = 0;
  #delivering: Delivering | undefined;
  /** Taken after plan `checkpoint.plan` was processed; written once that plan is committed. */
  #snapshot: PendingCheckpoint | undefined;
  #writing: Promise<void> | undefined;
  #writeFailure: unknown;
  #checkpointed: Checkpoint | undefined;
  #lastCheckpointAt = 0;
  #expireAfter = '';
  #isExpiryDue = false;
  #lastNow = 0;

  constructor(options: TaskOptions) {
    this.#options = options;
  }

  get name(): string {
    return `${this.#options.name}/${this.#options.partition}`;
  }

  /** The last checkpoint that is on disk. */
  get checkpointed(): Checkpoint | undefined {
    return this.#checkpointed;
  }

  /** Steps 0 and 1; ends with any batch of an earlier owner delivered and committed. */
  async open(): Promise<void> {
    const { journal, store, source, observer } = this.#options;
    const state = await journal.fence(store, observer?.onRestoring);
    this.#step(0, state.committed);
    const recovery = recover(this.name, state, await store.checkpoint());
    for (const [shard, position] of recovery.positions) this.#positions.set(shard, position);
    this.#processed = recovery.checkpoint?.plan ?? 0;
    this.#checkpointed = recovery.checkpoint;
    this.#lastCheckpointAt = this.#options.clock();
    await source.seek(recovery.positions);
    for (const plan of recovery.again) await this.#process(plan, new NoCargo());
    this.#step(1, this.#processed);
    observer?.onRecovered?.(recovery);
    if (recovery.pending !== undefined) {
      const plan = recovery.pending;
      const outcome = await this.#process(plan, this.#options.delivery.load());
      this.#step(3, plan.number);
      this.#deliver(plan, outcome);
      await this.#commit();
    }
  }

  /** Takes one batch, if there is one; false when the input is at its end for now and all of it is committed. */
  async step(): Promise<boolean> {
    const now = this.#now();
    // Before it looks: what others count after that may have sent it something.
    const newest = this.#newest();
    const first = await this.#next(now, 0, 0);
    this.#throwWriteFailure();
    if (first === undefined) {
      if (this.#delivering === undefined) {
        if (this.#options.source.isCaughtUp?.() ?? true) this.#options.observer?.onIdle?.(newest);
        return false;
      }
      await this.#commit();
      return true;
    }
    const expire = this.#isExpiryDue ? await this.#nextExpiry() : undefined;
    this.#isExpiryDue = false;
    await this.#take({ now, first, expire, newest });
    return true;
  }

  /** Steps 5 and 6 for everything that is under way, so that a restart has nothing to do again. */
  async settle(): Promise<void> {
    await this.#commit();
    await this.#writing;
    this.#throwWriteFailure();
    if (this.#options.cache.dirtyCount > 0 || this.#checkpointed?.plan !== this.#processed) this.#takeSnapshot();
    this.#startWriting();
    await this.#writing;
    this.#throwWriteFailure();
  }

  /** A plan without events, when it is time to look for old states. False when there was none to look for. */
  async tick(): Promise<boolean> {
    if (!this.#isCheckpointDue()) return false;
    await this.#commit();
    await this.#writing;
    this.#throwWriteFailure();
    if (this.#options.cache.dirtyCount > 0) {
      this.#takeSnapshot();
      this.#startWriting();
    }
    this.#lastCheckpointAt = this.#options.clock();
    const expire = await this.#nextExpiry();
    if (expire === undefined) return false;
    const first = { records: [], ranges: [], marks: new Map() };
    await this.#take({ now: this.#now(), first, expire, newest: Number.NEGATIVE_INFINITY });
    await this.#commit();
    return true;
  }

  /** Waits for what is being written and lets go of everything. What is under way is finished by the next owner. */
  async close(): Promise<void> {
    await this.#delivering?.done.catch(() => undefined);
    await this.#writing;
    const { source, store, journal } = this.#options;
    // Each of them, whatever the others say: a store left open would keep its folder from the next owner.
    const results = await Promise.allSettled([source.close(), store.close(), journal.close()]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Steps 3, 2 (with the 5 of the batch before) and 4. */
  async #take({ now, first, expire, newest }: Taking): Promise<void> {
    const { stage, cache, limits } = this.#options;
    const run = new BatchRun(stage, cache, now, this.#options.delivery.load());
    const ranges = new Map<string, Range>();
    const marks: Record<string, unknown> = {};
    let bytes = 0;
    let through: number | undefined;
    let isLast = false;
    for (let part: SourceBatch | undefined = first; part !== undefined; ) {
      for (const range of part.ranges) {
        ranges.set(range.shard, { ...range, from: ranges.get(range.shard)?.from ?? range.from });
        bytes += range.to - range.from;
      }
      for (const [shard, mark] of part.marks) marks[shard] = mark;
      through = part.through;
      isLast = part.isLast ?? false;
      await run.add(part.records);
      const isEnd = part.records.length === 0 || run.size >= limits.batchEventsMax || bytes >= limits.batchBytesMax;
      part = undefined; // Or these events would live on while the next ones are decoded.
      if (!isEnd) part = await this.#next(now, run.size, bytes);
    }
    const outcome = await run.finish(expire);
    const plan: Plan = {
      number: this.#processed + 1,
      ranges: [...ranges.values()],
      now,
      marks,
      ...(expire ? { expire } : {}),
    };
    this.#processed = plan.number;
    this.#advance(plan.ranges, plan.marks);
    this.#step(3, plan.number);
    if (this.#snapshot === undefined && this.#writing === undefined && this.#isCheckpointDue()) {
      this.#takeSnapshot();
      this.#isExpiryDue = true;
    }
    await this.#commit(plan);
    this.#step(2, plan.number);
    this.#deliver(plan, outcome, { through: Math.min(through ?? outcome.newest, now), isLast, newest });
  }

  /** The next portion of a batch that has `events` and `bytes` already. */
  async #next(now: number, events: number, bytes: number): Promise<SourceBatch | undefined> {
    const { source, limits } = this.#options;
    if (events > 0 && !source.isContinuous) return undefined;
    return source.next({
      // A portion is a chunk, so that its events are gone before the next one is read.
      eventsMax: Math.min(limits.batchEventsMax - events, source.isContinuous ? CHUNK_EVENTS : limits.batchEventsMax),
      bytesMax: limits.batchBytesMax - bytes,
      now,
      isContinued: events > 0,
    });
  }

  /** Processes a journalled plan again. */
  async #process(plan: Plan, cargo: Cargo): Promise<BatchOutcome> {
    const { stage, cache, source } = this.#options;
    const batch = await source.read(plan.ranges, plan);
    const run = new BatchRun(stage, cache, plan.now, cargo);
    await run.add(batch.records);
    const outcome = await run.finish(plan.expire);
    this.#processed = plan.number;
    this.#advance(plan.ranges, plan.marks);
    return outcome;
  }

  #newest(): number {
    return this.#options.newest?.() ?? Number.NEGATIVE_INFINITY;
  }

  /** A clock set back must not make a batch refuse what the one before it has seen. */
  #now(): number {
    this.#lastNow = Math.max(this.#lastNow, this.#options.clock());
    return this.#lastNow;
  }

  #advance(ranges: readonly Range[], marks: Plan['marks']): void {
    for (const { shard, topic, to } of ranges) {
      const mark = marks?.[shard];
      this.#positions.set(shard, { topic, offset: to, ...(mark === undefined ? {} : { mark }) });
    }
  }

  /** Step 4, under way when this returns. Without a reach it is a batch of an earlier owner. */
  #deliver(plan: Plan, outcome: BatchOutcome, reach?: Reach): void {
    const { app, name, partition, delivery, clock } = this.#options;
    const { cargo, rejected } = outcome;
    if (rejected.length > 0) cargo.add(deadLetterRows(app, name, plan, rejected));
    const { rows } = cargo;
    const done = delivery.deliver({
      token: `${app}/${name}/${partition}/${plan.number}`,
      firstRowVersion: plan.number * ROWS_MAX,
      cargo,
    });
    done.catch(() => undefined); // It is awaited by #commit; until then a refusal must not end the process.
    this.#delivering = { plan, outcome, rows, startedAt: clock(), isRecovered: reach === undefined, reach, done };
  }

  /** Waits for the delivery under way and journals it as committed, with the next plan if there is one. */
  async #commit(next?: Plan): Promise<void> {
    const { journal, observer, clock } = this.#options;
    const delivered = this.#delivering;
    if (delivered === undefined) {
      if (next !== undefined) await journal.append({ plan: next });
      return;
    }
    await delivered.done;
    this.#step(4, delivered.plan.number);
    const { forwards, rejected } = delivered.outcome;
    const entry: JournalEntry = {
      commit: delivered.plan.number,
      forwards,
      ...(rejected.length === 0 ? {} : { deadLetters: deadLettersOf(rejected) }),
      ...(next === undefined ? {} : { plan: next }),
    };
    await journal.append(entry);
    this.#delivering = undefined;
    this.#step(5, delivered.plan.number);
    observer?.onCommitted?.({ ...delivered, finishedAt: clock() });
    if (this.#snapshot !== undefined && this.#snapshot.checkpoint.plan <= delivered.plan.number) this.#startWriting();
  }

  #isCheckpointDue(): boolean {
    const { cache, limits, clock } = this.#options;
    if (cache.dirtyCount >= limits.checkpointKeysMax) return true;
    return clock() - this.#lastCheckpointAt >= limits.checkpointIntervalMs;
  }

  /** The changed keys as they are now, at a batch's end; the batches that follow do not disturb it. */
  #takeSnapshot(): void {
    const { cache, clock } = this.#options;
    this.#snapshot = {
      checkpoint: { plan: this.#processed, positions: Object.fromEntries(this.#positions) },
      changes: cache.snapshot(),
    };
    this.#lastCheckpointAt = clock();
  }

  /** Step 6, while the next batches go on. */
  #startWriting(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    this.#snapshot = undefined;
    this.#writing = this.#writeCheckpoint(snapshot)
      .catch((error: unknown) => {
        this.#writeFailure = error;
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #writeCheckpoint({ checkpoint, changes }: PendingCheckpoint): Promise<void> {
    const { store, journal, cache, clock, observer } = this.#options;
    const startedAt = clock();
    const writeStore = async () => {
      await store.write(changes, journal.stamp?.(checkpoint) ?? checkpoint);
      cache.written();
    };
    const writeJournal = () => journal.checkpoint(checkpoint, changes);
    const [first, second] = journal.keepsState ? [writeJournal, writeStore] : [writeStore, writeJournal];
    await first();
    this.#step(6, checkpoint.plan);
    await second();
    this.#checkpointed = checkpoint;
    observer?.onCheckpoint?.(checkpoint, changes.length, clock() - startedAt);
  }

  #throwWriteFailure(): void {
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
  }

  /** The next stretch of keys to look at; one with each checkpoint, round and round, whatever the state's size. */
  async #nextExpiry(): Promise<Plan['expire']> {
    if (!this.#options.stage.spaces.some((space) => space.expire !== undefined)) return undefined;
    const { store, limits } = this.#options;
    let after = this.#expireAfter;
    let until = (await store.scan(after, limits.expireKeysMax)).at(-1)?.[0];
    if (until === undefined && after !== '') {
      after = '';
      until = (await store.scan(after, limits.expireKeysMax)).at(-1)?.[0];
    }
    this.#expireAfter = until ?? '';
    return until === undefined ? undefined : { after, until };
  }

  #step(step: Step, plan: number): void {
    this.#options.observer?.onStep?.(step, plan);
  }
}

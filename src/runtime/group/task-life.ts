import { setImmediate as turn } from 'node:timers/promises';
import { codeOf, messageOf, ParleyError } from '../../errors.ts';
import { StateCache } from '../../state/cache.ts';
import type { Checkpoint, StateStore } from '../../state/store.ts';
import type { Delivery } from '../../warehouse/delivery.ts';
import type { Operations } from '../../warehouse/operations.ts';
import type { Stage } from '../domain.ts';
import { describeError, type Log } from '../log.ts';
import type { Recovery } from '../recovery.ts';
import { Task, type TaskObserver } from '../task.ts';
import { TaskReport } from '../task-report.ts';
import type { TaskWatermark } from '../watermarks.ts';
import { MeasuredDelivery } from './measured-delivery.ts';
import { Offsets } from './offsets.ts';
import { PacedSource } from './paced-source.ts';
import { type GroupObserver, nameOf, type TaskId, type TaskPorts } from './ports.ts';
import type { Shares } from './shares.ts';
import type { Turn } from './turns.ts';

export interface TaskLifeOptions {
  readonly app: string;
  readonly id: TaskId;
  readonly stage: Stage;
  readonly ports: TaskPorts;
  readonly shares: Shares;
  /** To put a batch together. */
  readonly turn: Turn;
  readonly operations: Operations;
  readonly log: Log;
  readonly clock: () => number;
  /** The least time between two batches that are small. */
  readonly lingerMs: number;
  readonly observer: GroupObserver;
  readonly watermark?: TaskWatermark | undefined;
}

/** Where a life of a task is. `restoring`: the journal, or a batch of an earlier owner, is being worked through. */
export type LifeState = 'opening' | 'restoring' | 'open' | 'closing' | 'closed';

/**
 * How long a process of the same machine may take to close the store: as it ends, it finishes a batch and a checkpoint.
 */
const inUseMs = 60_000;
const inUsePollMs = 100;
/** An idle task looks for work at least so often, whatever it is told. */
const idleMsMost = 1_000;

/**
 * One ownership of a task, from assignment to revocation:
 *
 *     opening ──store──▶ restoring ──steps 0 and 1──▶ open ──step, step, tick …──▶ closing ──settle──▶ closed
 *
 * `end` may come at any time. Then the batch in hand is finished and checkpointed, for so long as `end` allows; what is
 * not done by then is left to the next owner, who redoes it exactly. A life that failed settles nothing: its state in
 * memory may be half a batch.
 */
export class TaskLife {
  readonly name: string;
  readonly #options: TaskLifeOptions;
  readonly #report: TaskReport;
  readonly #offsets: Offsets;
  readonly #abandon = new AbortController();
  #source: PacedSource | undefined;
  #state: LifeState = 'opening';
  #isEnding = false;
  #deadline: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #hasNews = false;
  #wake: () => void = () => undefined;
  #waiting: { readonly plan: number; readonly since: number } | undefined;
  #isDelivering = true;
  #hasWorked = false;

  constructor(options: TaskLifeOptions) {
    const { app, id, operations, log, clock, ports } = options;
    this.name = nameOf(id);
    this.#options = options;
    this.#report = new TaskReport({ ...id, app, name: id.stage, component: this.name, operations, log, clock });
    this.#offsets = new Offsets(
      (positions) => ports.committed(id, positions),
      (error) => log.debug({ error: messageOf(error) }, `${this.name}: the group's offsets could not be written`),
    );
  }

  get state(): LifeState {
    return this.#state;
  }

  /** Whether it came as far as taking batches. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** When the plan was journalled that is not committed yet, milliseconds since 1970. */
  get waitingSince(): number | undefined {
    return this.#waiting?.since;
  }

  /** Whether the last try to deliver went through. */
  get isDelivering(): boolean {
    return this.#isDelivering;
  }

  /** Says that there may be new records. */
  notify(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** Asks for an end; what is under way may take `withinMs`. A later call can only shorten that. */
  end(withinMs: number): void {
    this.#isEnding = true;
    this.#source?.end();
    const at = performance.now() + withinMs;
    if (this.#deadline === undefined || at < this.#deadline.at) {
      clearTimeout(this.#deadline?.timer);
      this.#deadline = { at, timer: setTimeout(() => this.#giveUp(), withinMs) };
    }
    this.notify();
  }

  /** Lives until `end`. Fails with what it failed with, unless it was ending anyway. */
  async run(): Promise<void> {
    const { id, observer, shares } = this.#options;
    shares.add(this.name);
    observer.onOpening?.(id);
    try {
      await this.#live();
    } catch (error) {
      if (!this.#isEnding) throw error;
      this.#options.log.info({ error: describeError(error) }, `${this.name}: the rest is left to its next owner`);
    } finally {
      clearTimeout(this.#deadline?.timer);
      this.#offsets.close();
      this.#state = 'closed';
      this.#waiting = undefined;
      shares.remove(this.name);
      observer.onClosed?.(id);
    }
  }

  /** Writes to orchestrator.* that the batch in hand has failed. */
  recordFailure(error: unknown): void {
    this.#report.failed(error);
  }

  async #live(): Promise<void> {
    const { id, ports, clock, observer } = this.#options;
    const startedAt = clock();
    const store = await this.#openStore();
    if (store === undefined) return;
    const task = await this.#makeTask(store);
    try {
      // Fencing an owner whom the group has meanwhile chosen would only disturb it.
      if (this.#isEnding) return;
      this.#state = 'restoring';
      await task.open();
      if (this.#report.isNew) await ports.refuseForeign(id);
      this.#state = 'open';
      this.#hasWorked = true;
      observer.onOpened?.(id, clock() - startedAt);
      await this.#work(task);
      this.#state = 'closing';
      await task.settle();
      await this.#offsets.settled();
    } catch (error) {
      // Deliveries would be repeated for ever, and closing waits for them.
      this.#giveUp();
      throw error;
    } finally {
      this.#state = 'closing';
      await task.close().catch((error: unknown) => {
        this.#options.log.warn({ error: messageOf(error) }, `${this.name} could not be closed cleanly`);
      });
    }
  }

  /** Ends what may take for ever: deliveries that are repeated, and a source that waits for a schema or the broker. */
  #giveUp(): void {
    this.#abandon.abort(
      new ParleyError('PARLEY_WAREHOUSE_BUSY', `${this.name} was let go of with a batch under way`, {
        where: this.name,
      }),
    );
    this.#source?.close().catch(() => undefined);
  }

  async #openStore(): Promise<StateStore | undefined> {
    const { id, ports, clock } = this.#options;
    for (const since = clock(); !this.#isEnding; ) {
      try {
        return await ports.store(id);
      } catch (error) {
        if (codeOf(error) !== 'PARLEY_DATA_DIR_IN_USE' || clock() - since > inUseMs) throw error;
        await this.#rest(inUsePollMs, false);
      }
    }
    return undefined;
  }

  async #makeTask(store: StateStore): Promise<Task> {
    const { app, id, stage, ports, shares, clock, lingerMs, turn, watermark } = this.#options;
    try {
      const journal = await ports.journal(id);
      this.#source = new PacedSource(ports.source(id), { lingerMs, clock, turn });
      return new Task({
        app,
        name: id.stage,
        stage,
        partition: id.partition,
        source: this.#source,
        store,
        cache: new StateCache(store, stage.spaces, shares.cache()),
        journal,
        delivery: this.#makeDelivery(),
        limits: shares.limits(Math.random()),
        clock,
        observer: this.#report.observer(this.#listener()),
        ...(watermark === undefined ? {} : { newest: watermark.newest }),
      });
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  #makeDelivery(): Delivery {
    const { id, ports, observer } = this.#options;
    const delivery = ports.delivery(id, {
      log: this.#report.log,
      signal: this.#abandon.signal,
      onRetry: (retry) => {
        this.#isDelivering = false;
        observer.onDeliveryRetry?.(id, retry);
      },
    });
    return new MeasuredDelivery(delivery, (elapsedMs) => {
      this.#isDelivering = true;
      this.#source?.delivered(elapsedMs);
      observer.onDelivered?.(id, elapsedMs);
    });
  }

  async #work(task: Task): Promise<void> {
    while (!this.#isEnding) {
      this.#hasNews = false;
      if (await task.step()) {
        // Other tasks, heartbeats and health checks have their turn after each batch.
        await turn();
        continue;
      }
      if (this.#isEnding || (await task.tick())) continue;
      const { waitMs } = this.#source!;
      // While it paces itself, news is what it waits for to add up.
      if (waitMs > 0) await this.#rest(waitMs, false);
      else await this.#rest(Math.min(idleMsMost, this.#options.shares.limits(0).checkpointIntervalMs), true);
    }
  }

  /** Until the time is over, it is to end or, when that counts, there is news. */
  #rest(milliseconds: number, isForNews: boolean): Promise<void> {
    if (this.#isEnding || (isForNews && this.#hasNews)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wake = () => {
        if (this.#isEnding || isForNews) done();
      };
    });
  }

  #listener(): TaskObserver {
    const { id, observer, shares, clock, watermark } = this.#options;
    return {
      onIdle: (newest) => watermark?.onIdle(newest),
      onStep: (step, plan) => {
        if (step === 1 || step === 3) this.#source?.processed(shares.limits(0).batchEventsMax);
        if (step === 2) this.#waiting = { plan, since: clock() };
        if (step === 5 && this.#waiting?.plan === plan) this.#waiting = undefined;
      },
      onRestoring: (progress) => observer.onRestoring?.(id, progress),
      onRecovered: (recovery) => {
        const { pending } = recovery;
        if (pending !== undefined) this.#waiting = { plan: pending.number, since: pending.now };
        this.#offsets.add(committedPositions(recovery));
        observer.onRecovered?.(id, recovery);
      },
      onCommitted: (batch) => {
        shares.worked(this.name);
        watermark?.committed(batch);
        this.#offsets.add(batch.plan.ranges.map(({ shard, topic, to }) => [shard, { topic, offset: to }] as const));
        observer.onCommitted?.(id, batch);
      },
      onCheckpoint: (checkpoint, changes, elapsedMs) => {
        observer.onCheckpoint?.(id, checkpoint, changes, elapsedMs);
        this.#trim(checkpoint);
      },
    };
  }

  /** Not awaited: what is let go of late is let go of after the next checkpoint. */
  #trim(checkpoint: Checkpoint): void {
    const { id, ports, log } = this.#options;
    ports.checkpointed(id, checkpoint).catch((error: unknown) => {
      log.debug({ error: messageOf(error) }, `${this.name}: internal topics could not be trimmed`);
    });
  }
}

/** Where a task stands before its pending plan: its last owner may have died before it told the group. */
function committedPositions({ positions, pending }: Recovery): Map<string, { topic: string; offset: number }> {
  const committed = new Map<string, { topic: string; offset: number }>(positions);
  for (const { shard, topic, from } of pending?.ranges ?? []) committed.set(shard, { topic, offset: from });
  return committed;
}

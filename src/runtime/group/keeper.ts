import { ParleyError } from '../../errors.ts';
import { describeError, type Log } from '../log.ts';
import type { GroupObserver, TaskId } from './ports.ts';
import type { LifeState, TaskLife } from './task-life.ts';

export interface KeeperOptions {
  readonly id: TaskId;
  readonly newLife: () => TaskLife;
  readonly backoff: Backoff;
  readonly log: Log;
  readonly observer: GroupObserver;
  /** A failure that opening the task again cannot mend. */
  readonly onFatal: (error: unknown, id: TaskId) => void;
}

export interface Backoff {
  /** Before the first repetition, milliseconds; then twice as long each time. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** Before a task that was fenced is opened again although the group still gives it to this process. */
  readonly fencedMs: number;
}

export interface TaskStatus {
  readonly id: TaskId;
  /** `waiting`: it failed, or was fenced, and will be opened again. */
  readonly state: LifeState | 'waiting';
  /** Since when a plan is journalled and not committed, milliseconds since 1970. */
  readonly waitingSince: number | undefined;
  readonly isDelivering: boolean;
  /** Why it is waiting: code and message. */
  readonly failure?: string;
}

/**
 * Keeps a task alive as long as the group gives it to this process, one life at a time:
 *
 *     want ──▶ a life ──ended by `release`──▶ gone
 *                │──fenced───▶ wait `fencedMs` ──▶ a life     (quietly: a newer owner has it)
 *                │──retryable─▶ wait, longer each time ──▶ a life
 *                └──other────▶ onFatal ──▶ gone
 *
 * A newer owner that fences a task is right nearly always, and the next rebalance takes the task away here. Not so when
 * that owner was only slow and has meanwhile lost the task to this process: then nobody would work on it, so it is
 * opened again after a while, or with the next rebalance. Whoever is fenced then is exact all the same.
 */
export class TaskKeeper {
  readonly #options: KeeperOptions;
  #life: TaskLife | undefined;
  #isWanted = false;
  #isRunning = false;
  #failures = 0;
  #failure: string | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  get status(): TaskStatus {
    const life = this.#life;
    return {
      id: this.#options.id,
      state: life?.state ?? 'waiting',
      waitingSince: life?.waitingSince,
      isDelivering: life?.isDelivering ?? true,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  want(): void {
    this.#isWanted = true;
    // The group has just said so again: whoever fenced this task has it no more.
    this.#wake();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#ended = this.#keep();
  }

  /** Lets go of the task, for good or until `want`; what is under way may take `withinMs`. Never rejects. */
  release(withinMs: number): Promise<void> {
    this.#isWanted = false;
    this.#life?.end(withinMs);
    this.#wake();
    return this.#ended;
  }

  notify(): void {
    this.#life?.notify();
  }

  async #keep(): Promise<void> {
    while (this.#isWanted) {
      const life = this.#options.newLife();
      this.#life = life;
      let pauseMs = 0;
      try {
        await life.run();
        this.#failure = undefined;
      } catch (error) {
        if (life.hasWorked) this.#failures = 0;
        pauseMs = this.#failed(error, life);
      }
      this.#life = undefined;
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
    this.#isRunning = false;
  }

  /** Says how long to wait before the next life. */
  #failed(error: unknown, life: TaskLife): number {
    const { id, log, observer, backoff, onFatal } = this.#options;
    this.#failure = describeError(error);
    if (error instanceof ParleyError && error.code === 'PARLEY_FENCED') {
      log.info({ task: life.name }, `${life.name} has a newer owner and is let go of`);
      observer.onFailed?.(id, error, backoff.fencedMs);
      return backoff.fencedMs;
    }
    life.recordFailure(error);
    if (!(error instanceof ParleyError) || !error.retryable) {
      this.#isWanted = false;
      onFatal(error, id);
      return 0;
    }
    const most = Math.min(backoff.maxMs, backoff.initialMs * 2 ** this.#failures++);
    // Half of it is random, so that tasks that failed together do not all come back at the same moment.
    const delayMs = Math.max(1, Math.round(most * (0.5 + Math.random() / 2)));
    observer.onFailed?.(id, error, delayMs);
    log.warn({ code: error.code, delayMs }, `${life.name} failed and is opened again: ${error.message}`);
    return delayMs;
  }

  /** Ends early when the task is not wanted any more. */
  #pause(milliseconds: number): Promise<void> {
    if (!this.#isWanted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }
}

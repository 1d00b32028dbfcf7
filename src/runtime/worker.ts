import type { Task } from './task.ts';

export interface WorkerOptions {
  /** Called at once when a task fails, for the first failure only: the others may be waiting for what will not come. */
  readonly onFailure?: (error: unknown, task: Task) => void;
  /** Every input is at its end, and all of it is committed. */
  readonly onDrained?: () => void;
}

/**
 * Runs the tasks of a process side by side. Tasks feed each other through internal topics, so none is done before all
 * of them are: `drain` ends when every input is at its end and nothing is on its way between two tasks. It may be called
 * again when there is more. After `stop` or a failure there is nothing more to be had.
 */
export class Worker {
  readonly #tasks: readonly Task[];
  readonly #options: WorkerOptions;
  /** Tasks that found nothing more to do since anything last happened. */
  readonly #idle = new Set<Task>();
  #isStopping = false;
  #isDrained = false;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #news: Promise<void> = Promise.resolve();

  constructor(tasks: readonly Task[], options: WorkerOptions = {}) {
    this.#tasks = tasks;
    this.#options = options;
    this.#renew();
  }

  /** Steps 0 and 1 of every task. */
  async open(): Promise<void> {
    for (const task of this.#tasks) {
      await task.open().catch((error: unknown) => {
        this.#fail(error, task);
        throw error;
      });
    }
  }

  /** Says that there may be new input: an internal topic grew, a file was appended. */
  notify(): void {
    this.#idle.clear();
    this.#wake();
    this.#renew();
  }

  /** Asks the loops to end after the batch in hand. */
  stop(): void {
    this.#isStopping = true;
    this.notify();
  }

  /** Takes batches until all inputs are at their ends, then checkpoints. Fails with the first task's failure. */
  async drain(): Promise<void> {
    this.#isDrained = false;
    this.#idle.clear();
    await Promise.all(this.#tasks.map((task) => this.#drain(task)));
    for (const task of this.#tasks) {
      if (this.#failure !== undefined) throw this.#failure;
      await task.settle().catch((error: unknown) => this.#fail(error, task));
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isDrained && !this.#isStopping) this.#options.onDrained?.();
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled(this.#tasks.map((task) => task.close()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #drain(task: Task): Promise<void> {
    try {
      for (;;) {
        const news = this.#news;
        // A batch of this task gives no other one work, unless it forwards something: then `notify` says so.
        while (!this.#isEnding() && (await task.step()));
        if (this.#isEnding()) return;
        if (news !== this.#news) continue;
        this.#idle.add(task);
        if (this.#idle.size === this.#tasks.length) {
          this.#isDrained = true;
          this.notify();
          return;
        }
        await news;
      }
    } catch (error) {
      this.#fail(error, task);
    }
  }

  #isEnding(): boolean {
    return this.#isStopping || this.#isDrained || this.#failure !== undefined;
  }

  #fail(error: unknown, task: Task): void {
    if (this.#failure === undefined) {
      this.#failure = error;
      this.#options.onFailure?.(error, task);
    }
    this.notify();
  }

  #renew(): void {
    this.#news = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

import type { Task } from './task.ts';

/**
 * Runs the tasks of a process side by side. Tasks feed each other through internal topics, so none is done before all
 * of them are: `drain` ends when every input is at its end and nothing is on its way between two tasks.
 */
export class Worker {
  readonly #tasks: readonly Task[];
  /** Tasks that found nothing more to do since anything last happened. */
  readonly #idle = new Set<Task>();
  #isStopping = false;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #news: Promise<void> = Promise.resolve();

  constructor(tasks: readonly Task[]) {
    this.#tasks = tasks;
    this.#renew();
  }

  /** Steps 0 and 1 of every task. */
  async open(): Promise<void> {
    for (const task of this.#tasks) await task.open();
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
    await Promise.all(this.#tasks.map((task) => this.#drain(task)));
    if (this.#failure !== undefined) throw this.#failure;
    for (const task of this.#tasks) await task.settle();
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
        while (!this.#isStopping && this.#failure === undefined && (await task.step()));
        if (this.#isStopping || this.#failure !== undefined) return;
        if (news !== this.#news) continue;
        this.#idle.add(task);
        if (this.#idle.size === this.#tasks.length) {
          this.stop();
          return;
        }
        await news;
      }
    } catch (error) {
      this.#failure ??= error;
      this.notify();
    }
  }

  #renew(): void {
    this.#news = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

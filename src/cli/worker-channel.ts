import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { LivePartition } from '../dashboard/live.ts';
import type { Readiness } from '../http/health.ts';

/** What the processes of `parley run --workers` say to each other, over Node's own channel between parent and child. */
export type ToWorker = { readonly ask: 'stop' } | { readonly ask: 'state'; readonly number: number };

export interface FromWorker {
  /** The number of the question. */
  readonly answer: number;
  readonly readiness: Readiness;
  readonly metrics: readonly Metric[];
  readonly partitions: readonly LivePartition[];
}

export type Metric = MetricObjectWithValues<MetricValue<string>>;

export interface WorkerState {
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<readonly Metric[]>;
  readonly partitions: () => readonly LivePartition[];
}

/**
 * The worker's end. `onStop` is called when the parent asks for it, and when the parent is gone: a worker that nobody
 * watches would keep its tasks from those that somebody does.
 */
export class ParentChannel {
  readonly #onStop: () => void;
  #state: WorkerState | undefined;

  constructor(onStop: () => void) {
    this.#onStop = onStop;
    process.on('message', this.#onMessage);
    process.on('disconnect', onStop);
    if (!process.connected) onStop();
  }

  /** From now on questions are answered. */
  serve(state: WorkerState): void {
    this.#state = state;
  }

  close(): void {
    process.off('message', this.#onMessage);
    process.off('disconnect', this.#onStop);
    if (process.connected) process.disconnect();
  }

  readonly #onMessage = (message: unknown): void => {
    const asked = message as ToWorker;
    if (asked.ask === 'stop') this.#onStop();
    else if (asked.ask === 'state') void this.#answer(asked.number);
  };

  async #answer(number: number): Promise<void> {
    const starting: Readiness = { isReady: false, reasons: ['starting'] };
    const readiness = (await this.#state?.readiness()) ?? starting;
    const metrics = (await this.#state?.metrics()) ?? [];
    const partitions = this.#state?.partitions() ?? [];
    if (!process.connected) return;
    // Without somebody to hear it the answer is of no use, and its failure no fault.
    const answer: FromWorker = { answer: number, readiness, metrics, partitions };
    process.send?.(answer, undefined, undefined, () => undefined);
  }
}

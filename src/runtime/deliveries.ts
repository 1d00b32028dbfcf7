import { type ErrorCode, ParleyError } from '../errors.ts';
import type { Retry } from '../warehouse/clickhouse-delivery.ts';
import type { Warehouse } from '../warehouse/open.ts';

/**
 * Says when deliveries that ClickHouse does not take are given up; alone, they are repeated for ever. That is when its
 * server is gone for good, when a task has failed, and a while after a person has asked to stop. What was not delivered
 * is planned, and so is delivered by the next run, once.
 */
export class Deliveries {
  readonly #ending = new AbortController();
  readonly #userSignal: AbortSignal | undefined;
  readonly #stopMs: number;
  #timer: NodeJS.Timeout | undefined;
  #lastRetry: Retry | undefined;
  #isStopped = false;

  constructor(warehouse: Warehouse, userSignal: AbortSignal | undefined, stopMs: number) {
    this.#userSignal = userSignal;
    this.#stopMs = stopMs;
    warehouse.server?.onFailure((error) => this.end(error));
    userSignal?.addEventListener('abort', this.#stop);
    if (userSignal?.aborted) this.#stop();
  }

  /** For deliveries: aborted when they are to be given up. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Whether it was a person's wish that ended them. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  readonly onRetry = (retry: Retry): void => {
    this.#lastRetry = retry;
  };

  /** Gives them up; they fail with `reason`. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#userSignal?.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#isStopped = true;
      this.end(this.#stoppedError());
    }, this.#stopMs);
  };

  #stoppedError(): ParleyError {
    const error = this.#lastRetry?.error;
    const code: ErrorCode = error?.code ?? 'PARLEY_WAREHOUSE_UNREACHABLE';
    return new ParleyError(code, 'Stopped while ClickHouse did not take a batch; the next run delivers it', {
      expected: `an answer within ${this.#stopMs} ms of the wish to stop`,
      received: error?.message ?? 'none',
      ...(this.#lastRetry === undefined ? {} : { where: this.#lastRetry.table }),
      ...(error === undefined ? {} : { cause: error }),
    });
  }
}

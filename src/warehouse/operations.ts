import { messageOf, ParleyError } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';
import { failureOf } from './failure.ts';
import { OperationsQueue } from './operations-queue.ts';
import { landingLogs, landingRuns } from './orchestrator-tables.ts';

export type RunStatus = 'RUNNING' | 'COMPLETED' | 'EMPTY' | 'FAILED' | 'RECOVERED';

/** A row of `orchestrator.runs`: one batch of one task. Times are in milliseconds since 1970. */
export interface RunRow {
  readonly app: string;
  readonly stage: string;
  readonly partition: number;
  readonly plan: number;
  /** RECOVERED: a batch that an earlier owner had planned, and this one finished. EMPTY: it had no events. */
  readonly status: RunStatus;
  readonly started_at: number;
  readonly finished_at: number | null;
  readonly elapsed_ms: number | null;
  readonly events: number;
  readonly rows: number;
  readonly rejected: number;
  readonly late: number;
  readonly duplicates: number;
  /** The plan's ranges; stored as JSON. */
  readonly ranges: unknown;
  readonly error: string | null;
}

/** A row of `orchestrator.logs`. */
export interface LogRow {
  readonly time: number;
  readonly level: string;
  readonly component: string;
  readonly message: string;
  /** `app/stage/partition/plan` of the batch that it belongs to. */
  readonly run?: string;
  /** What else is known; stored as JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes what operators read. It never blocks the commit path and never fails it: what cannot be written is dropped. */
export interface Operations {
  run(row: RunRow): void;
  log(row: LogRow): void;
  /** Rows dropped since the start, because ClickHouse did not take them in time. */
  readonly dropped: number;
  /** Writes what is waiting, for `closeMs` at most, and stops. */
  close(): Promise<void>;
}

export interface OperationsOptions {
  readonly client: ClickHouseClient;
  readonly log?: { warn(fields: object, message: string): void };
  /** How long a row waits at most while ClickHouse answers (1,000). */
  readonly flushMs?: number;
  /** Rows of a table that are written before that time (1,000). */
  readonly flushRows?: number;
  /** Rows of a table that wait for a ClickHouse that does not answer; then the oldest are dropped (20,000). */
  readonly rowsMax?: number;
  readonly closeMs?: number;
}

/** The longest pause between tries while ClickHouse does not answer. */
const pauseMsMost = 30_000;

export function createOperations(options: OperationsOptions): Operations {
  return new BufferedOperations(options);
}

class BufferedOperations implements Operations {
  readonly #options: OperationsOptions;
  readonly #runs: OperationsQueue;
  readonly #logs: OperationsQueue;
  readonly #flushMs: number;
  readonly #flushRows: number;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failures = 0;
  #droppedTold = 0;
  #isClosed = false;

  constructor(options: OperationsOptions) {
    const rowsMax = options.rowsMax ?? 20_000;
    this.#options = options;
    this.#flushMs = options.flushMs ?? 1_000;
    this.#flushRows = Math.min(options.flushRows ?? 1_000, rowsMax);
    this.#runs = new OperationsQueue(landingRuns, options.client, rowsMax);
    this.#logs = new OperationsQueue(landingLogs, options.client, rowsMax);
  }

  run(row: RunRow): void {
    const elapsed_ms = row.elapsed_ms === null ? null : Math.max(0, Math.round(row.elapsed_ms));
    this.#add(this.#runs, { ...row, elapsed_ms, ranges: jsonOf(row.ranges) });
  }

  log(row: LogRow): void {
    this.#add(this.#logs, { ...row, run: row.run ?? '', fields: jsonOf(row.fields) });
  }

  get dropped(): number {
    return this.#runs.dropped + this.#logs.dropped;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const deadline = AbortSignal.timeout(this.#options.closeMs ?? 5_000);
    await this.#flushing;
    // Twice: rows that came during the flush before, and the rest of a queue longer than one insert.
    await this.#flush(deadline);
    const left = this.#runs.length + this.#logs.length;
    if (left > 0) this.#options.log?.warn({ left }, `${left} rows of orchestrator.* could not be written`);
  }

  #add(queue: OperationsQueue, row: Record<string, unknown>): void {
    if (this.#isClosed) return;
    queue.add(row);
    if (queue.length >= this.#flushRows && this.#failures === 0) this.#start();
    else this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#flushing !== undefined || this.#isClosed) return;
    const delayMs = Math.min(this.#flushMs * 2 ** this.#failures, Math.max(pauseMsMost, this.#flushMs));
    // Waiting rows are no reason for a process to stay alive; `close` writes them.
    this.#timer = setTimeout(() => this.#start(), delayMs).unref();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#flushing !== undefined || this.#isClosed) return;
    this.#flushing = this.#flush(AbortSignal.timeout(pauseMsMost)).finally(() => {
      this.#flushing = undefined;
      if (this.#runs.length + this.#logs.length > 0) this.#schedule();
    });
  }

  /** Never rejects: a failure is logged, and its rows wait for the next flush. */
  async #flush(signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled([this.#runs.flush(signal), this.#logs.flush(signal)]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) {
      this.#failures = 0;
    } else {
      this.#failures++;
      // Told when it begins, and then as seldom as it is tried.
      const { code, message } = describe(failed.reason);
      this.#options.log?.warn({ code, failures: this.#failures }, `orchestrator.* cannot be written: ${message}`);
    }
    if (this.dropped > this.#droppedTold) {
      const dropped = this.dropped - this.#droppedTold;
      this.#droppedTold = this.dropped;
      this.#options.log?.warn(
        { dropped, droppedTotal: this.dropped },
        `${dropped} rows of orchestrator.* were dropped`,
      );
    }
  }
}

function describe(error: unknown): { code: string; message: string } {
  try {
    const { error: coded } = failureOf(error);
    return { code: coded.code, message: coded.message };
  } catch (fault) {
    return { code: fault instanceof ParleyError ? fault.code : 'PARLEY_INTERNAL', message: messageOf(fault) };
  }
}

/** What has no JSON must not fail the commit path. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? 'null';
  } catch (error) {
    return JSON.stringify({ unreadable: messageOf(error) });
  }
}

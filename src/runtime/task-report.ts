import type { Operations } from '../warehouse/operations.ts';
import { crashOnPurpose } from './crash.ts';
import { describeError, type Log, recordedLog, recordFailure } from './log.ts';
import { failedRunRow, runRow } from './runs.ts';
import type { TaskObserver } from './task.ts';

export interface TaskReportOptions {
  readonly app: string;
  /** `<domain>.<stage>`. */
  readonly name: string;
  readonly partition: number;
  /** What log lines call it; its name without one. */
  readonly component?: string;
  readonly operations: Operations;
  readonly log: Log;
  readonly clock: () => number;
}

/** Writes what a task does to orchestrator.* and to the log: its runs, its recoveries, its failures. */
export class TaskReport {
  /** Its lines also go to orchestrator.logs, with the batch in hand. */
  readonly log: Log;
  readonly #options: TaskReportOptions;
  #isNew = false;
  #isRecovered = false;
  #committed = 0;
  #planned = { plan: 0, at: 0 };

  constructor(options: TaskReportOptions) {
    this.#options = options;
    this.log = recordedLog(options.log, options.operations, this.#origin, options.clock);
  }

  /** Whether nothing was ever journalled for the task. Known when it is open. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** What the task is to be given; `listener` is told after the record is written. */
  observer(listener: TaskObserver): TaskObserver {
    const { app, name, partition, operations, clock } = this.#options;
    const crash = crashOnPurpose(name);
    return {
      ...listener,
      onStep: (step, plan) => {
        if (step === 2) this.#planned = { plan, at: clock() };
        listener.onStep?.(step, plan);
        crash(step, plan);
      },
      onCommitted: (batch) => {
        this.#committed = batch.plan.number;
        operations.run(runRow(app, name, partition, batch));
        listener.onCommitted?.(batch);
      },
      onRecovered: (recovery) => {
        const { isNew, again, pending, checkpoint } = recovery;
        this.#isNew = isNew;
        this.#isRecovered = true;
        this.#committed = again.at(-1)?.number ?? checkpoint?.plan ?? 0;
        listener.onRecovered?.(recovery);
        if (isNew) return;
        const last = pending?.number ?? this.#committed;
        const fields = { again: again.length, pending: pending?.number };
        this.log.info(fields, `${this.#component} goes on after plan ${last}`);
      },
      onCheckpoint: (checkpoint, changes, elapsedMs) => {
        this.log.debug({ plan: checkpoint.plan, changes, elapsedMs }, `${this.#component}: checkpoint`);
        listener.onCheckpoint?.(checkpoint, changes, elapsedMs);
      },
    };
  }

  /** Writes that the batch in hand has failed, as far as that can still be written. */
  failed(error: unknown): void {
    const { app, name, partition, operations, clock } = this.#options;
    const plan = this.#committed + 1;
    const now = clock();
    recordFailure(operations, error, this.#origin, now);
    // Before it knows where it stands, the number would be that of a batch that was counted.
    if (!this.#isRecovered) return;
    const startedAt = this.#planned.plan === plan ? this.#planned.at : now;
    operations.run(
      failedRunRow(app, name, partition, { plan, startedAt, finishedAt: now, error: describeError(error) }),
    );
  }

  get #component(): string {
    return this.#options.component ?? this.#options.name;
  }

  get #origin() {
    const { app, name, partition } = this.#options;
    return { component: this.#component, run: () => `${app}/${name}/${partition}/${this.#committed + 1}` };
  }
}

import type { RunRow } from '../warehouse/operations.ts';
import type { CommittedBatch } from './task.ts';

/** The row of orchestrator.runs for a batch. */
export function runRow(app: string, stage: string, partition: number, batch: CommittedBatch): RunRow {
  const { plan, outcome, rows, startedAt, finishedAt, isRecovered } = batch;
  const records = outcome.events + outcome.rejected.length;
  return {
    app,
    stage,
    partition,
    plan: plan.number,
    status: isRecovered ? 'RECOVERED' : records === 0 ? 'EMPTY' : 'COMPLETED',
    started_at: startedAt,
    finished_at: finishedAt,
    elapsed_ms: finishedAt - startedAt,
    events: outcome.events,
    rows,
    rejected: outcome.rejected.length,
    late: (outcome.counts.get('late') ?? 0) + (outcome.counts.get('too_late') ?? 0),
    duplicates: outcome.counts.get('duplicate') ?? 0,
    ranges: plan.ranges,
    error: null,
  };
}

export interface FailedRun {
  readonly plan: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Code and message. */
  readonly error: string;
}

/** The row of a batch that did not come to its end. The owner that finishes it overwrites it. */
export function failedRunRow(app: string, stage: string, partition: number, run: FailedRun): RunRow {
  const { plan, startedAt, finishedAt, error } = run;
  return {
    app,
    stage,
    partition,
    plan,
    status: 'FAILED',
    started_at: startedAt,
    finished_at: finishedAt,
    elapsed_ms: finishedAt - startedAt,
    events: 0,
    rows: 0,
    rejected: 0,
    late: 0,
    duplicates: 0,
    ranges: [],
    error,
  };
}

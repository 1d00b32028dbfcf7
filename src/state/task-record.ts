import { ParleyError } from '../errors.ts';
import type { JournalEntry } from './journal.ts';
import type { Checkpoint } from './store.ts';

/** Where a task is. Plans after `covered` are kept; the last of them, `planned`, may be one past `committed`. */
export interface TaskRecord {
  readonly committed: number;
  readonly planned: number;
  /** The plan of the last checkpoint. */
  readonly covered: number;
}

export const emptyRecord: TaskRecord = { committed: 0, planned: 0, covered: 0 };

/** Numbers go up by one, and a plan is made only when the one before it is committed, at the latest in the same write. */
export function after(record: TaskRecord, entry: JournalEntry, where: string): TaskRecord {
  let { committed, planned } = record;
  if (entry.commit !== undefined) {
    if (entry.commit !== committed + 1 || entry.commit > planned) {
      throw unexpected(`a commit of plan ${committed + 1}, planned up to ${planned}`, `of plan ${entry.commit}`, where);
    }
    committed = entry.commit;
  } else if ((entry.forwards?.length ?? 0) + (entry.deadLetters?.length ?? 0) > 0) {
    throw unexpected('forwards and dead letters with the commit of their plan', 'some without one', where);
  }
  if (entry.plan !== undefined) {
    if (entry.plan.number !== planned + 1 || entry.plan.number !== committed + 1) {
      throw unexpected(`plan ${planned + 1}, committed up to ${planned}`, `plan ${entry.plan.number}`, where);
    }
    planned = entry.plan.number;
  }
  return { committed, planned, covered: record.covered };
}

/** A checkpoint is of what is committed, and never of less than the one before. */
export function afterCheckpoint(record: TaskRecord, { plan }: Checkpoint, where: string): TaskRecord {
  const { committed, planned, covered } = record;
  if (plan > committed || plan < covered) {
    throw unexpected(`a checkpoint of plan ${covered} to ${committed}`, `of plan ${plan}`, where);
  }
  return { committed, planned, covered: plan };
}

/** After reading back: whether the numbers fit together, and all plans after `reached` are there and no other. */
export function isWhole(record: TaskRecord, planNumbers: readonly number[], reached = record.covered): boolean {
  const { committed, planned, covered } = record;
  return (
    covered <= committed &&
    (planned === committed || planned === committed + 1) &&
    planNumbers.length === Math.max(0, planned - reached) &&
    planNumbers.every((number, index) => number === reached + index + 1)
  );
}

function unexpected(expected: string, received: string, where: string): ParleyError {
  return new ParleyError('PARLEY_INTERNAL', 'A journal entry is out of order', { expected, received, where });
}

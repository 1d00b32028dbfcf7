import { ParleyError } from '../errors.ts';
import type { Position } from '../source/source.ts';
import type { JournalState, Plan } from '../state/journal.ts';
import type { Checkpoint } from '../state/store.ts';

/** What a new owner of a task has to do before it takes new events. */
export interface Recovery {
  /** The state that the store has. */
  readonly checkpoint: Checkpoint | undefined;
  /** Committed after the checkpoint: to be processed again, delivering nothing. */
  readonly again: readonly Plan[];
  /** Planned and not committed: to be processed, delivered (perhaps once more) and committed. */
  readonly pending: Plan | undefined;
  /** Where each shard stands after all of that. */
  readonly positions: ReadonlyMap<string, Position>;
  readonly isNew: boolean;
}

/**
 * Decides from the journal and the store's checkpoint what remains to be done. A task with a journal is never new: when
 * the store lacks what the journal has already dropped, or has what the journal never committed, one of the two is not
 * the one that belongs here, and going on would lose or double events (PARLEY_STATE_CORRUPT).
 */
export function recover(task: string, journal: JournalState, checkpoint: Checkpoint | undefined): Recovery {
  const reached = checkpoint?.plan ?? 0;
  if (reached > journal.committed) {
    throw new ParleyError('PARLEY_STATE_CORRUPT', `The state of task ${task} is newer than its journal`, {
      expected: `a state of plan ${journal.committed} at most, the last that was committed`,
      received: `a state of plan ${reached}`,
      where: `task ${task}`,
    });
  }
  const plans = journal.plans.filter((plan) => plan.number > reached);
  for (const [index, plan] of plans.entries()) {
    if (plan.number === reached + index + 1) continue;
    throw lacking(task, reached, plan.number);
  }
  if (plans.length < journal.committed - reached) throw lacking(task, reached, journal.committed + 1);
  const last = plans.at(-1);
  const pending = last !== undefined && last.number > journal.committed ? last : undefined;
  return {
    checkpoint,
    again: pending === undefined ? plans : plans.slice(0, -1),
    pending,
    positions: positionsAfter(checkpoint, plans),
    isNew: journal.isNew && checkpoint === undefined,
  };
}

function positionsAfter(checkpoint: Checkpoint | undefined, plans: readonly Plan[]): Map<string, Position> {
  const positions = new Map<string, Position>(Object.entries(checkpoint?.positions ?? {}));
  for (const plan of plans) {
    for (const { shard, topic, to } of plan.ranges) {
      const mark = plan.marks?.[shard];
      positions.set(shard, { topic, offset: to, ...(mark === undefined ? {} : { mark }) });
    }
  }
  return positions;
}

function lacking(task: string, reached: number, found: number): ParleyError {
  return new ParleyError('PARLEY_STATE_CORRUPT', `The state of task ${task} is older than its journal`, {
    expected: `plan ${reached + 1}, the first after the state`,
    received: found > reached + 1 ? `plan ${found} as the first one kept` : 'none',
    where: `task ${task}`,
  });
}

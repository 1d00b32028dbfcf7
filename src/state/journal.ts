import type { Range } from '../source/source.ts';
import type { Change, Checkpoint } from './store.ts';

/** A numbered batch, journalled before its first insert. */
export interface Plan {
  /** 1, 2, 3 … without holes within a task. */
  readonly number: number;
  readonly ranges: readonly Range[];
  /** The batch's time, milliseconds: what the processors see as `now`. */
  readonly now: number;
  /** Marks of the shards at the ends of the ranges (see `SourceBatch.marks`). */
  readonly marks?: Readonly<Record<string, unknown>>;
  /** Keys of the store, (after, until], whose idle states this plan expires. */
  readonly expire?: { readonly after: string; readonly until: string };
}

/** An event on its way to another stage of the same domain. */
export interface Forward {
  readonly topic: string;
  readonly key: string;
  readonly time: number;
  readonly value: unknown;
}

/** What a new owner of a task finds. */
export interface JournalState {
  /** The number of the last plan that was committed; 0 when none. */
  readonly committed: number;
  /** Plans kept, ascending: those since the last checkpoint, and at the end perhaps one that is not yet committed. */
  readonly plans: readonly Plan[];
  /** True when nothing was ever journalled for this task. A task with a journal is never new. */
  readonly isNew: boolean;
}

/** One atomic, durable write: a commit with its forwards, a new plan, or both. */
export interface JournalEntry {
  /** The plan that is now committed. */
  readonly commit?: number;
  /** The committed plan's forwards, in order. */
  readonly forwards?: readonly Forward[];
  readonly plan?: Plan;
}

/**
 * Says where a task is. The steps are those of the commit path (src/runtime/task.ts). One owner at a time: a second one
 * either cannot open it, or fences the first, whose next write fails with PARLEY_FENCED.
 */
export interface Journal {
  /** Step 0: from here on this owner alone can write. */
  fence(): Promise<JournalState>;
  /** Steps 2 and 5. */
  append(entry: JournalEntry): Promise<void>;
  /**
   * Step 6: plans up to and with `checkpoint.plan` are covered, and deleted. A journal that is the only durable copy
   * (Kafka) also keeps the changes; one beside a local store on the same disk does not need to.
   */
  checkpoint(checkpoint: Checkpoint, changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

import type { Envelope, Range, Rejection } from '../source/source.ts';
import type { Changes, Checkpoint, StateStore } from './store.ts';

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

/** A refused record on its way to the dead letters, with where it came from. */
export interface DeadLetter extends Rejection {
  readonly topic: string;
  readonly shard: string;
  readonly offset: number;
  readonly bytes: Buffer;
  readonly envelope: Envelope;
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

/** Told while state is being restored from the journal. `total` is an estimate. */
export type RestoreProgress = (progress: { readonly records: number; readonly total: number }) => void;

/** One atomic, durable write: a commit with its forwards, a new plan, or both. */
export interface JournalEntry {
  /** The plan that is now committed. */
  readonly commit?: number;
  /** The committed plan's forwards, in order. */
  readonly forwards?: readonly Forward[];
  /** What the committed plan refused; a journal that has a topic for it (Kafka) writes it there, once. */
  readonly deadLetters?: readonly DeadLetter[];
  readonly plan?: Plan;
}

/**
 * Says where a task is. The steps are those of the commit path (src/runtime/task.ts). One owner at a time: a second one
 * either cannot open it, or fences the first, whose next write fails with PARLEY_FENCED.
 */
export interface Journal {
  /**
   * Step 0, and the first half of 1: from here on this owner alone can write. A journal that keeps state (Kafka) brings
   * the store up to its newest checkpoint where that is newer than the store's, so that `recover` finds both in step;
   * without a store it only tells where the task is.
   */
  fence(store?: StateStore, onProgress?: RestoreProgress): Promise<JournalState>;
  /** Steps 2 and 5. */
  append(entry: JournalEntry): Promise<void>;
  /**
   * Step 6: plans up to and with `checkpoint.plan` are covered, and deleted. A journal that is the only durable copy
   * (Kafka) also keeps the changes; one beside a local store on the same disk does not need to.
   */
  checkpoint(checkpoint: Checkpoint, changes: Changes): Promise<void>;
  /**
   * Whether the journal keeps the changes. It is then written before the store in step 6: a store that is ahead of its
   * journal would go on from there, and the changes between the two would be missing in the journal for good.
   */
  readonly keepsState?: boolean;
  /** The checkpoint as the store is to keep it, with what the journal needs to know when it is fenced with that store. */
  stamp?(checkpoint: Checkpoint): Checkpoint;
  close(): Promise<void>;
}

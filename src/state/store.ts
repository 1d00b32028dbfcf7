/** A point that a task's state has reached: everything up to and with this plan is in it. */
export interface Checkpoint {
  /** Number of the last plan that the state contains; 0 when none. */
  readonly plan: number;
  /** Where each shard stands after that plan: shard to position. */
  readonly positions: Readonly<Record<string, { topic: string; offset: number; mark?: unknown }>>;
  /** Counters and other small things that the task keeps (JSON). */
  readonly extra?: unknown;
}

/** Changes in any order, one for each key: an array of them, or `PackedChanges`. */
export interface Changes extends Iterable<Change> {
  readonly length: number;
}

/** What a store is given back from elsewhere. */
export interface Restoration {
  /** Whether what the store has is of no use: it is emptied first. Otherwise the changes are laid over it. */
  readonly isWhole: boolean;
  /** In the order in which they hold: of two for one key, the later. In portions, since there may be millions. */
  readonly changes: AsyncIterable<Changes>;
  /** What the store has after the last change; asked for when they are all there. */
  checkpoint(): Checkpoint;
}

/** A key's new encoded state, or undefined for a key that is gone. */
export type Change = readonly [key: string, value: string | undefined];

/**
 * A task's keyed state on the local disk. Values are opaque text. `write` is atomic: after a crash the store has all
 * of a checkpoint or nothing of it.
 */
export interface StateStore {
  /** The last checkpoint written; undefined for a new store. */
  checkpoint(): Promise<Checkpoint | undefined>;
  /** Values in the order of the keys; undefined where there is none. */
  getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Changes and the checkpoint that they lead to, in one atomic, synced write. */
  write(changes: Changes, checkpoint: Checkpoint): Promise<void>;
  /**
   * Takes state from elsewhere, in as many writes as it needs. A crash in the middle leaves a store without a checkpoint,
   * which never looks complete: its next restoration has to be a whole one.
   */
  restore(restoration: Restoration): Promise<void>;
  /** Up to `limit` entries with keys after `after` (exclusive; '' for the start) and up to `until` (inclusive). */
  scan(after: string, limit: number, until?: string): Promise<[key: string, value: string][]>;
  close(): Promise<void>;
}

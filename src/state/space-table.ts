import type { StateSpace } from '../runtime/domain.ts';

/** A key in memory. `state` is undefined when the key is known to have none. */
export interface CacheEntry {
  state: unknown;
  /** The day of the batch that last put it; see state-record.ts. */
  day: number;
  isDirty: boolean;
  /** Whether it was put since its state was last settled. */
  isTouched: boolean;
}

/**
 * The keys of one space that are in memory, in two generations: what is used goes into the young one, and when that has
 * grown, the old one is let go and the young one becomes old. Two maps cost a lookup each, where a list in the order of
 * use would cost several writes for every event. Changed entries are also in `dirty`, and then in
 * what is being written, so letting go never loses one: of a key there is one entry in memory at most.
 */
export class SpaceTable {
  readonly space: StateSpace<unknown>;
  young = new Map<string, CacheEntry>();
  old = new Map<string, CacheEntry>();
  dirty = new Map<string, CacheEntry>();
  /** Entries of snapshots that the store does not have yet, the oldest first. */
  readonly #writing: ReadonlyMap<string, CacheEntry>[] = [];
  /** Wanted by the batch and not in memory. */
  missing = new Set<string>();
  /** How long a record is, on average over the last ones. */
  meanBytes = 256;
  #lastKey: string | undefined;
  #lastEntry: CacheEntry | undefined;

  constructor(space: StateSpace<unknown>) {
    this.space = space;
  }

  find(key: string): CacheEntry | undefined {
    return this.young.get(key) ?? this.#findOutside(key);
  }

  #findOutside(key: string): CacheEntry | undefined {
    const entry = this.old.get(key) ?? this.dirty.get(key);
    if (entry !== undefined || this.#writing.length === 0) return entry;
    return this.#writing.findLast((entries) => entries.has(key))?.get(key);
  }

  want(key: string): void {
    if (this.young.has(key)) return;
    const entry = this.#findOutside(key);
    if (entry === undefined) this.missing.add(key);
    else this.young.set(key, entry);
  }

  admit(key: string, entry: CacheEntry): void {
    this.#lastKey = undefined;
    this.young.set(key, entry);
  }

  /** As `find`. An event's state is got and then put: the second time costs no look-up. */
  findAgain(key: string): CacheEntry | undefined {
    if (key === this.#lastKey) return this.#lastEntry;
    const entry = this.find(key);
    this.#lastKey = key;
    this.#lastEntry = entry;
    return entry;
  }

  put(key: string, state: unknown, day: number): CacheEntry {
    let entry = this.findAgain(key);
    if (entry === undefined) {
      entry = { state, day, isDirty: false, isTouched: false };
      this.young.set(key, entry);
      this.#lastEntry = entry;
    }
    entry.state = state;
    entry.day = day;
    if (!entry.isDirty) {
      entry.isDirty = true;
      this.dirty.set(key, entry);
    }
    return entry;
  }

  rotate(): void {
    this.#lastKey = undefined;
    this.old = this.young;
    this.young = new Map();
  }

  /** The dirty entries are being written from now on, and are kept until they are. */
  startWriting(): void {
    for (const entry of this.dirty.values()) entry.isDirty = false;
    this.#writing.push(this.dirty);
    this.dirty = new Map();
  }

  /** The store has the oldest of those that are being written. */
  written(): void {
    this.#writing.shift();
  }

  /** Keys that the store may not have as they are. */
  *unwritten(): Generator<string> {
    yield* this.dirty.keys();
    for (const entries of this.#writing) yield* entries.keys();
  }

  measure(bytes: number): void {
    this.meanBytes += (bytes - this.meanBytes) / 64;
  }
}

import type { StateSpace } from '../runtime/domain.ts';
import { decodeRecord, encodeRecord, splitRecord } from './state-record.ts';

/**
 * A key in memory: awake with its state as objects, at rest with its record alone, or known to have none, with neither.
 */
export interface CacheEntry {
  state: unknown;
  /** The state as it is written; undefined when it was put since. */
  record: string | undefined;
  /** The day of the batch that last put it; see state-record.ts. */
  day: number;
  isDirty: boolean;
  /** Whether it was put since its state was last settled. */
  isTouched: boolean;
  /** Number of the chunk that last used it. */
  usedIn: number;
}

/**
 * A state that as many chunks have not used rests as one text; it was settled after the first of them. The collector
 * copies what lives for long twice and walks through all of it again and again; a conversation is twenty objects, and
 * after a burst its next message is hours away.
 */
const RESTS_AFTER = 2;

/** Events whose states were named and not got are passed over. */
const LOOK_AHEAD = 4;

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
  #chunk = 0;
  /** What the chunk wanted, in order, and where of it in memory: a processor gets its states in the order in which it names them. */
  #wanted: string[] = [];
  #entries: (CacheEntry | undefined)[] = [];
  /** The place of the last of them that was found. */
  #place = 0;
  /** What the last chunks used and what this one does, the oldest first. */
  readonly #used: CacheEntry[][] = [[]];
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

  /** Starts a chunk, whose number is one more than that of the one before. */
  begin(chunk: number): void {
    this.#chunk = chunk;
    this.#wanted = [];
    this.#entries = [];
    this.#place = 0;
    this.#used.push([]);
    if (this.#used.length <= RESTS_AFTER + 1) return;
    const unusedSince = chunk - RESTS_AFTER;
    for (const entry of this.#used.shift()!) if (entry.usedIn < unusedSince) this.#rest(entry);
  }

  want(key: string): void {
    let entry = this.young.get(key);
    if (entry === undefined) {
      entry = this.#findOutside(key);
      if (entry !== undefined) this.young.set(key, entry);
    }
    this.#wanted.push(key);
    this.#entries.push(entry);
    if (entry === undefined) this.missing.add(key);
    else this.#use(entry);
  }

  /** Takes in what the store has for a wanted key. */
  admit(key: string, record: string | undefined): void {
    this.#lastKey = undefined;
    const entry = this.read(key, record);
    if (record !== undefined) this.measure(record.length);
    this.young.set(key, entry);
    this.#use(entry);
  }

  /** An entry of what the store has, which is not among those in memory. */
  read(key: string, record: string | undefined): CacheEntry {
    const day = record === undefined ? 0 : splitRecord(record, key).day;
    return { state: undefined, record, day, isDirty: false, isTouched: false, usedIn: 0 };
  }

  /** The state of a wanted key, which is awake from now on; undefined when it has none. */
  wake(key: string, entry: CacheEntry): unknown {
    entry.state ??= this.stateOf(key, entry);
    return entry.state;
  }

  /** The state of a key, to look at: undefined when it has none. */
  stateOf(key: string, { state, record }: CacheEntry): unknown {
    if (state !== undefined || record === undefined) return state;
    return decodeRecord(this.space, splitRecord(record, key), key);
  }

  /** As it is written; undefined when the key has none. */
  recordOf({ state, record, day }: CacheEntry): string | undefined {
    return state === undefined || record !== undefined ? record : encodeRecord(this.space, day, state);
  }

  /** As `find`, for a wanted key. An event's state is got and then put: the second time costs no look-up. */
  findAgain(key: string): CacheEntry | undefined {
    if (key === this.#lastKey) return this.#lastEntry;
    const entry = this.#findNext(key) ?? this.find(key);
    this.#lastKey = key;
    this.#lastEntry = entry;
    return entry;
  }

  /** The entry of the next wanted key, if it is this one and was in memory then. */
  #findNext(key: string): CacheEntry | undefined {
    const end = Math.min(this.#place + LOOK_AHEAD, this.#wanted.length);
    for (let place = this.#place; place < end; place++) {
      if (this.#wanted[place] !== key) continue;
      this.#place = place + 1;
      return this.#entries[place];
    }
    return undefined;
  }

  put(key: string, state: unknown, day: number): CacheEntry {
    let entry = this.findAgain(key);
    if (entry === undefined) {
      entry = this.read(key, undefined);
      this.young.set(key, entry);
      this.#lastEntry = entry;
    }
    entry.state = state;
    entry.record = undefined;
    entry.day = day;
    if (!entry.isDirty) {
      entry.isDirty = true;
      this.dirty.set(key, entry);
    }
    this.#use(entry);
    return entry;
  }

  #use(entry: CacheEntry): void {
    if (entry.usedIn === this.#chunk) return;
    entry.usedIn = this.#chunk;
    this.#used.at(-1)!.push(entry);
  }

  #rest(entry: CacheEntry): void {
    entry.record = this.recordOf(entry);
    entry.state = undefined;
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

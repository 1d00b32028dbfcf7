import { ParleyError } from '../errors.ts';
import type { StateSpace } from '../runtime/domain.ts';
import { compareKeys } from './key-order.ts';
import { PackedChanges } from './packed-changes.ts';
import { type CacheEntry, SpaceTable } from './space-table.ts';
import { dayMs, dayOf } from './state-record.ts';
import type { Changes, StateStore } from './store.ts';

/**
 * A task's states in memory, in front of its store: the processor reads and changes them as objects, and only a
 * checkpoint writes them. One chunk of a batch at a time:
 *
 *     begin ──▶ want, for each key ──▶ fetch ──▶ get, put, delete ──▶ expire ──▶ snapshot ──▶ begin …
 *
 * `snapshot` encodes the changed states at that moment, so the batches that follow do not disturb what is written.
 * Until `written` says that the store has them, none of them is let go: the store would still give it as it was before.
 *
 * Nothing is let go between a `begin` and the next one, so what a batch wanted stays in memory for all of it.
 */
export interface CacheOptions {
  /**
   * Unchanged states that are kept, about; those of the batch in hand and changed ones come on top. Asked for with each
   * chunk, so it may change.
   */
  readonly entriesMax: number;
}

export const defaultCacheOptions: CacheOptions = { entriesMax: 20_000 };

/** Keys read from the store at once when old states are looked for. */
const scanLimit = 2_000;

export class StateCache {
  readonly #store: StateStore;
  readonly #options: CacheOptions;
  readonly #tables: readonly SpaceTable[];
  /** Snapshots that are not yet written. */
  #writing = 0;
  #day = 0;
  #chunk = 0;

  constructor(store: StateStore, spaces: readonly StateSpace<unknown>[], options: CacheOptions = defaultCacheOptions) {
    checkPrefixes(spaces);
    this.#store = store;
    this.#options = options;
    this.#tables = spaces.map((space) => new SpaceTable(space));
  }

  /** Number of the chunk in hand. */
  get chunk(): number {
    return this.#chunk;
  }

  /** Keys changed since the last snapshot. */
  get dirtyCount(): number {
    return this.#tables.reduce((sum, { dirty }) => sum + dirty.size, 0);
  }

  /** About how many bytes a snapshot would come to. */
  get dirtyBytes(): number {
    return Math.round(this.#tables.reduce((sum, { dirty, meanBytes }) => sum + dirty.size * meanBytes, 0));
  }

  /** Starts a chunk; `now` is the journalled time of its batch, milliseconds. */
  begin(now: number): void {
    this.#day = dayOf(now);
    this.#chunk++;
    for (const table of this.#tables) table.begin(this.#chunk);
    const young = this.#tables.reduce((sum, table) => sum + table.young.size, 0);
    if (young < this.#options.entriesMax / 2) return;
    for (const table of this.#tables) table.rotate();
  }

  /** Names a key of the batch. Bound, to be given to `Processor.reads`. */
  readonly want = <State>(space: StateSpace<State>, key: string): void => {
    this.#table(space).want(key);
  };

  /** Brings the wanted keys into memory, from the store in one read. */
  async fetch(): Promise<void> {
    const keys: string[] = [];
    const wanted: [table: SpaceTable, key: string][] = [];
    for (const table of this.#tables) {
      const { space, missing } = table;
      if (missing.size === 0) continue;
      table.missing = new Set();
      for (const key of missing) {
        keys.push(space.prefix + key);
        wanted.push([table, key]);
      }
    }
    if (keys.length === 0) return;
    const records = await this.#store.getMany(keys);
    for (const [index, [table, key]] of wanted.entries()) table.admit(key, records[index]);
  }

  /** The state of a wanted key; undefined when it has none. */
  get<State>(space: StateSpace<State>, key: string): State | undefined {
    const table = this.#table(space);
    const entry = table.findAgain(key);
    if (entry !== undefined) return table.wake(key, entry) as State | undefined;
    throw new ParleyError('PARLEY_INTERNAL', `A processor read a key that it had not named: ${space.name} ${key}`);
  }

  /** Says that a state is new or was changed, perhaps in place. Gives the entry in which it is kept. */
  put<State>(space: StateSpace<State>, key: string, state: State): CacheEntry {
    return this.#table(space).put(key, state, this.#day);
  }

  delete<State>(space: StateSpace<State>, key: string): void {
    this.#table(space).put(key, undefined, this.#day);
  }

  /**
   * The changes since the last snapshot, encoded now; to be called between two batches. Hand them to the store's `write`
   * and, when that is done, call `written`. Snapshots are written in the order in which they were taken.
   */
  snapshot(): Changes {
    const changes = new PackedChanges();
    for (const table of this.#tables) {
      const { space } = table;
      for (const [key, entry] of table.dirty) {
        const record = table.recordOf(entry);
        if (record !== undefined) table.measure(record.length);
        changes.add(space.prefix + key, record);
      }
      table.startWriting();
    }
    this.#writing++;
    return changes;
  }

  /** The store has the oldest snapshot that was not yet written. */
  written(): void {
    if (this.#writing === 0) throw new ParleyError('PARLEY_INTERNAL', 'No snapshot was being written');
    this.#writing--;
    for (const table of this.#tables) table.written();
  }

  /**
   * Lets old states of the store's keys in (after, until] shrink or go, as their space's `expire` says. They are
   * found as they are now, in memory or not, so that the outcome depends on the logical state alone, and not on how
   * much of it has been written. A state that shrank keeps its day: it still grows older. Returns how many changed.
   */
  async expire(after: string, until: string, now: number): Promise<number> {
    const today = dayOf(now);
    let count = 0;
    for (const [storeKey, stored] of await this.#recordsBetween(after, until)) {
      const table = this.#tableOf(storeKey);
      const space = table?.space;
      if (table === undefined || space?.expire === undefined) continue;
      const key = storeKey.slice(space.prefix.length);
      const entry = table.find(key) ?? table.read(key, stored);
      const idleMs = (today - entry.day) * dayMs;
      if (idleMs <= 0) continue;
      const current = table.stateOf(key, entry);
      if (current === undefined) continue;
      const before = space.encode(current);
      // It may change the state in place, so only the texts tell whether it did.
      const state = space.expire(key, current, idleMs);
      if (state !== undefined && space.encode(state) === before) continue;
      table.put(key, state, entry.day);
      count++;
    }
    return count;
  }

  /** Records of the store, with what is newer in memory laid over: all keys of the logical state, some without one. */
  async #recordsBetween(after: string, until: string): Promise<Map<string, string | undefined>> {
    const records = new Map<string, string | undefined>();
    for (let from = after, isEnd = false; !isEnd; ) {
      const part = await this.#store.scan(from, scanLimit, until);
      for (const [key, record] of part) records.set(key, record);
      isEnd = part.length < scanLimit;
      from = part.at(-1)?.[0] ?? from;
    }
    const isWithin = (key: string) => compareKeys(key, after) > 0 && compareKeys(key, until) <= 0;
    for (const table of this.#tables) {
      for (const key of table.unwritten()) {
        const storeKey = table.space.prefix + key;
        if (!records.has(storeKey) && isWithin(storeKey)) records.set(storeKey, undefined);
      }
    }
    return records;
  }

  #table(space: object): SpaceTable {
    // Of two or three, and for each event several times: a map would cost more.
    for (const table of this.#tables) if (table.space === space) return table;
    throw new ParleyError('PARLEY_INTERNAL', 'A processor used a space that its stage does not declare');
  }

  #tableOf(storeKey: string): SpaceTable | undefined {
    return this.#tables.find(({ space }) => storeKey.startsWith(space.prefix));
  }
}

/** Were one prefix the start of another, two spaces could name the same key of the store. */
function checkPrefixes(spaces: readonly StateSpace<unknown>[]): void {
  for (const [index, { prefix }] of spaces.entries()) {
    const other = spaces.findIndex((space, at) => at !== index && space.prefix.startsWith(prefix));
    if (prefix !== '' && prefix >= '\u0001' && other === -1) continue;
    throw new ParleyError('PARLEY_INTERNAL', 'Prefixes of state spaces must tell them apart', {
      received: spaces.map((space) => JSON.stringify(space.prefix)).join(', '),
    });
  }
}

import { crc32 } from 'node:zlib';
import { ParleyError } from '../errors.ts';
import { firstKey, type LevelBatch, LevelDatabase, parse } from './level-database.ts';
import { corrupt } from './level-errors.ts';
import type { Change, Checkpoint, Restoration, StateStore } from './store.ts';

const checkpointKey = '\0checkpoint';
const layout = 1;
/** Width of a value's checksum, in hexadecimal digits, before the text. */
const checksumLength = 8;
/** Keys deleted in one write. */
const deletedAtOnce = 20_000;
/** Changes put into a batch between two looks at the event loop: some 2 ms of work. */
const changesAtOnce = 2_000;

export interface LevelStoreOptions {
  /** Blocks kept in memory; keys that are used often are in the cache before it. */
  readonly cacheBytes?: number;
  readonly writeBufferBytes?: number;
}

/**
 * A task's state in a LevelDB folder, which is made when it is not there. Keys are non-empty, and do not begin with the
 * character 0. LevelDB does not check what it reads, so every value carries a checksum: a flipped bit is an error
 * (PARLEY_STATE_CORRUPT), never a wrong count.
 *
 * Fails with PARLEY_DATA_DIR_IN_USE, PARLEY_STATE_CORRUPT, PARLEY_STATE_VERSION, PARLEY_DISK_FULL or
 * PARLEY_STATE_UNAVAILABLE. After a failed write the store has to be opened again.
 */
export async function openLevelStore(path: string, options: LevelStoreOptions = {}): Promise<StateStore> {
  const { cacheBytes = 8 * 1024 * 1024, writeBufferBytes = 4 * 1024 * 1024 } = options;
  const database = await LevelDatabase.open(path, { kind: 'state', layout, cacheBytes, writeBufferBytes });
  try {
    const text = await database.get(checkpointKey);
    return new LevelStore(database, text === undefined ? undefined : parseCheckpoint(path, unseal(path, text)));
  } catch (error) {
    await database.close();
    throw error;
  }
}

class LevelStore implements StateStore {
  readonly #database: LevelDatabase;
  #checkpoint: Checkpoint | undefined;

  constructor(database: LevelDatabase, checkpoint: Checkpoint | undefined) {
    this.#database = database;
    this.#checkpoint = checkpoint;
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.#checkpoint;
  }

  /** Reads in the order of the keys: each table is then opened, and each block touched, once for all keys in it. */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
    const sealed = await this.#database.getMany(Array.from(order, (index) => keys[index]!));
    const values = new Array<string | undefined>(keys.length);
    for (const [place, index] of order.entries()) {
      const text = sealed[place];
      values[index] = text === undefined ? undefined : unseal(this.#database.path, text);
    }
    return values;
  }

  async write(changes: readonly Change[], checkpoint: Checkpoint): Promise<void> {
    const reached = this.#checkpoint?.plan ?? 0;
    if (checkpoint.plan < reached) {
      throw new ParleyError('PARLEY_INTERNAL', 'A checkpoint went backwards', {
        expected: `plan ${reached} or a later one`,
        received: `plan ${checkpoint.plan}`,
        where: this.#database.path,
      });
    }
    await this.#write(changes, (batch) => void batch.put(checkpointKey, seal(JSON.stringify(checkpoint))));
    this.#checkpoint = checkpoint;
  }

  async restore({ isWhole, changes, checkpoint }: Restoration): Promise<void> {
    if (!isWhole && this.#checkpoint === undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'Only a store with a checkpoint can be restored in part', {
        where: this.#database.path,
      });
    }
    this.#checkpoint = undefined;
    await this.#write([], (batch) => batch.del(checkpointKey));
    while (isWhole) {
      const keys = await this.#database.keys({ gte: firstKey, limit: deletedAtOnce });
      if (keys.length === 0) break;
      await this.#write(keys.map((key) => [key, undefined] as const));
    }
    for await (const portion of changes) await this.#write(portion);
    const reached = checkpoint();
    await this.#write([], (batch) => batch.put(checkpointKey, seal(JSON.stringify(reached))));
    this.#checkpoint = reached;
  }

  /** One atomic write; `last` adds to it what says how far the state is. */
  #write(changes: readonly Change[], last: (batch: LevelBatch) => void = () => undefined): Promise<void> {
    let bytes = 0;
    for (const [key, value] of changes) {
      if (key < firstKey) throw new ParleyError('PARLEY_INTERNAL', `Not a key for state: ${JSON.stringify(key)}`);
      bytes += key.length + (value?.length ?? 0);
    }
    return this.#database.write(async (batch) => {
      for (const [index, [key, value]] of changes.entries()) {
        if (value === undefined) batch.del(key);
        else batch.put(key, seal(value));
        if (index % changesAtOnce === changesAtOnce - 1) await new Promise((resolve) => setImmediate(resolve));
      }
      last(batch);
    }, bytes);
  }

  async scan(after: string, limit: number, until?: string): Promise<[key: string, value: string][]> {
    if (limit <= 0) return [];
    const from = after === '' ? { gte: firstKey } : { gt: after };
    const entries = await this.#database.entries({ ...from, ...(until === undefined ? {} : { lte: until }), limit });
    for (const entry of entries) entry[1] = unseal(this.#database.path, entry[1]);
    return entries;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function seal(text: string): string {
  return crc32(text).toString(16).padStart(checksumLength, '0') + text;
}

function unseal(path: string, sealed: string): string {
  const text = sealed.slice(checksumLength);
  const expected = Number.parseInt(sealed.slice(0, checksumLength), 16);
  const received = crc32(text);
  if (received !== expected) throw corrupt(path, `a value of checksum ${expected}`, `${received}`);
  return text;
}

function parseCheckpoint(path: string, text: string): Checkpoint {
  const checkpoint = parse<Partial<Checkpoint>>(path, text);
  const { plan, positions } = checkpoint;
  const isSane =
    Number.isSafeInteger(plan) &&
    plan! >= 0 &&
    typeof positions === 'object' &&
    positions !== null &&
    Object.values(positions).every(({ topic, offset }) => typeof topic === 'string' && Number.isSafeInteger(offset));
  if (!isSane) throw corrupt(path, 'a checkpoint with a plan and positions', text.slice(0, 200));
  return checkpoint as Checkpoint;
}

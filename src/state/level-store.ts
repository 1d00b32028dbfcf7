import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ParleyError } from '../errors.ts';
import { KnownPlaces } from './known-places.ts';
import { firstKey, type LevelBatch, LevelDatabase, padded, parse } from './level-database.ts';
import { corrupt, levelError } from './level-errors.ts';
import { type Block, PackedChanges } from './packed-changes.ts';
import type { ReadPace } from './read-pace.ts';
import type { Changes, Checkpoint, Restoration, StateStore } from './store.ts';
import { moveLive, worthCleaning } from './value-cleaner.ts';
import {
  decodePlace,
  defaultValueLogOptions,
  encodePlace,
  type Place,
  type SegmentRecord,
  ValueLog,
} from './value-log.ts';

const checkpointKey = '\0checkpoint';
const segmentPrefix = '\0segment/';
/** 2: values in a log of their own. */
const layout = 2;
/** Width of the checkpoint's checksum, in hexadecimal digits, before its text. */
const checksumLength = 8;
/** Keys put into a batch between two looks at the event loop: some 2 ms of work. */
const keysAtOnce = 2_000;
/** Keys deleted in one write. */
const deletedAtOnce = 20_000;

export interface LevelStoreOptions {
  /** Blocks of keys kept in memory; keys that are used often are in the cache before it. */
  readonly cacheBytes?: number;
  readonly writeBufferBytes?: number;
  /** See value-log.ts. */
  readonly segmentBytes?: number;
  readonly pace?: ReadPace;
}

/**
 * A task's state in a folder, which is made when it is not there: a LevelDB database that says for each key where its
 * value is, and beside it the log of values (value-log.ts). Keys are non-empty, and do not begin with the character 0.
 * Every value carries a checksum: a flipped bit is an error (PARLEY_STATE_CORRUPT), never a wrong count.
 *
 * Fails with PARLEY_DATA_DIR_IN_USE, PARLEY_STATE_CORRUPT, PARLEY_STATE_VERSION, PARLEY_DISK_FULL or
 * PARLEY_STATE_UNAVAILABLE. After a failed write the store has to be opened again.
 */
export async function openLevelStore(path: string, options: LevelStoreOptions = {}): Promise<StateStore> {
  const { cacheBytes = 8 * 1024 * 1024, writeBufferBytes = 4 * 1024 * 1024 } = options;
  const { segmentBytes = defaultValueLogOptions.segmentBytes, pace } = options;
  const database = await LevelDatabase.open(path, { kind: 'state', layout, cacheBytes, writeBufferBytes });
  try {
    const text = await database.get(checkpointKey);
    const checkpoint = text === undefined ? undefined : parseCheckpoint(path, unseal(path, text));
    const segments = await database.entries({ gte: segmentPrefix, lt: `${segmentPrefix}~` });
    const known = segments.map(([, record]) => parse<SegmentRecord>(path, record));
    return new LevelStore(
      database,
      checkpoint,
      await ValueLog.open(join(path, 'values'), known, { segmentBytes, pace }),
    );
  } catch (error) {
    await database.close();
    throw error;
  }
}

class LevelStore implements StateStore {
  readonly #database: LevelDatabase;
  readonly #log: ValueLog;
  #checkpoint: Checkpoint | undefined;
  /** Writes one at a time, in the order of the calls; undefined when none is under way. */
  #writing: Promise<void> | undefined;
  #failure: ParleyError | undefined;
  /** Reads under way. */
  readonly #reading = new Set<Promise<unknown>>();
  readonly #known = new KnownPlaces();

  constructor(database: LevelDatabase, checkpoint: Checkpoint | undefined, log: ValueLog) {
    this.#database = database;
    this.#checkpoint = checkpoint;
    this.#log = log;
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.#checkpoint;
  }

  /** Reads in the order of the keys: each table is then opened, and each block touched, once for all keys in it. */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
    const sorted = Array.from(order, (index) => keys[index]!);
    const found = await this.#read(async () => {
      const { generation } = this.#known;
      const places = await this.#placesOf(sorted);
      this.#known.remember(sorted, places, generation);
      return this.#log.readMany(places, sorted);
    });
    const values = new Array<string | undefined>(keys.length);
    for (const [place, index] of order.entries()) values[index] = found[place];
    return values;
  }

  async write(changes: Changes, checkpoint: Checkpoint): Promise<void> {
    const reached = this.#checkpoint?.plan ?? 0;
    if (checkpoint.plan < reached) {
      throw new ParleyError('PARLEY_INTERNAL', 'A checkpoint went backwards', {
        expected: `plan ${reached} or a later one`,
        received: `plan ${checkpoint.plan}`,
        where: this.#database.path,
      });
    }
    for (const [key] of changes) {
      if (key < firstKey) throw new ParleyError('PARLEY_INTERNAL', `Not a key for state: ${JSON.stringify(key)}`);
    }
    await this.#inTurn(async () => {
      await this.#write(changes, (batch) => void batch.put(checkpointKey, seal(JSON.stringify(checkpoint))));
      this.#checkpoint = checkpoint;
      await this.#clean();
    });
  }

  async restore({ isWhole, changes, checkpoint }: Restoration): Promise<void> {
    if (!isWhole && this.#checkpoint === undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'Only a store with a checkpoint can be restored in part', {
        where: this.#database.path,
      });
    }
    await this.#inTurn(async () => {
      this.#checkpoint = undefined;
      await this.#write([], (batch) => void batch.del(checkpointKey));
      while (isWhole) {
        const keys = await this.#database.keys({ gte: firstKey, limit: deletedAtOnce });
        if (keys.length === 0) break;
        await this.#write(keys.map((key) => [key, undefined] as const));
      }
      for await (const portion of blamed(changes)) {
        await this.#write([...new Map(portion)]);
        await this.#clean();
      }
      const reached = checkpoint();
      await this.#write([], (batch) => void batch.put(checkpointKey, seal(JSON.stringify(reached))));
      this.#checkpoint = reached;
    });
  }

  async scan(after: string, limit: number, until?: string): Promise<[key: string, value: string][]> {
    if (limit <= 0) return [];
    const from = after === '' ? { gte: firstKey } : { gt: after };
    return this.#read(async () => {
      const range = { ...from, ...(until === undefined ? {} : { lte: until }), limit };
      const entries = await this.#database.entries(range);
      const keys = entries.map(([key]) => key);
      const places = entries.map(([key, text]) => this.#place(key, text));
      const values = await this.#log.readMany(places, keys);
      return keys.map((key, index): [string, string] => [key, values[index]!]);
    });
  }

  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    await this.#database.close();
    await this.#log.close();
  }

  /** One atomic write: values first, then, in one synced batch, where they are and what `last` adds. */
  async #write(changes: Changes, last: (batch: LevelBatch) => void = () => undefined): Promise<void> {
    const log = this.#log;
    const packed = PackedChanges.of(changes);
    const { keys } = packed;
    const before = await this.#known.complete(keys, (unknown) => this.#placesOf(unknown));
    const blocks: [block: Block, place: Omit<Place, 'bytes'>][] = [];
    for (const block of packed.blocks()) blocks.push([block, await log.append(block.bytes)]);
    await log.sync();
    for (const place of before) if (place !== undefined) log.release(place);
    await this.#database.write(async (batch) => {
      for (const [{ first, count }, { segment, offset }] of blocks) {
        for (let index = first; index < first + count; index++) {
          if (packed.isDeletion(index)) continue;
          const start = packed.startOf(index);
          const place = { segment, offset: offset + start, bytes: packed.endOf(index) - start };
          batch.put(keys[index]!, encodePlace(place));
          if (index % keysAtOnce === keysAtOnce - 1) await new Promise((resolve) => setImmediate(resolve));
        }
      }
      for (const [index, key] of keys.entries()) if (packed.isDeletion(index)) batch.del(key);
      this.#putSegments(batch);
      last(batch);
    }, keys.length * 64);
    this.#known.forget(keys);
  }

  /** Makes room for what no longer counts, one segment at most. A crash leaves it as it was, or done. */
  async #clean(): Promise<void> {
    const log = this.#log;
    const segment = worthCleaning(log);
    if (segment === undefined) return;
    const moves = await moveLive(log, segment, (keys) => this.#placesOf(keys));
    await log.sync();
    await this.#database.write((batch) => {
      for (const { key, to } of moves) batch.put(key, encodePlace(to));
      this.#putSegments(batch);
      batch.del(segmentPrefix + padded(segment.number));
    }, moves.length * 64);
    this.#known.forget(moves.map(({ key }) => key));
    // Who looked places up before may be about to read there.
    await Promise.allSettled([...this.#reading]);
    await log.delete(segment);
  }

  #putSegments(batch: LevelBatch): void {
    for (const { number, bytes, liveBytes } of this.#log.segments) {
      const record: SegmentRecord = { number, bytes, liveBytes };
      batch.put(segmentPrefix + padded(number), JSON.stringify(record));
    }
  }

  async #placesOf(keys: string[]): Promise<(Place | undefined)[]> {
    if (keys.length === 0) return [];
    const texts = await this.#database.getMany(keys);
    return texts.map((text, index) => (text === undefined ? undefined : this.#place(keys[index]!, text)));
  }

  #place(key: string, text: string): Place {
    const place = decodePlace(text);
    if (place !== undefined) return place;
    throw corrupt(this.#database.path, `the place of ${JSON.stringify(key)}`, JSON.stringify(text.slice(0, 40)));
  }

  /** A write that failed may have left anything: it is the last. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#writing;
    const turn = (async () => {
      await before?.catch(() => undefined);
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await work();
      } catch (error) {
        const isForeign = error instanceof ForeignFault;
        this.#failure = levelError(isForeign ? error.cause : error, this.#database.path);
        throw isForeign ? error.cause : this.#failure;
      }
    })();
    this.#writing = turn;
    await turn;
  }

  async #read<Value>(read: () => Promise<Value>): Promise<Value> {
    const reading = read();
    this.#reading.add(reading);
    try {
      return await reading;
    } catch (error) {
      throw levelError(error, this.#database.path);
    } finally {
      this.#reading.delete(reading);
    }
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

/** A fault of where changes come from: it is thrown as it came, and not taken for one of the disk. */
class ForeignFault extends Error {}

async function* blamed<Portion>(portions: AsyncIterable<Portion> | Iterable<Portion>): AsyncGenerator<Portion> {
  try {
    yield* portions;
  } catch (cause) {
    throw new ForeignFault('', { cause });
  }
}

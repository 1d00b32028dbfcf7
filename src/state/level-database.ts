import { ClassicLevel } from 'classic-level';
import { messageOf, ParleyError } from '../errors.ts';
import { corrupt, levelError } from './level-errors.ts';
import { checkLevelFolder, claimLevelFolder } from './level-folder.ts';

/**
 * A LevelDB folder that is written in whole, numbered steps.
 *
 * - Writes are atomic and synced, one at a time, in the order in which they were asked for; those that wait for the one
 *   under way share the next sync.
 * - Each write puts a marker with its number and deletes the marker of the one before, so that exactly one is there.
 *   LevelDB drops a damaged stretch of its log and goes on with what follows; then two are there, and opening fails with
 *   PARLEY_STATE_CORRUPT (level-log.ts finds most such damage before). A torn end of the log is the write that a crash cut off: the folder is as before it.
 * - After a write that failed, nobody knows what is on the disk, and LevelDB would append behind the torn piece. So a
 *   failed write is the last: all later ones fail with its error until the folder is opened again.
 *
 * Bookkeeping keys begin with the character 0, which no key of a caller may.
 */
export interface LevelOptions {
  /** What the folder holds; a folder of another kind is refused. */
  readonly kind: string;
  /** The layout of its keys and values. A folder with a higher one is refused (PARLEY_STATE_VERSION). */
  readonly layout: number;
  /** Blocks kept in memory. */
  readonly cacheBytes: number;
  readonly writeBufferBytes: number;
}

/** One atomic write in the making. */
export interface LevelBatch {
  put(key: string, value: string): unknown;
  del(key: string): unknown;
}

export interface KeyRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly limit?: number;
}

const headerKey = '\0header';
const markerPrefix = '\0write/';
const nudgeKey = '\0nudge';
/** The least key that is not bookkeeping. */
export const firstKey = '\u0001';

interface WaitingWrite {
  readonly fill: (batch: LevelBatch) => void | Promise<void>;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class LevelDatabase {
  readonly path: string;
  readonly #level: ClassicLevel;
  readonly #writeBufferBytes: number;
  #waiting: WaitingWrite[] = [];
  #writing: Promise<void> | undefined;
  #number: number;
  #failure: ParleyError | undefined;
  #closing: Promise<void> | undefined;
  readonly #release: () => void;

  private constructor(
    level: ClassicLevel,
    path: string,
    writeBufferBytes: number,
    number: number,
    release: () => void,
  ) {
    this.#level = level;
    this.path = path;
    this.#writeBufferBytes = writeBufferBytes;
    this.#number = number;
    this.#release = release;
  }

  static async open(path: string, options: LevelOptions): Promise<LevelDatabase> {
    const release = await claimLevelFolder(path);
    let level: ClassicLevel | undefined;
    try {
      await checkLevelFolder(path);
      level = openable(path, options);
      await level.open();
      const number = await readHeader(level, path, options);
      return new LevelDatabase(level, path, options.writeBufferBytes, number, release);
    } catch (error) {
      await level?.close().catch(() => undefined);
      release();
      throw levelError(error, path);
    }
  }

  async get(key: string): Promise<string | undefined> {
    return this.#read(() => this.#level.get(key));
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    return this.#read(() => this.#level.getMany(keys));
  }

  /** Entries in the order of the keys' UTF-8 bytes. */
  async entries(range: KeyRange): Promise<[key: string, value: string][]> {
    return this.#read(() => this.#level.iterator(range).all());
  }

  /** Keys in the order of their UTF-8 bytes. */
  async keys(range: KeyRange): Promise<string[]> {
    return this.#read(() => this.#level.keys(range).all());
  }

  /**
   * Asks for one atomic, synced write; `fill` is called when its turn comes, and must not fail. `bytes` is about how
   * much it writes.
   */
  write(fill: WaitingWrite['fill'], bytes = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#throwIfUnusable();
      this.#waiting.push({ fill, bytes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Waits for the writes asked for until now, whatever became of them. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing;
    await this.#level.close();
    this.#release();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#writeGroup(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#failure ??= levelError(error, this.path);
        for (const { reject } of group) reject(this.#failure);
      }
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly WaitingWrite[]): Promise<void> {
    const batch = this.#level.batch();
    for (const { fill } of group) await fill(batch);
    if (this.#number > 0) batch.del(marker(this.#number));
    batch.put(marker(this.#number + 1), '');
    await batch.write({ sync: true });
    this.#number++;
    const bytes = group.reduce((sum, write) => sum + write.bytes, 0);
    // A batch goes into the write buffer whole, however big, and stays there until the next write: this is it.
    if (bytes > this.#writeBufferBytes) {
      await this.#level.put(nudgeKey, '', { sync: true }).catch((error: unknown) => {
        this.#failure = levelError(error, this.path);
      });
    }
  }

  async #read<Value>(read: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== undefined) this.#throwIfUnusable();
    try {
      return await read();
    } catch (error) {
      throw levelError(error, this.path);
    }
  }

  #throwIfUnusable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'The state folder is closed', { where: this.path });
    }
  }
}

/** It opens itself soon after it is made, so everything has to be checked before. */
function openable(path: string, options: LevelOptions): ClassicLevel {
  return new ClassicLevel(path, {
    // A block then needs no unpacking, and reads cost half the CPU.
    compression: false,
    cacheSize: options.cacheBytes,
    writeBufferSize: options.writeBufferBytes,
    // Tables that are open are mapped, and count as memory: 64 of them, the least that LevelDB takes, are 128 MB.
    maxFileSize: 2 * 1024 * 1024,
    maxOpenFiles: 74,
  });
}

/** Checks what the folder is, or says it in a new one. Returns the number of the last write. */
async function readHeader(level: ClassicLevel, path: string, options: LevelOptions): Promise<number> {
  const { kind, layout } = options;
  const header = await level.get(headerKey);
  if (header === undefined) {
    const first = (await level.keys({ limit: 1 }).all())[0];
    if (first !== undefined) throw corrupt(path, 'a header', `none, and the key ${JSON.stringify(first)}`);
    await level.put(headerKey, JSON.stringify({ kind, layout }), { sync: true });
    return 0;
  }
  const found = parse<{ kind: string; layout: number }>(path, header);
  if (found.kind !== kind) throw corrupt(path, `a folder of kind ${kind}`, `one of kind ${found.kind}`);
  if (found.layout !== layout) {
    throw new ParleyError('PARLEY_STATE_VERSION', 'The state folder has another layout', {
      expected: `layout ${layout}`,
      received: `layout ${found.layout}`,
      where: path,
    });
  }
  const markers = await level.keys({ gte: markerPrefix, lt: `${markerPrefix}~` }).all();
  if (markers.length > 1) {
    throw corrupt(path, 'one last write', `${markers.length}: those between were dropped from a damaged log`);
  }
  return markers[0] === undefined ? 0 : Number(markers[0].slice(markerPrefix.length));
}

function marker(number: number): string {
  return `${markerPrefix}${padded(number)}`;
}

/** A number as a part of a key, so that keys sort as their numbers do. */
export function padded(number: number): string {
  return String(number).padStart(16, '0');
}

/** Reads back JSON that this folder's writer wrote. */
export function parse<Value>(path: string, text: string): Value {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Value;
  } catch (error) {
    throw corrupt(path, 'a record in JSON', messageOf(error), error);
  }
  throw corrupt(path, 'a record in JSON', text.slice(0, 100));
}

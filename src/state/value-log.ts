import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { corrupt, levelError } from './level-errors.ts';
import { ReadPace } from './read-pace.ts';
import { valueAt } from './value-record.ts';
import { ValueSegment } from './value-segment.ts';

/**
 * The values of a store, in files that are only appended to, while LevelDB keeps where each one is. LevelDB alone wrote
 * every byte of state some twelve times, since it moves values about to keep keys in order (docs/decisions/0009-value-log.md); here a
 * value is written once, and once more for each time that the file it is in is cleaned.
 *
 * What is appended counts when its place has been written to LevelDB. A crash before leaves a tail that `open` cuts off.
 */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A segment as the store's bookkeeping knows it. */
export interface SegmentRecord {
  readonly number: number;
  readonly bytes: number;
  readonly liveBytes: number;
}

export interface ValueLogOptions {
  /** A segment that has grown past this is followed by a new one. */
  readonly segmentBytes: number;
  /** Where it is read. */
  readonly pace?: ReadPace | undefined;
}

export const defaultValueLogOptions: ValueLogOptions = { segmentBytes: 64 * 1024 * 1024 };

/** Values that lie no farther apart are read together: a call costs as much as copying that. */
const gapBytesMax = 8 * 1024;
const runBytesMax = 256 * 1024;

interface Wanted {
  readonly place: Place;
  readonly key: string;
  readonly index: number;
}

export class ValueLog {
  readonly folder: string;
  readonly #options: ValueLogOptions;
  readonly #pace: ReadPace;
  readonly #segments = new Map<number, ValueSegment>();
  #current: ValueSegment | undefined;
  #nextNumber = 1;
  /** Segments that were appended to since the last `sync`. */
  readonly #unsynced = new Set<ValueSegment>();
  #hasNewFile = false;

  private constructor(folder: string, options: ValueLogOptions) {
    this.folder = folder;
    this.#options = options;
    this.#pace = options.pace ?? new ReadPace();
  }

  /** Files that the bookkeeping does not know are what a crash left behind, and are deleted. */
  static async open(
    folder: string,
    known: readonly SegmentRecord[],
    options: ValueLogOptions = defaultValueLogOptions,
  ): Promise<ValueLog> {
    const log = new ValueLog(folder, options);
    try {
      if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(dirname(folder));
      const names = new Set(known.map(({ number }) => fileName(number)));
      for (const name of await readdir(folder)) if (!names.has(name)) await unlink(join(folder, name));
      for (const { number, bytes, liveBytes } of known) {
        const segment = await ValueSegment.open(number, join(folder, fileName(number)), bytes, liveBytes);
        log.#segments.set(number, segment);
        log.#nextNumber = Math.max(log.#nextNumber, number + 1);
        if (segment.bytes < options.segmentBytes) log.#current = segment;
      }
      return log;
    } catch (error) {
      await log.close();
      throw levelError(error, folder);
    }
  }

  get segments(): Iterable<ValueSegment> {
    return this.#segments.values();
  }

  /** Whether records still go to it. */
  isCurrent(segment: ValueSegment): boolean {
    return segment === this.#current;
  }

  /** Appends the records of a block; gives the place of the block. They are on the disk after `sync`. */
  async append(block: Buffer): Promise<Omit<Place, 'bytes'>> {
    const segment = await this.#writable();
    const place = { segment: segment.number, offset: segment.bytes };
    segment.liveBytes += block.length;
    await segment.append(block);
    return place;
  }

  async sync(): Promise<void> {
    for (const segment of this.#unsynced) await segment.sync();
    this.#unsynced.clear();
    if (!this.#hasNewFile) return;
    await syncFolder(this.folder);
    this.#hasNewFile = false;
  }

  /** No key leads there any more. */
  release({ segment, bytes }: Place): void {
    const found = this.#segments.get(segment);
    if (found !== undefined) found.liveBytes -= bytes;
  }

  /** Values in the order of the places. Fails with PARLEY_STATE_CORRUPT where a place has no intact record of its key. */
  async readMany(places: readonly (Place | undefined)[], keys: readonly string[]): Promise<(string | undefined)[]> {
    const values = new Array<string | undefined>(places.length);
    const wanted: Wanted[] = [];
    for (const [index, place] of places.entries()) {
      if (place !== undefined) wanted.push({ place, key: keys[index]!, index });
    }
    if (wanted.length === 0) return values;
    wanted.sort(({ place: a }, { place: b }) => a.segment - b.segment || a.offset - b.offset);
    const runs: Promise<void>[] = [];
    for (let from = 0; from < wanted.length; ) {
      const to = endOfRun(wanted, from);
      runs.push(this.#readRun(wanted.slice(from, to), values));
      from = to;
    }
    await Promise.all(runs);
    return values;
  }

  /** Deletes a segment that no key leads to, and that the bookkeeping has forgotten. */
  async delete(segment: ValueSegment): Promise<void> {
    this.#segments.delete(segment.number);
    this.#unsynced.delete(segment);
    if (this.#current === segment) this.#current = undefined;
    await segment.delete();
  }

  async close(): Promise<void> {
    for (const segment of this.#segments.values()) await segment.close();
  }

  async #readRun(run: readonly Wanted[], values: (string | undefined)[]): Promise<void> {
    const { segment: number, offset } = run[0]!.place;
    const last = run.at(-1)!.place;
    const segment = this.#segments.get(number);
    if (segment === undefined) throw corrupt(this.folder, `segment ${number}`, 'none');
    const length = last.offset + last.bytes - offset;
    const bytes = this.#pace.isPrompt() ? this.#readNow(segment, offset, length) : await segment.read(offset, length);
    for (const { place, key, index } of run) {
      const start = place.offset - offset;
      const value = valueAt(bytes, start, start + place.bytes, key);
      if (value === undefined) {
        throw corrupt(segment.path, `the value of ${JSON.stringify(key)} at byte ${place.offset}`, 'something else');
      }
      values[index] = value;
    }
  }

  #readNow(segment: ValueSegment, offset: number, length: number): Buffer {
    const startedAt = performance.now();
    const bytes = segment.readNow(offset, length);
    this.#pace.took(performance.now() - startedAt, length);
    return bytes;
  }

  async #writable(): Promise<ValueSegment> {
    let segment = this.#current;
    if (segment === undefined || segment.bytes >= this.#options.segmentBytes) {
      const number = this.#nextNumber++;
      segment = await ValueSegment.create(number, join(this.folder, fileName(number)));
      this.#segments.set(number, segment);
      this.#current = segment;
      this.#hasNewFile = true;
    }
    this.#unsynced.add(segment);
    return segment;
  }
}

/** What is new in a folder survives a power cut only when the folder itself was synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

function endOfRun(wanted: readonly Wanted[], from: number): number {
  const first = wanted[from]!.place;
  let end = first.offset + first.bytes;
  let to = from + 1;
  for (; to < wanted.length; to++) {
    const { segment, offset, bytes } = wanted[to]!.place;
    const isNear = segment === first.segment && offset - end <= gapBytesMax;
    if (!isNear || offset + bytes - first.offset > runBytesMax) break;
    end = Math.max(end, offset + bytes);
  }
  return to;
}

function fileName(number: number): string {
  return `${String(number).padStart(8, '0')}.values`;
}

/** As LevelDB keeps it. */
export function encodePlace({ segment, offset, bytes }: Place): string {
  return `${segment.toString(36)} ${offset.toString(36)} ${bytes.toString(36)}`;
}

/** Undefined for a text that is no place. */
export function decodePlace(text: string): Place | undefined {
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  const segment = Number.parseInt(text.slice(0, first), 36);
  const offset = Number.parseInt(text.slice(first + 1, second), 36);
  const bytes = Number.parseInt(text.slice(second + 1), 36);
  return second > first && segment > 0 && offset >= 0 && bytes > 0 ? { segment, offset, bytes } : undefined;
}

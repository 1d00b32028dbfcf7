import type { BatchLimits, Range } from '../source.ts';
import type { FileCursor } from './cursor.ts';
import { Heap } from './heap.ts';
import type { FileMark } from './mark.ts';
import type { FileRecord } from './record.ts';

export interface MergedBatch {
  readonly records: readonly FileRecord[];
  readonly ranges: readonly Range[];
  readonly marks: ReadonlyMap<string, FileMark>;
}

export interface MergeOptions {
  /** One shard after the other, in the order of their ranks, instead of by time. */
  readonly isSequence: boolean;
  /** Bytes that cursors hold of what they read last, all of them together. Default 16 MiB; as much again is being read. */
  readonly heldBytesMax?: number;
  /** Cursors awake at a time. Default 256. */
  readonly awakeMax?: number;
}

const readBytesMin = 32_768;
const readBytesMax = 256 * 1024;
/** With a few files it is not worth it to let them go after the first look. */
const fewFiles = 8;

/**
 * Gives the records of many cursors in one order: always the least (time, rank) of the next ones. Only the cursors
 * whose turn has come are awake, so that years of daily files need the memory of one or two.
 */
export class Merge {
  readonly #isBefore: (a: FileCursor, b: FileCursor) => boolean;
  readonly #heap: Heap<FileCursor>;
  readonly #awake = new Set<FileCursor>();
  readonly #heldBytesMax: number;
  readonly #awakeMax: number;
  #isPeeking = false;

  constructor(options: MergeOptions) {
    this.#isBefore = options.isSequence ? (a, b) => a.rank < b.rank : isBefore;
    this.#heap = new Heap(this.#isBefore);
    this.#heldBytesMax = options.heldBytesMax ?? 16_777_216;
    this.#awakeMax = options.awakeMax ?? 256;
  }

  /** For cursors, to ask when they read. */
  readonly readBytes = (): number => {
    if (this.#isPeeking) return readBytesMin;
    return Math.max(readBytesMin, Math.min(readBytesMax, Math.floor(this.#heldBytesMax / (this.#awake.size + 1))));
  };

  /** Looks at the first record of each cursor. */
  async add(cursors: readonly FileCursor[], now: number): Promise<void> {
    this.#isPeeking = cursors.length > fewFiles;
    for (const cursor of cursors) {
      await cursor.wake(now);
      if (cursor.isEnded) {
        cursor.sleep();
        continue;
      }
      if (this.#isPeeking && cursor.canSleep) cursor.sleep();
      else this.#awake.add(cursor);
      this.#heap.push(cursor);
    }
    this.#isPeeking = false;
  }

  /** The next records; undefined at the end. */
  async take(limits: BatchLimits, now: number): Promise<MergedBatch | undefined> {
    const records: FileRecord[] = [];
    const touched = new Set<FileCursor>();
    let bytes = 0;
    while (records.length < limits.eventsMax && bytes < limits.bytesMax) {
      const cursor = this.#heap.first;
      if (cursor === undefined) break;
      if (!(await this.#prepare(cursor, now))) continue;
      touched.add(cursor);
      const rival = this.#heap.second;
      do {
        const record = cursor.head as FileRecord;
        records.push(record);
        for (const other of cursor.rest) records.push(other);
        bytes += record.size;
        if (!cursor.step(now)) await cursor.advance(now);
      } while (
        !cursor.isEnded &&
        records.length < limits.eventsMax &&
        bytes < limits.bytesMax &&
        (rival === undefined || this.#isBefore(cursor, rival))
      );
      await this.#reorder(cursor);
    }
    return records.length === 0 ? undefined : { records, ...rangesOf(touched) };
  }

  async close(): Promise<void> {
    for (const cursor of this.#awake) await cursor.close();
    this.#awake.clear();
  }

  /** Whether the first cursor is ready to be taken from. If not, another one may be the first now. */
  async #prepare(cursor: FileCursor, now: number): Promise<boolean> {
    if (cursor.isAwake && (cursor.order !== Number.NEGATIVE_INFINITY || cursor.decodedNow === now)) return true;
    if (cursor.isAwake) {
      cursor.refresh(now);
    } else {
      if (this.#awake.size >= this.#awakeMax) this.#putLatestToSleep();
      this.#awake.add(cursor);
      await cursor.wake(now);
    }
    await this.#reorder(cursor);
    return false;
  }

  async #reorder(cursor: FileCursor): Promise<void> {
    if (!cursor.isEnded) return this.#heap.firstChanged();
    this.#heap.removeFirst();
    this.#awake.delete(cursor);
    await cursor.close();
  }

  #putLatestToSleep(): void {
    let latest: FileCursor | undefined;
    for (const cursor of this.#awake) {
      if (cursor.canSleep && (latest === undefined || this.#isBefore(latest, cursor))) latest = cursor;
    }
    if (latest === undefined) return;
    latest.sleep();
    this.#awake.delete(latest);
  }
}

function isBefore(a: FileCursor, b: FileCursor): boolean {
  return a.order < b.order || (a.order === b.order && a.rank < b.rank);
}

function rangesOf(touched: ReadonlySet<FileCursor>): Pick<MergedBatch, 'ranges' | 'marks'> {
  const ranges: Range[] = [];
  const marks = new Map<string, FileMark>();
  for (const cursor of [...touched].sort((a, b) => a.rank - b.rank)) {
    ranges.push({ shard: cursor.shard, topic: cursor.topic, from: cursor.takenTo, to: cursor.offset });
    cursor.takenTo = cursor.offset;
    marks.set(cursor.shard, cursor.mark());
    if (cursor.isEnded) cursor.sleep();
  }
  return { ranges, marks };
}

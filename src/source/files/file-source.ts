import { ParleyError } from '../../errors.ts';
import type { Decoder } from '../../events/decode.ts';
import { type Format, formatTopic } from '../../runtime/domain.ts';
import type { BatchLimits, Positions, Range, ReadOptions, Source } from '../source.ts';
import type { BlockParser } from './ahead/parse-thread.ts';
import type { SkippedFile } from './copies.ts';
import { FileCursor } from './cursor.ts';
import type { DiscoveredFile } from './discover.ts';
import { type Assignment, assignShards, pathOfShard } from './identity.ts';
import { createLineReader } from './line-reader.ts';
import { asMark, type FileMark, isSame } from './mark.ts';
import { Merge, type MergedBatch, type MergeOptions } from './merge.ts';

export interface FileSourceOptions {
  /** Of any stage; those of other topics are left aside. */
  readonly files: readonly DiscoveredFile[];
  /** Topics of the stage; their order breaks ties between events of the same time. */
  readonly topics: readonly string[];
  readonly decoder: Decoder;
  /** Of the files that hold no events but lines from which events are made; their names are in `topics`. */
  readonly formats?: readonly Format[] | undefined;
  /** Milliseconds since 1970; asked once for each batch. */
  readonly now: () => number;
  readonly log?: SourceLog;
  readonly onProgress?: (progress: FileProgress) => void;
  /** `name`: one file after the other, each in the order of its lines. Default `time`. */
  readonly order?: 'time' | 'name';
  readonly limits?: Omit<MergeOptions, 'isSequence'>;
  /** Helps with files of events. */
  readonly parser?: BlockParser | undefined;
}

export interface SourceLog {
  warn(detail: object, message: string): void;
}

/** Bytes of files on the disk. */
export interface FileProgress {
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface FileBatch extends MergedBatch {
  /** The time with which the batch was decoded: to be journalled, and given again when the batch is read again. */
  readonly now: number;
}

/** A last line that has no newline and is no whole JSON object: it is not counted, and the next run reads it. */
export interface PendingLine {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface FilePlace {
  readonly path: string;
  readonly shard: string;
  readonly start: number;
  readonly offset: number;
  /** The shard whose lines before `start` it repeats. */
  readonly copyOf?: string;
}

/**
 * Files as a `Source`. A shard is a file, named by its absolute path when it was first seen; offsets are bytes of the
 * uncompressed content. Files are read to where they end when `next` gets there; it does not wait for more.
 *
 * Call `seek` first: it finds the files that were moved, also for `read`. See docs/decisions/0003-file-positions.md.
 */
export class FileSource implements Source {
  readonly isContinuous = true;
  readonly #options: FileSourceOptions;
  readonly #files: readonly DiscoveredFile[];
  #merge: Merge | undefined;
  #cursors: readonly FileCursor[] = [];
  /** Where shards are that are not where their names say. */
  readonly #paths = new Map<string, string>();
  #skipped: readonly SkippedFile[] = [];
  #assigned: readonly Assignment[] = [];
  /** Files that an earlier run read to their end. */
  #doneBytes = 0;
  #now = 0;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#files = options.files.filter((file) => options.topics.includes(file.topic));
  }

  /** Errors: PARLEY_SOURCE_CHANGED when the bytes already counted are in none of the files. */
  async seek(positions: Positions): Promise<void> {
    const { files, skipped, changed } = await assignShards(this.#files, positions);
    const refused = changed.find(({ topic }) => !this.#isFormat(topic));
    if (refused !== undefined) throw refused.error;
    // What a format makes of a line has an id of its own, so lines that were counted before are known again.
    for (const { error } of changed) {
      this.#options.log?.warn({ file: error.detail.where }, `${error.message}: it is read again from its start`);
    }
    this.#skipped = skipped;
    this.#assigned = files;
    for (const { path, heldBy } of skipped) {
      this.#options.log?.warn({ path, heldBy }, 'This file is not read: another one of the same topic holds all of it');
    }
    for (const [shard, position] of positions) {
      const path = asMark(position.mark)?.path;
      if (path !== undefined) this.#paths.set(shard, path);
    }
    for (const { shard, file } of files) this.#paths.set(shard, file.path);
    const merge = new Merge({ ...this.#options.limits, isSequence: this.#options.order === 'name' });
    const ranks = this.#ranks(files.map(({ shard, file }) => ({ shard, topic: file.topic })));
    this.#cursors = files
      .filter((each) => !each.isDone)
      .map((each) => this.#cursor(merge, ranks, each.file.path, each.file.topic, each));
    this.#doneBytes = files.reduce((sum, each) => sum + (each.isDone ? each.file.size : 0), 0);
    await merge.add(this.#cursors, this.#tick());
    this.#merge = merge;
  }

  async next(limits: BatchLimits): Promise<FileBatch | undefined> {
    if (this.#merge === undefined) await this.seek(new Map());
    const now = limits.now ?? this.#tick();
    const batch = await (this.#merge as Merge).take(limits, now);
    this.#options.onProgress?.(this.progress());
    return batch && { ...batch, now };
  }

  /**
   * Errors: PARLEY_INPUT_GONE. Files are looked for where `seek` found them or saw them last, whether they are among
   * those given for this run or not.
   */
  async read(ranges: readonly Range[], options: ReadOptions = {}): Promise<FileBatch> {
    const now = options.now ?? this.#options.now();
    const merge = new Merge({ isSequence: this.#options.order === 'name' });
    const ranks = this.#ranks(ranges);
    const cursors = ranges.map((range) => {
      const path = this.#paths.get(range.shard) ?? pathOfShard(range.shard);
      return this.#cursor(merge, ranks, path, range.topic, { shard: range.shard, offset: range.from }, range.to);
    });
    try {
      await merge.add(cursors, now);
      const batch = await merge.take({ eventsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }, now);
      for (const [index, cursor] of cursors.entries()) {
        const range = ranges[index] as Range;
        checkRange(cursor, range, batch?.marks.get(range.shard), asMark(options.marks?.[range.shard]));
      }
      return { records: [], ...batch, ranges, marks: batch?.marks ?? new Map(), now };
    } catch (cause) {
      if (cause instanceof ParleyError && cause.code === 'PARLEY_SOURCE_CHANGED') throw gone(cause.detail.where, cause);
      throw cause;
    } finally {
      await merge.close();
    }
  }

  async close(): Promise<void> {
    await this.#merge?.close();
  }

  /** What could not be read, one error a file. To be asked, and reported, when `next` has come to the end. */
  faults(): readonly ParleyError[] {
    return this.#cursors.flatMap((cursor) => cursor.fault ?? []);
  }

  pending(): readonly PendingLine[] {
    return this.#cursors
      .filter((cursor) => cursor.pendingBytes > 0)
      .map(({ path, offset, pendingBytes }) => ({ path, offset, bytes: pendingBytes }));
  }

  /** Where each file of this run stands: its shard, where reading began, and where the next record is. */
  places(): readonly FilePlace[] {
    return this.#assigned.map(({ file, shard, offset: start, copyOf }) => {
      const offset = this.#cursors.find((cursor) => cursor.shard === shard)?.offset ?? start;
      const place = { path: file.path, shard, start, offset };
      return copyOf === undefined ? place : { ...place, copyOf };
    });
  }

  skipped(): readonly SkippedFile[] {
    return this.#skipped;
  }

  progress(): FileProgress {
    const skipped = new Set(this.#skipped.map(({ path }) => path));
    const bytesTotal = this.#files.reduce((sum, file) => sum + (skipped.has(file.path) ? 0 : file.size), 0);
    const bytes = this.#cursors.reduce((sum, cursor) => sum + cursor.diskBytes, this.#doneBytes);
    return { bytes: Math.min(bytes, bytesTotal), bytesTotal };
  }

  #isFormat(topic: string): boolean {
    return (this.#options.formats ?? []).some((format) => formatTopic(format) === topic);
  }

  /** A clock set back must not make a batch refuse what the one before it has seen. */
  #tick(): number {
    this.#now = Math.max(this.#now, this.#options.now());
    return this.#now;
  }

  /** The order of shards whose next records have the same time: by topic, then by name. */
  #ranks(shards: readonly { readonly shard: string; readonly topic: string }[]): ReadonlyMap<string, number> {
    const { topics } = this.#options;
    const sorted = [...shards].sort(
      (a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic) || (a.shard < b.shard ? -1 : 1),
    );
    return new Map(sorted.map(({ shard }, rank) => [shard, rank]));
  }

  #cursor(
    merge: Merge,
    ranks: ReadonlyMap<string, number>,
    path: string,
    topic: string,
    { shard, offset }: Pick<Assignment, 'shard' | 'offset'>,
    until?: number,
  ): FileCursor {
    const rank = ranks.get(shard) as number;
    const { decoder, formats = [], parser } = this.#options;
    const reader = createLineReader({ decoder, formats, topic, path: pathOfShard(shard) });
    const { readBytes } = merge;
    const options = { shard, path, rank, offset, reader, readBytes, parser };
    return new FileCursor(until === undefined ? options : { ...options, until });
  }
}

/** Opens nothing yet: `seek` does. */
export function openFileSource(options: FileSourceOptions): FileSource {
  return new FileSource(options);
}

function checkRange(
  cursor: FileCursor,
  range: Range,
  found: FileMark | undefined,
  expected: FileMark | undefined,
): void {
  const where = `${cursor.path}, bytes ${range.from} to ${range.to}`;
  if (cursor.fault) throw gone(where, cursor.fault);
  if (!cursor.isEnded || cursor.offset !== range.to) throw gone(where, undefined, `whole lines up to ${cursor.offset}`);
  if (found === undefined || expected === undefined) return;
  if (!isSame(found.head, expected.head) || !isSame(found.tail, expected.tail))
    throw gone(where, undefined, 'other bytes');
}

function gone(where: string | undefined, cause: unknown, received?: string): ParleyError {
  return new ParleyError('PARLEY_INPUT_GONE', `The lines of a journalled batch cannot be read again: ${where}`, {
    expected: 'exactly the lines that the batch had',
    ...(received === undefined ? {} : { received }),
    ...(where === undefined ? {} : { where }),
    cause,
  });
}

import { unlink } from 'node:fs/promises';
import type { ParleyError } from '../../errors.ts';
import type { BatchLimits, Position, Positions, Range, ReadOptions, Source } from '../source.ts';
import type { DiscoveredFile } from './discover.ts';
import { type FileBatch, FileSource, type FileSourceOptions, type PendingLine } from './file-source.ts';

export interface SpoolSourceOptions extends Omit<FileSourceOptions, 'files' | 'order'> {
  readonly segments: AsyncIterable<DiscoveredFile>;
  /** How long `next` waits for a segment before it says that there is nothing for now. Default 1 s. */
  readonly waitMs?: number;
}

interface Finished {
  readonly path: string;
  /** The position that must be in a checkpoint before the file may go. */
  readonly shard: string;
  readonly offset: number;
}

/** The segments of a spool as a `Source`: one after the other, each in the order of its lines. */
export class SpoolSource implements Source {
  /** A batch has lines of one segment only: `read` would merge those of several by time. */
  readonly isContinuous = false;
  readonly #options: SpoolSourceOptions;
  readonly #segments: AsyncIterator<DiscoveredFile>;
  readonly #positions = new Map<string, Position>();
  readonly #finished: Finished[] = [];
  readonly #faults: ParleyError[] = [];
  readonly #pending: PendingLine[] = [];
  #arriving: Promise<IteratorResult<DiscoveredFile>> | undefined;
  #current: FileSource | undefined;
  #isAtEnd = false;

  constructor(options: SpoolSourceOptions) {
    this.#options = options;
    this.#segments = options.segments[Symbol.asyncIterator]();
  }

  /** Whether the input has ended and all of it was given. Otherwise `next` gives more when `ready` resolves. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  async seek(positions: Positions): Promise<void> {
    for (const [shard, position] of positions) this.#positions.set(shard, position);
  }

  async next(limits: BatchLimits): Promise<FileBatch | undefined> {
    for (;;) {
      if (this.#current === undefined && !(await this.#openNext())) return undefined;
      const current = this.#current as FileSource;
      const batch = await current.next(limits);
      if (batch === undefined) {
        await this.#finish(current);
        continue;
      }
      for (const { shard, topic, to } of batch.ranges) {
        this.#positions.set(shard, { topic, offset: to, mark: batch.marks.get(shard) });
      }
      return batch;
    }
  }

  async read(ranges: readonly Range[], options?: ReadOptions): Promise<FileBatch> {
    // By time, as files are: a batch of segments has one, and a batch of several files was left by an earlier replay.
    const source = new FileSource({ ...this.#options, files: [] });
    await source.seek(this.#positions);
    return source.read(ranges, options);
  }

  /** Resolves when `next` has more to give, or the input has ended. */
  async ready(): Promise<void> {
    if (this.#current === undefined && !this.#isAtEnd) await this.#arrival();
  }

  /** Deletes the segments whose lines are all in a checkpoint. Their positions stay, to know the same bytes again. */
  async release(checkpointed: Readonly<Record<string, { readonly offset: number }>>): Promise<void> {
    for (const finished of [...this.#finished]) {
      const { shard, offset, path } = finished;
      if (offset > (checkpointed[shard]?.offset ?? 0)) continue;
      this.#finished.splice(this.#finished.indexOf(finished), 1);
      await unlink(path);
    }
  }

  faults(): readonly ParleyError[] {
    return [...this.#faults, ...(this.#current?.faults() ?? [])];
  }

  pending(): readonly PendingLine[] {
    return this.#pending;
  }

  async close(): Promise<void> {
    await this.#current?.close();
    // A segment that is still arriving is left to the next run; waiting for it could take for ever.
    if (this.#arriving === undefined) await this.#segments.return?.();
  }

  #arrival(): Promise<IteratorResult<DiscoveredFile>> {
    this.#arriving ??= this.#segments.next();
    return this.#arriving;
  }

  /** Opens the next segment; false when there is none for now. */
  async #openNext(): Promise<boolean> {
    if (this.#isAtEnd) return false;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, this.#options.waitMs ?? 1000, undefined);
    });
    const arrived = await Promise.race([this.#arrival(), waited]).finally(() => clearTimeout(timer));
    if (arrived === undefined) return false;
    this.#arriving = undefined;
    if (arrived.done === true) {
      this.#isAtEnd = true;
      return false;
    }
    const source = new FileSource({ ...this.#options, files: [arrived.value], order: 'name' });
    await source.seek(this.#positions);
    this.#current = source;
    return true;
  }

  async #finish(source: FileSource): Promise<void> {
    this.#faults.push(...source.faults());
    this.#pending.push(...source.pending());
    // What is not read to its end is kept.
    const isWhole = source.faults().length === 0 && source.pending().length === 0;
    for (const { path, shard, offset, start, copyOf } of isWhole ? source.places() : []) {
      const isTaken = offset > start || copyOf === undefined;
      this.#finished.push({ path, shard: isTaken ? shard : copyOf, offset });
    }
    this.#current = undefined;
    await source.close();
  }
}

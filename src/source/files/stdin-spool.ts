import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, realpath, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderError, messageOf, ParleyError } from '../../errors.ts';
import type { DiscoveredFile } from './discover.ts';

export interface SpoolOptions {
  readonly input: AsyncIterable<Buffer | string>;
  /** `<data folder>/spool`; made when it is not there. */
  readonly folder: string;
  readonly topic: string;
  /** A segment ends at the first newline at which it has this many bytes. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** A segment with whole lines also ends when nothing came for so long. Default 1 s. */
  readonly idleMs?: number;
  readonly clock?: () => number;
}

const partial = '.partial';
/** A line that has more is written on before its end is known, and keeps its segment open until then. */
const restBytesMax = 16_777_216;

/**
 * Writes what standard input brings to files, because it cannot be read a second time after a crash. Gives each file
 * when it is on the disk, those that an earlier run left first; reads on only when the next one is asked for.
 *
 * Where segments end depends on the bytes alone, except where the input paused, so that the same input
 * piped again gives the same segments, which are then known by their content.
 *
 * Fails with PARLEY_SOURCE_UNREADABLE when the input does, and with PARLEY_DISK_FULL or PARLEY_STATE_UNAVAILABLE.
 */
export async function* spoolSegments(options: SpoolOptions): AsyncGenerator<DiscoveredFile, void, undefined> {
  try {
    yield* spool(options);
  } catch (error) {
    throw folderError(error, options.folder);
  }
}

async function* spool(options: SpoolOptions): AsyncGenerator<DiscoveredFile, void, undefined> {
  const { segmentBytes = 67_108_864, idleMs = 1000, topic, clock = Date.now } = options;
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  yield* await leftSegments(folder, topic);

  const input = options.input[Symbol.asyncIterator]();
  // Names are never used twice: positions of segments are kept after the files are gone.
  const run = String(clock()).padStart(14, '0');
  let count = 0;
  let segment: Segment | undefined;
  let arriving: Promise<IteratorResult<Buffer | string>> | undefined;
  try {
    for (;;) {
      arriving ??= input.next().catch(inputFailed);
      const arrived = await orIdle(arriving, segment?.canEnd === true ? idleMs : undefined);
      if (arrived !== 'idle') arriving = undefined;
      if (arrived === 'idle' || arrived.done === true) {
        const rest: Buffer = segment?.rest ?? Buffer.alloc(0);
        const done = segment;
        segment = undefined;
        if (done) yield* done.finish(arrived !== 'idle');
        if (arrived !== 'idle') return;
        if (rest.length > 0) segment = await nextSegment(rest);
        continue;
      }
      let bytes: Buffer = typeof arrived.value === 'string' ? Buffer.from(arrived.value) : arrived.value;
      while (bytes.length > 0) {
        segment ??= await nextSegment(Buffer.alloc(0));
        const after = await segment.append(bytes, segmentBytes);
        if (after === undefined) break;
        const done = segment;
        segment = undefined;
        bytes = after;
        yield* done.finish(false);
      }
    }
  } finally {
    await segment?.abandon();
  }

  async function nextSegment(rest: Buffer): Promise<Segment> {
    count++;
    return Segment.start(join(folder, `${topic}.${run}-${String(count).padStart(6, '0')}.ndjson`), topic, rest);
  }
}

function inputFailed(cause: unknown): never {
  const received = messageOf(cause);
  throw new ParleyError('PARLEY_SOURCE_UNREADABLE', `Standard input cannot be read on: ${received}`, {
    expected: 'a pipe or a file',
    received,
    where: 'standard input',
    cause,
  });
}

/** A file being written: whole lines, and in memory the beginning of the next one. */
class Segment {
  readonly #path: string;
  readonly #topic: string;
  readonly #file: FileHandle;
  #bytes = 0;
  #rest: Buffer[];
  #restBytes: number;
  /** The beginning of a long line is in the file already. */
  #isMidLine = false;

  static async start(path: string, topic: string, rest: Buffer): Promise<Segment> {
    return new Segment(path, topic, await open(path + partial, 'wx'), rest);
  }

  private constructor(path: string, topic: string, file: FileHandle, rest: Buffer) {
    this.#path = path;
    this.#topic = topic;
    this.#file = file;
    this.#rest = [rest];
    this.#restBytes = rest.length;
  }

  get rest(): Buffer {
    return Buffer.concat(this.#rest);
  }

  get canEnd(): boolean {
    return this.#bytes > 0 && !this.#isMidLine;
  }

  /** Takes bytes until the segment is full; then returns those after it. */
  async append(bytes: Buffer, segmentBytes: number): Promise<Buffer | undefined> {
    const missing = segmentBytes - this.#bytes - this.#restBytes;
    const end = bytes.indexOf(10, Math.max(0, missing - 1));
    const isFull = end >= 0;
    const last = isFull ? end : bytes.lastIndexOf(10);
    if (last >= 0) {
      await this.#write([...this.#rest, bytes.subarray(0, last + 1)]);
      this.#rest = [];
      this.#restBytes = 0;
      this.#isMidLine = false;
    }
    const rest = bytes.subarray(last + 1);
    if (isFull) return rest;
    this.#rest.push(rest);
    this.#restBytes += rest.length;
    if (this.#restBytes > restBytesMax) {
      await this.#write(this.#rest);
      this.#rest = [];
      this.#restBytes = 0;
      this.#isMidLine = true;
    }
    return undefined;
  }

  /** The segment as a file that a crash cannot take away. At the end of the input its last line may have no end. */
  async *finish(withRest: boolean): AsyncGenerator<DiscoveredFile, void, undefined> {
    if (withRest) await this.#write(this.#rest);
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#path + partial, this.#path);
    const folder = await open(join(this.#path, '..'), 'r');
    await folder.sync().finally(() => folder.close());
    if (this.#bytes > 0) yield { path: this.#path, topic: this.#topic, size: this.#bytes, compressed: false };
  }

  /** Keeps what came, for the next run. */
  async abandon(): Promise<void> {
    await this.#write(this.#rest);
    await this.#file.close();
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    for (const part of parts) {
      // `writeFile` on a handle goes on from where the last one ended, and writes all.
      await this.#file.writeFile(part);
      this.#bytes += part.length;
    }
  }
}

/** What an earlier run left: whole segments, and the one that it was writing. */
async function leftSegments(folder: string, topic: string): Promise<DiscoveredFile[]> {
  const files: DiscoveredFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const isPartial = name.endsWith(`.ndjson${partial}`);
    if (!name.startsWith(`${topic}.`) || !(isPartial || name.endsWith('.ndjson'))) continue;
    const path = join(folder, isPartial ? name.slice(0, -partial.length) : name);
    if (isPartial) await rename(path + partial, path);
    files.push({ path, topic, size: (await stat(path)).size, compressed: false });
  }
  return files;
}

async function orIdle<Value>(arriving: Promise<Value>, idleMs: number | undefined): Promise<Value | 'idle'> {
  if (idleMs === undefined) return arriving;
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<'idle'>((resolve) => {
    timer = setTimeout(resolve, idleMs, 'idle');
  });
  return Promise.race([arriving, idle]).finally(() => clearTimeout(timer));
}

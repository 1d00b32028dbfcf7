import { stat } from 'node:fs/promises';
import { ParleyError } from '../../errors.ts';
import type { BlockParser } from './ahead/parse-thread.ts';
import { edgeBytes, type Opened, openAt } from './content.ts';
import type { LineReader } from './line-reader.ts';
import { type Block, Lines } from './lines.ts';
import { lastEventTime } from './look-back.ts';
import { type Digest, digest, type FileMark, tailBytes } from './mark.ts';
import { FileRecord, isWhole, lineAt } from './record.ts';

const none: readonly never[] = [];

export interface CursorOptions {
  readonly shard: string;
  readonly path: string;
  /** Place in the order of shards whose next records have the same time. */
  readonly rank: number;
  readonly offset: number;
  /** Where a range that is read again ends. */
  readonly until?: number;
  readonly reader: LineReader;
  readonly readBytes: () => number;
  readonly parser?: BlockParser | undefined;
}

/**
 * A place in a file, and the record that stands there. It is in one of three states:
 *
 * - *asleep*: it knows its place and the order of its next record (`order`), and holds nothing. Any number of files can be so.
 * - *awake*: it holds the block with its next record (`head`), and the one after that is being read.
 * - *ended*: there is nothing after its place, for now.
 */
export class FileCursor {
  readonly shard: string;
  readonly path: string;
  readonly topic: string;
  readonly rank: number;
  /** Offset of the next record, or of the end. */
  offset: number;
  /** The next record, while awake. */
  head: FileRecord | undefined;
  /** What the line of the next record gives besides it: the two are taken together. */
  rest: readonly FileRecord[] = none;
  /** The time that orders the next record. One that was rejected comes at once, as after the record before it. */
  order = Number.NEGATIVE_INFINITY;
  isEnded = false;
  /** Bytes of a last line that is not whole, and so is left for the next run. */
  pendingBytes = 0;
  fault: ParleyError | undefined;
  /** Where the ranges given so far end. */
  takenTo: number;
  /** The `now` with which the next record was decoded. */
  decodedNow = 0;

  readonly #options: CursorOptions;
  #lines: Lines | undefined;
  #block: Block | undefined;
  /** After the next record's line, within the block. */
  #next = 0;
  #timeBefore: number | undefined;
  /** Content before the block: the last bytes, and the first ones until enough of them are known. */
  #tail: Buffer = Buffer.alloc(0);
  #head: Buffer = Buffer.alloc(0);
  #headDigest: Digest | undefined;
  /** Of a compressed file: what it was on the disk before it was opened. */
  #whole: FileMark['whole'];
  #compressedBytes = 0;
  #markAsleep: FileMark | undefined;

  constructor(options: CursorOptions) {
    this.#options = options;
    this.shard = options.shard;
    this.path = options.path;
    this.topic = options.reader.topic;
    this.rank = options.rank;
    this.offset = options.offset;
    this.takenTo = options.offset;
  }

  /** Bytes of the file on the disk that are done with, for progress. */
  get diskBytes(): number {
    return this.#whole ? this.#compressedBytes : this.offset;
  }

  get isAwake(): boolean {
    return this.#lines !== undefined;
  }

  /** A compressed file would have to be read from its start again. */
  get canSleep(): boolean {
    return this.#lines?.canReopen === true || this.offset < 1_048_576;
  }

  /** Opens the file at the cursor's place (or takes it over open) and finds the next record. */
  async wake(now: number, opened?: Opened): Promise<void> {
    const { offset } = this;
    const status = await stat(this.path).catch(() => undefined);
    const at = opened ?? (await openAt(this.path, offset).catch((error: unknown) => this.#failed(error)));
    if (at === undefined) {
      if (this.fault) return;
      throw new ParleyError('PARLEY_SOURCE_CHANGED', `${this.path} became shorter while it was read`, {
        expected: `at least ${offset} bytes`,
        where: this.path,
      });
    }
    const { until, readBytes, parser, reader } = this.#options;
    const isParsed = parser !== undefined && reader.accept !== undefined;
    this.#markAsleep = undefined;
    this.#lines = new Lines(at.content, offset, {
      readBytes,
      ...(until === undefined ? {} : { until }),
      ...(isParsed ? { parse: (bytes: Buffer) => parser.parse(this.topic, bytes) } : {}),
    });
    this.#whole = at.content.canReopen || !status ? undefined : { bytes: status.size, modifiedMs: status.mtimeMs };
    this.#head = at.head;
    this.#tail = at.tail;
    this.#block = undefined;
    await this.advance(now);
  }

  /** Gives up what it holds; `wake` goes on at the same record. */
  sleep(): void {
    if (this.offset !== this.takenTo) this.#markAsleep = this.mark(); // The batch that has its records will ask for it.
    // Nobody waits for the close: it only lets a read end that is under way.
    void this.#lines?.close();
    this.#lines = undefined;
    this.#block = undefined;
    this.head = undefined;
    this.rest = none;
    this.#head = Buffer.alloc(0);
    this.#tail = Buffer.alloc(0);
  }

  /** Goes to the next record if the block has it; otherwise false, and `advance` must be awaited. */
  step(now: number): boolean {
    const block = this.#block as Block;
    const { reader } = this.#options;
    const line = lineAt(block, this.#next, reader, now);
    if (line === undefined || (line.isUnterminated && !isWhole(line))) return false;
    this.#next = line.next;
    const { event, more = none } = line.decoded;
    if (event === undefined && this.#timeBefore === undefined) {
      this.#timeBefore = lastEventTime(this.#tail, this.offset, reader, now);
    }
    const record = new FileRecord(reader, this.shard, line, this.#timeBefore ?? 0, line.decoded);
    this.#timeBefore = record.time;
    this.order = event === undefined ? Number.NEGATIVE_INFINITY : record.time;
    this.head = record;
    const { time } = record;
    this.rest = more.length === 0 ? none : more.map((each) => new FileRecord(reader, this.shard, line, time, each));
    this.offset = record.offset;
    this.decodedNow = now;
    return true;
  }

  /** Goes to the next record, reading on as needed, or to the end. */
  async advance(now: number): Promise<void> {
    const lines = this.#lines as Lines;
    for (;;) {
      if (this.#block && this.step(now)) return;
      if (this.#block?.isUnterminated) return this.#end(this.#block);
      const block = await lines.next();
      this.#compressedBytes = lines.diskBytes;
      if (this.#block) this.#leave(this.#block);
      this.#block = block;
      if (block === undefined) return this.#end(undefined);
      this.#next = 0;
    }
  }

  /** Decodes the next record again: whether its time is out of range depends on `now`. */
  refresh(now: number): void {
    this.decodedNow = now;
    if (this.#block === undefined || this.head?.rejection?.code !== 'TIME_OUT_OF_RANGE') return;
    this.#next = this.head.offset - this.#block.base;
    this.#timeBefore = this.head.time;
    this.step(now);
  }

  /** What tells the content up to the next record, for its position. Costs a hash of 4 KiB, and once one of 64. */
  mark(): FileMark {
    if (this.#markAsleep) return this.#markAsleep;
    const { offset } = this;
    const before = this.#block ? offset - this.#block.base : 0;
    const seen = this.#block ? this.#block.bytes.subarray(0, before) : this.#tail;
    const tail = seen.length >= tailBytes || !this.#block ? seen : Buffer.concat([this.#tail, seen]);
    const head = this.#headDigest ?? digest(this.#firstBytes(seen).subarray(0, Math.min(edgeBytes, offset)));
    if (head.bytes === edgeBytes) this.#headDigest = head;
    const mark = { path: this.path, head, tail: digest(tail.subarray(-Math.min(tailBytes, offset))) };
    const isWhole = this.isEnded && !this.fault && this.pendingBytes === 0;
    return this.#whole && isWhole ? { ...mark, whole: this.#whole } : mark;
  }

  async close(): Promise<void> {
    await this.#lines?.close();
    this.#lines = undefined;
  }

  #firstBytes(seen: Buffer): Buffer {
    return this.#head.length >= edgeBytes || !this.#block ? this.#head : Buffer.concat([this.#head, seen]);
  }

  /** Keeps of a block that is done what marks need of it. */
  #leave(block: Block): void {
    const { bytes } = block;
    this.offset = block.end;
    if (this.#headDigest === undefined && this.#head.length < edgeBytes) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, edgeBytes - this.#head.length)]);
    }
    const last = block.long?.tail ?? bytes;
    this.#tail = last.length >= tailBytes ? Buffer.from(last.subarray(-tailBytes)) : joinTail(this.#tail, last);
  }

  #end(last: Block | undefined): void {
    this.head = undefined;
    this.rest = none;
    this.order = Number.POSITIVE_INFINITY;
    this.isEnded = true;
    this.fault = this.#lines?.fault;
    if (last === undefined) return;
    // The place is before the line that is not whole, or after empty ones.
    const line = lineAt(last, this.#next, this.#options.reader, 0);
    const at = line ? line.start : last.bytes.length;
    this.offset = last.base + at;
    this.pendingBytes = last.end - this.offset;
  }

  #failed(error: unknown): undefined {
    if (!(error instanceof ParleyError) || error.code !== 'PARLEY_SOURCE_UNREADABLE') throw error;
    this.fault = error;
    this.isEnded = true;
    this.order = Number.POSITIVE_INFINITY;
    return undefined;
  }
}

function joinTail(tail: Buffer, bytes: Buffer): Buffer {
  return Buffer.from(Buffer.concat([tail, bytes]).subarray(-tailBytes));
}

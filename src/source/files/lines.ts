import { isAscii, isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { ParleyError } from '../../errors.ts';
import type { ParsedLines } from './ahead/event-unpacker.ts';
import { tailBytes } from './mark.ts';
import type { Content } from './plain-content.ts';

/** Of a line too long to be kept: the block's bytes are only its beginning. */
interface LongLine {
  readonly trueBytes: number;
  /** Its end, as far as marks need it. */
  readonly tail: Buffer;
}

/** Whole lines as they stand in the content, with their newlines. */
export class Block {
  readonly bytes: Buffer;
  /** Offset of the first byte in the content. */
  readonly base: number;
  /** Offset after the block. */
  readonly end: number;
  /** The last line has no newline: the content ends there, for now. */
  readonly isUnterminated: boolean;
  readonly long: LongLine | undefined;
  /** What another thread made of the lines. */
  parsed: ParsedLines | undefined;
  #ascii: string | undefined;
  #isUtf8: boolean | undefined;

  constructor(bytes: Buffer, base: number, end: number, isUnterminated: boolean, long?: LongLine) {
    this.bytes = bytes;
    this.base = base;
    this.end = end;
    this.isUnterminated = isUnterminated;
    this.long = long;
  }

  /** The same as text, one character a byte, when all of it is ASCII; cutting lines out of it copies nothing. */
  get ascii(): string | undefined {
    this.#isUtf8 ??= this.#examine();
    return this.#ascii;
  }

  get isUtf8(): boolean {
    this.#isUtf8 ??= this.#examine();
    return this.#isUtf8;
  }

  #examine(): boolean {
    if (!isAscii(this.bytes)) return isUtf8(this.bytes);
    this.#ascii = this.bytes.toString('latin1');
    return true;
  }
}

export interface LinesOptions {
  /** Bytes to read at a time. */
  readonly readBytes: () => number;
  /** A longer line is not kept. Default 16 MiB. */
  readonly lineBytesMax?: number;
  /** Offset at which to stop, as if the content ended there. */
  readonly until?: number;
  /** Makes events of a block while those before it are used. Never fails. */
  readonly parse?: ((bytes: Buffer) => Promise<ParsedLines | undefined>) | undefined;
}

interface ComingBlock {
  readonly block: Block;
  readonly parsing: Promise<ParsedLines | undefined> | undefined;
}

/**
 * A block may be one text, too. One of more than 128 KiB would be a large object, which the collector does not free with
 * the young ones: blocks of 1 MiB made it look through the whole heap twice as often.
 */
const blockBytesMax = 62 * 1024;
/** When less is read at a time it is to be looked at, or there are many files: it is read here. */
const parsedBytesMin = 65_537;
/** Bytes kept of a line that is too long. */
const keptBytes = 65_536;

/**
 * Cuts content into blocks of whole lines, and reads on while what was read last is used: it holds what two reads gave at
 * most. A fault of the content ends the blocks and is kept in `fault`; a line that it cuts is not given.
 */
export class Lines {
  readonly #content: Content;
  readonly #options: LinesOptions;
  readonly #lineBytesMax: number;
  #base: number;
  /** Where the content has been read to. */
  #readTo: number;
  /** The beginning of a line whose end is not read yet. */
  #carry: Buffer = Buffer.alloc(0);
  /** What was read last and is not used yet. */
  #blocks: ComingBlock[] = [];
  #ahead: Promise<ComingBlock[]> | undefined;
  #isEnded = false;
  fault: ParleyError | undefined;

  constructor(content: Content, offset: number, options: LinesOptions) {
    this.#content = content;
    this.#options = options;
    this.#lineBytesMax = options.lineBytesMax ?? 16_777_216;
    this.#base = offset;
    this.#readTo = offset;
  }

  get diskBytes(): number {
    return this.#content.diskBytes;
  }

  get canReopen(): boolean {
    return this.#content.canReopen;
  }

  /** The next block; undefined at the end. */
  async next(): Promise<Block | undefined> {
    if (this.#blocks.length > 0)
      await setImmediate(); // What has come of what is ahead is looked after now and then.
    else await this.#goOn();
    const next = this.#blocks.shift();
    if (next?.parsing !== undefined) next.block.parsed = await next.parsing;
    return next?.block;
  }

  async #goOn(): Promise<void> {
    this.#blocks = await (this.#ahead ?? this.#load());
    this.#ahead = this.#blocks.length > 0 && !this.#isEnded ? this.#load() : undefined;
    // The failure is thrown by the call that takes these blocks, if there ever is one.
    this.#ahead?.catch(() => {});
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    await this.#ahead?.catch(() => {});
    this.#content.close();
  }

  async #load(): Promise<ComingBlock[]> {
    const { parse } = this.#options;
    const read = await this.#read();
    if (read === undefined) return [];
    const isParsed = parse !== undefined && read.long === undefined && read.bytes.length >= parsedBytesMin;
    return cut(read).map((block) => ({ block, parsing: isParsed ? parse(block.bytes) : undefined }));
  }

  async #read(): Promise<Block | undefined> {
    if (this.#isEnded) return undefined;
    // Only after a line that was too long; else the carry is the beginning of one line.
    const carried = this.#carry.lastIndexOf(10) + 1;
    if (carried > 0) {
      const block = this.#block(this.#carry.subarray(0, carried), carried, false);
      this.#carry = this.#carry.subarray(carried);
      return block;
    }
    let filled = this.#carry.length;
    let buffer = Buffer.allocUnsafeSlow(filled + this.#options.readBytes());
    this.#carry.copy(buffer);
    for (;;) {
      const before = filled;
      filled += await this.#fill(buffer, filled);
      if (filled === before) return this.#last(buffer.subarray(0, filled));
      const newline = buffer.subarray(before, filled).lastIndexOf(10);
      if (newline >= 0) {
        const first = filled > this.#lineBytesMax ? before + buffer.subarray(before, filled).indexOf(10) : 0;
        if (first > this.#lineBytesMax) {
          this.#carry = Buffer.from(buffer.subarray(first + 1, filled));
          return this.#tooLong(buffer, buffer.subarray(0, first + 1), first, false);
        }
        const length = before + newline + 1;
        this.#carry = Buffer.from(buffer.subarray(length, filled));
        return this.#block(buffer.subarray(0, length), length, false);
      }
      if (filled > this.#lineBytesMax) return this.#skipLine(buffer, filled);
      if (filled === buffer.length) {
        const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
        buffer.copy(larger);
        buffer = larger;
      }
    }
  }

  async #fill(buffer: Buffer, at: number): Promise<number> {
    const allowed = (this.#options.until ?? Number.POSITIVE_INFINITY) - this.#readTo;
    const end = Math.min(buffer.length, at + allowed);
    if (end === at || this.#isEnded) return 0;
    try {
      const count = await this.#content.fill(buffer, at, end);
      this.#readTo += count;
      return count;
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'PARLEY_SOURCE_UNREADABLE') throw error;
      this.fault = error;
      return 0;
    }
  }

  #last(rest: Buffer): Block | undefined {
    this.#isEnded = true;
    return rest.length === 0 || this.fault ? undefined : this.#block(rest, rest.length, true);
  }

  /** Reads to the end of a line that is too long without keeping it. */
  async #skipLine(buffer: Buffer, filled: number): Promise<Block | undefined> {
    const kept = Buffer.from(buffer.subarray(0, keptBytes));
    const scratch = buffer.subarray(0, Math.min(buffer.length, 1_048_576));
    let tail: Buffer = Buffer.from(buffer.subarray(filled - tailBytes, filled));
    let length = filled;
    for (;;) {
      const count = await this.#fill(scratch, 0);
      if (count === 0) {
        this.#isEnded = true;
        return this.fault ? undefined : this.#tooLong(kept, tail, length, true);
      }
      const newline = scratch.subarray(0, count).indexOf(10);
      const seen = scratch.subarray(0, newline < 0 ? count : newline + 1);
      tail = Buffer.concat([tail, seen]).subarray(-tailBytes);
      if (newline < 0) {
        length += count;
        continue;
      }
      this.#carry = Buffer.from(scratch.subarray(newline + 1, count));
      return this.#tooLong(kept, tail, length + newline, false);
    }
  }

  /** `length` without the newline; `start` and `tail` are at least so much of the line as is kept. */
  #tooLong(start: Buffer, tail: Buffer, length: number, isUnterminated: boolean): Block {
    const kept = Buffer.from(start.subarray(0, keptBytes));
    const long = { trueBytes: length, tail: Buffer.from(tail.subarray(-tailBytes)) };
    return this.#block(kept, isUnterminated ? length : length + 1, isUnterminated, long);
  }

  #block(bytes: Buffer, length: number, isUnterminated: boolean, long?: LongLine): Block {
    const base = this.#base;
    this.#base += length;
    return new Block(bytes, base, this.#base, isUnterminated, long);
  }
}

/** The same in blocks of whole lines, none of them longer than it may be but for its last line. */
function cut(block: Block): Block[] {
  const { bytes, base, isUnterminated } = block;
  if (bytes.length <= blockBytesMax || block.long !== undefined) return [block];
  const blocks: Block[] = [];
  for (let from = 0; from < bytes.length; ) {
    const before = bytes.lastIndexOf(10, from + blockBytesMax - 1) + 1;
    const newline = before > from ? before : bytes.indexOf(10, from) + 1;
    const to = newline === 0 || bytes.length - from <= blockBytesMax ? bytes.length : newline;
    blocks.push(new Block(bytes.subarray(from, to), base + from, base + to, isUnterminated && to === bytes.length));
    from = to;
  }
  return blocks;
}

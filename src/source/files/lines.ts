import { isAscii, isUtf8 } from 'node:buffer';
import { ParleyError } from '../../errors.ts';
import type { Content } from './content.ts';
import { tailBytes } from './mark.ts';

/** Whole lines as they stand in the content, with their newlines. */
export interface Block {
  readonly bytes: Buffer;
  /** Offset of the first byte in the content. */
  readonly base: number;
  /** Offset after the block. */
  readonly end: number;
  /** The same as text, one character a byte, when all of it is ASCII; cutting lines out of it copies nothing. */
  readonly ascii: string | undefined;
  readonly isUtf8: boolean;
  /** The last line has no newline: the content ends there, for now. */
  readonly isUnterminated: boolean;
  /** Of a line too long to be kept: `bytes` is only its beginning. */
  readonly trueBytes?: number;
  /** And its end, as far as marks need it. */
  readonly tail?: Buffer;
}

export interface LinesOptions {
  /** Bytes to read at a time. */
  readonly blockBytes: () => number;
  /** A longer line is not kept. Default 16 MiB. */
  readonly lineBytesMax?: number;
  /** Offset at which to stop, as if the content ended there. */
  readonly until?: number;
}

/** Bytes kept of a line that is too long. */
const keptBytes = 65_536;

/**
 * Cuts content into blocks of whole lines, and reads the next block while the last one is used. Holds two blocks at
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
  #ahead: Promise<Block | undefined> | undefined;
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
    const block = await (this.#ahead ?? this.#load());
    this.#ahead = block && !this.#isEnded ? this.#load() : undefined;
    // The failure is thrown by the call that takes this block, if there ever is one.
    this.#ahead?.catch(() => {});
    return block;
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    await this.#ahead?.catch(() => {});
    this.#content.close();
  }

  async #load(): Promise<Block | undefined> {
    if (this.#isEnded) return undefined;
    // Only after a line that was too long; else the carry is the beginning of one line.
    const carried = this.#carry.lastIndexOf(10) + 1;
    if (carried > 0) {
      const block = this.#block(this.#carry.subarray(0, carried), carried, false);
      this.#carry = this.#carry.subarray(carried);
      return block;
    }
    let filled = this.#carry.length;
    let buffer = Buffer.allocUnsafeSlow(filled + this.#options.blockBytes());
    this.#carry.copy(buffer);
    for (;;) {
      const before = filled;
      filled += await this.#read(buffer, filled);
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

  async #read(buffer: Buffer, at: number): Promise<number> {
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
      const count = await this.#read(scratch, 0);
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
    const block = this.#block(kept, isUnterminated ? length : length + 1, isUnterminated);
    return { ...block, trueBytes: length, tail: Buffer.from(tail.subarray(-tailBytes)) };
  }

  #block(bytes: Buffer, length: number, isUnterminated: boolean): Block {
    const base = this.#base;
    this.#base += length;
    const ascii = isAscii(bytes) ? bytes.toString('latin1') : undefined;
    return { bytes, base, end: this.#base, ascii, isUtf8: ascii !== undefined || isUtf8(bytes), isUnterminated };
  }
}

import { isUtf8 } from 'node:buffer';
import type { Decoded } from '../../events/decode.ts';
import type { StreamEvent } from '../../runtime/domain.ts';
import type { Rejection, SourceRecord } from '../source.ts';
import type { LineReader, ReadLine, Skipped } from './line-reader.ts';
import type { Block } from './lines.ts';

/** A line of a file as a record. It keeps its block alive, so a batch holds the bytes of its own records. */
export class FileRecord implements SourceRecord {
  readonly topic: string;
  readonly shard: string;
  readonly offset: number;
  readonly time: number;
  declare readonly event?: StreamEvent;
  declare readonly rejection?: Rejection;
  declare readonly skipped?: string;
  /** Bytes of the line. */
  readonly size: number;
  readonly #block: Buffer;
  readonly #start: number;

  readonly #keepsBytes: boolean;

  /** `decoded`: the line's own, or one of the others that it gives. */
  constructor(reader: LineReader, shard: string, line: Line, timeBefore: number, decoded: Decoded | Skipped) {
    const { block, start } = line;
    this.topic = reader.topic;
    this.#keepsBytes = reader.keepsBytes;
    this.shard = shard;
    this.offset = block.base + start;
    this.size = line.end - start;
    this.#block = block.bytes;
    this.#start = start;
    if (decoded.event) {
      this.time = decoded.event.time;
      this.event = decoded.event;
    } else {
      this.time = timeBefore;
      if (decoded.rejection) this.rejection = decoded.rejection;
      else this.skipped = decoded.skipped;
    }
  }

  bytes(): Buffer {
    if (!this.#keepsBytes) return Buffer.alloc(0);
    return Buffer.from(this.#block.subarray(this.#start, this.#start + this.size));
  }
}

/** A line of a block and what was made of it. Its newline is left out, and a carriage return before that. */
export interface Line {
  readonly block: Block;
  /** Within the block; `next` is after the newline. */
  readonly start: number;
  readonly end: number;
  readonly next: number;
  readonly isUnterminated: boolean;
  readonly decoded: ReadLine;
}

/** The first line at or after `at` in the block that is not empty; undefined when there is none. */
export function lineAt(block: Block, at: number, reader: LineReader, now: number): Line | undefined {
  const { ascii, bytes } = block;
  const length = bytes.length;
  if (block.trueBytes !== undefined) {
    if (at >= length) return undefined;
    const decoded = reader.tooLarge(block.trueBytes);
    return { block, start: 0, end: length, next: length, isUnterminated: block.isUnterminated, decoded };
  }
  for (let start = at; start < length; ) {
    let end = ascii === undefined ? bytes.indexOf(10, start) : ascii.indexOf('\n', start);
    const isUnterminated = end < 0;
    if (isUnterminated) end = length;
    const next = isUnterminated ? length : end + 1;
    if (end > start && bytes[end - 1] === 13) end--;
    const textStart = block.base + start === 0 && ascii === undefined ? afterByteOrderMark(bytes) : start;
    if (end > textStart) {
      const text = ascii === undefined ? utf8(block, textStart, end) : ascii.slice(start, end);
      const decoded = text === undefined ? notUtf8 : reader.read(text, now);
      return { block, start, end, next, isUnterminated, decoded };
    }
    start = next;
  }
  return undefined;
}

const notUtf8: Decoded = {
  rejection: { code: 'INVALID_JSON', message: 'expected UTF-8, received bytes that are not' },
};

function utf8({ isUtf8: isAllUtf8, bytes }: Block, start: number, end: number): string | undefined {
  return isAllUtf8 || isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined;
}

function afterByteOrderMark(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/**
 * Whether a line without a newline is a record already. A JSON object that is whole cannot be the beginning of a longer
 * one, so whatever is appended later begins a line of its own.
 */
export function isWhole(line: Line): boolean {
  const { decoded, block } = line;
  if (decoded.event) return true;
  if (decoded.rejection?.code === 'INVALID_JSON' || block.trueBytes !== undefined) return false;
  if (decoded.rejection?.code !== 'EVENT_TOO_LARGE') return true;
  try {
    const value: unknown = JSON.parse(block.bytes.subarray(line.start, line.end).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

import { isUtf8 } from 'node:buffer';
import type { Decoded } from '../../events/decode.ts';
import type { StreamEvent } from '../../runtime/domain.ts';
import type { Rejection, SourceRecord } from '../source.ts';
import { byteOrderMarkBytes, hasByteOrderMark, type LinePlace, linePlace } from './line-places.ts';
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

/** A line of a block, where it lies in it, and what was made of it. */
export interface Line extends LinePlace {
  readonly block: Block;
  readonly isUnterminated: boolean;
  readonly decoded: ReadLine;
}

/** The first line at or after `at` in the block that is not empty; undefined when there is none. */
export function lineAt(block: Block, at: number, reader: LineReader, now: number): Line | undefined {
  const { bytes, long, parsed } = block;
  const { length } = bytes;
  if (long !== undefined) {
    if (at >= length) return undefined;
    const decoded = reader.tooLarge(long.trueBytes);
    return { block, start: 0, end: length, next: length, isUnterminated: block.isUnterminated, decoded };
  }
  if (parsed !== undefined) {
    const place = parsed.find(at);
    if (place === undefined) return undefined;
    return lineOf(block, place, reader.accept?.(parsed.event(), now) ?? readLine(block, place, reader, now));
  }
  for (let place = linePlace(bytes, block.ascii, at); place !== undefined; ) {
    const start = isMarked(block, place) ? place.start + byteOrderMarkBytes : place.start;
    if (place.end > start) return lineOf(block, place, readLine(block, { ...place, start }, reader, now));
    place = linePlace(bytes, block.ascii, place.next);
  }
  return undefined;
}

function lineOf(block: Block, { start, end, next }: LinePlace, decoded: ReadLine): Line {
  return { block, start, end, next, isUnterminated: block.bytes[next - 1] !== 10, decoded };
}

function readLine(block: Block, { start, end }: LinePlace, reader: LineReader, now: number): ReadLine {
  const { ascii } = block;
  const text = ascii === undefined ? utf8(block, start, end) : ascii.slice(start, end);
  return text === undefined ? notUtf8 : reader.read(text, now);
}

/** Whether the line is the first one of the content, behind a byte order mark. */
function isMarked(block: Block, { start }: LinePlace): boolean {
  return block.base + start === 0 && block.ascii === undefined && hasByteOrderMark(block.bytes);
}

const notUtf8: Decoded = {
  rejection: { code: 'INVALID_JSON', message: 'expected UTF-8, received bytes that are not' },
};

function utf8({ isUtf8: isAllUtf8, bytes }: Block, start: number, end: number): string | undefined {
  return isAllUtf8 || isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined;
}

/**
 * Whether a line without a newline is a record already. A JSON object that is whole cannot be the beginning of a longer
 * one, so whatever is appended later begins a line of its own.
 */
export function isWhole(line: Line): boolean {
  const { decoded, block } = line;
  if (decoded.event) return true;
  if (decoded.rejection?.code === 'INVALID_JSON' || block.long !== undefined) return false;
  if (decoded.rejection?.code !== 'EVENT_TOO_LARGE') return true;
  try {
    const value: unknown = JSON.parse(block.bytes.subarray(line.start, line.end).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

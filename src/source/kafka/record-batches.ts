import { ParleyError } from '../../errors.ts';
import { crc32c } from '../../state/crc32c.ts';
import { codecOf } from './broker-access.ts';

/** A record as the broker has it. */
export interface RawRecord {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since 1970: what the producer said, or when it was appended, as the topic is configured. */
  readonly timestamp: number;
  readonly headers: RawHeaders;
}

/** A header given more than once has all its values. */
export type RawHeaders = Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;

/** The answer to a Fetch of one partition. */
export interface FetchedPartition {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly batches: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface DecodedRecords {
  readonly records: RawRecord[];
  /** The offset after the last whole batch: compaction, aborted transactions and markers leave offsets without records. */
  readonly next: number;
}

const batchHeaderBytes = 61;
const noHeaders: RawHeaders = Object.freeze(Object.create(null) as RawHeaders);

/** Fetch response, version 11, of at most one partition; undefined when the broker left it out (it throttles). */
export function decodeFetch(payload: Buffer): FetchedPartition | undefined {
  const throttleMs = payload.readInt32BE(0);
  const topLevelError = payload.readInt16BE(4);
  let at = 10;
  const topics = payload.readInt32BE(at);
  at += 4;
  if (topLevelError !== 0) return empty(throttleMs, topLevelError);
  if (topics < 1) return undefined;
  at += 2 + payload.readInt16BE(at);
  const partitions = payload.readInt32BE(at);
  if (partitions < 1) return undefined;
  at += 8;
  const errorCode = payload.readInt16BE(at);
  const highWatermark = Number(payload.readBigInt64BE(at + 2));
  const lastStableOffset = Number(payload.readBigInt64BE(at + 10));
  const abortedCount = payload.readInt32BE(at + 26);
  at += 30;
  const aborted: AbortedTransaction[] = [];
  for (let index = 0; index < abortedCount; index++, at += 16) {
    aborted.push({ producerId: payload.readBigInt64BE(at), firstOffset: Number(payload.readBigInt64BE(at + 8)) });
  }
  const size = payload.readInt32BE(at + 4);
  at += 8;
  const batches = payload.subarray(at, at + Math.max(0, size));
  return { throttleMs, errorCode, highWatermark, lastStableOffset, aborted, batches };
}

function empty(throttleMs: number, errorCode: number): FetchedPartition {
  return { throttleMs, errorCode, highWatermark: -1, lastStableOffset: -1, aborted: [], batches: Buffer.alloc(0) };
}

/**
 * The committed records of whole batches from an offset on. Keys and values are views of the answer, so whoever keeps
 * one keeps all of it. A batch cut at the end is left for the next fetch.
 */
export async function decodeBatches(
  { batches, aborted }: Pick<FetchedPartition, 'batches' | 'aborted'>,
  from: number,
  where: string,
): Promise<DecodedRecords> {
  const records: RawRecord[] = [];
  const waiting = [...aborted].sort((left, right) => left.firstOffset - right.firstOffset);
  const aborting = new Set<bigint>();
  let next = from;
  for (let at = 0; at + batchHeaderBytes <= batches.length; ) {
    const end = at + 12 + batches.readInt32BE(at + 8);
    if (end > batches.length) break;
    const batch = readHeader(batches, at, end, where);
    next = Math.max(next, batch.lastOffset + 1);
    while (waiting.length > 0 && waiting[0]!.firstOffset <= batch.lastOffset) aborting.add(waiting.shift()!.producerId);
    if (batch.isControl) {
      if (isAbort(batches, at + batchHeaderBytes)) aborting.delete(batch.producerId);
    } else if (!(batch.isTransactional && aborting.has(batch.producerId)) && batch.lastOffset >= from) {
      const codec = codecOf(batch.attributes);
      const packed = batches.subarray(at + batchHeaderBytes, end);
      decodeRecords(codec === null ? packed : await codec.decompress(packed), batch, from, records);
    }
    at = end;
  }
  return { records, next };
}

interface BatchHeader {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly firstTimestamp: number;
  /** Set when the topic keeps the time of the append: it is then that of all records. */
  readonly appendTimestamp: number | undefined;
  readonly producerId: bigint;
  readonly count: number;
}

function readHeader(bytes: Buffer, at: number, end: number, where: string): BatchHeader {
  const baseOffset = Number(bytes.readBigInt64BE(at));
  const magic = bytes[at + 16]!;
  if (magic !== 2) {
    throw new ParleyError('PARLEY_CONFIGURATION', 'A record batch has a format of before Kafka 0.11', {
      expected: 'format 2',
      received: `format ${magic} at offset ${baseOffset}`,
      where,
    });
  }
  const expected = bytes.readUInt32BE(at + 17);
  const received = crc32c(bytes, at + 21, end);
  if (received !== expected) {
    throw new ParleyError('PARLEY_STATE_CORRUPT', 'A record batch was damaged in the broker or on its way', {
      expected: `checksum ${expected}`,
      received: `${received} at offset ${baseOffset}`,
      where,
    });
  }
  const attributes = bytes.readInt16BE(at + 21);
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(at + 23),
    attributes,
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    firstTimestamp: Number(bytes.readBigInt64BE(at + 27)),
    appendTimestamp: (attributes & 0x08) === 0 ? undefined : Number(bytes.readBigInt64BE(at + 35)),
    producerId: bytes.readBigInt64BE(at + 43),
    count: bytes.readInt32BE(at + 57),
  };
}

/** A control record's key is a version and a type, two bytes each: 0 aborts, 1 commits. Compaction may have taken it. */
function isAbort(bytes: Buffer, recordsAt: number): boolean {
  if (recordsAt >= bytes.length) return false;
  const cursor = new Cursor(bytes, recordsAt);
  cursor.varint();
  cursor.skip(1);
  cursor.varint();
  cursor.varint();
  const key = cursor.bytes();
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}

function decodeRecords(bytes: Buffer, batch: BatchHeader, from: number, into: RawRecord[]): void {
  const cursor = new Cursor(bytes, 0);
  for (let index = 0; index < batch.count; index++) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.skip(1);
    const timestamp = batch.firstTimestamp + cursor.varint();
    const offset = batch.baseOffset + cursor.varint();
    if (offset >= from) {
      const key = cursor.bytes();
      const value = cursor.bytes();
      const headers = readHeaders(cursor);
      into.push({ offset, key, value, timestamp: batch.appendTimestamp ?? timestamp, headers });
    }
    cursor.at = end;
  }
}

function readHeaders(cursor: Cursor): RawHeaders {
  const count = cursor.varint();
  if (count <= 0) return noHeaders;
  const headers = Object.create(null) as Record<string, Buffer | null | (Buffer | null)[]>;
  for (let index = 0; index < count; index++) {
    const name = cursor.bytes()?.toString() ?? '';
    const value = cursor.bytes();
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
}

class Cursor {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** A zigzag number of up to 53 bits. */
  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let low = byte & 0x7f;
    let shift = 7;
    for (; shift < 28; shift += 7) {
      byte = bytes[this.at++]!;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    // Beyond 28 bits without shifts, which are of 32 bits only.
    let value = low;
    for (let scale = 2 ** 28; ; scale *= 128) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A length and as many bytes; null for a length of -1. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const from = this.at;
    this.at += length;
    return this.#bytes.subarray(from, this.at);
  }
}

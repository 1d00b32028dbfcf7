import { crc32c } from '../crc32c.ts';

/** A record to be written; a value of null deletes its key from a compacted topic. */
export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
}

/** Whose batch it is, and the place of its first record in what this producer wrote to the partition. */
export interface BatchOrigin {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  /** Milliseconds since 1970, of all records of the batch. */
  readonly timestamp: number;
}

export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly count: number;
}

const headerBytes = 61;
const transactional = 0x10;

/**
 * Encodes records into batches of the format 2, in one pass over one buffer: kafkajs makes an object and several
 * buffers of every record, and a checkpoint has 20,000 (docs/decisions/0006-kafka-journal.md has the measurement).
 */
export class RecordEncoder {
  /** Bytes of a batch; one record larger than that is a batch by itself. */
  readonly #batchBytesMax: number;
  #buffer: Buffer;
  #at = headerBytes;
  #count = 0;

  constructor(batchBytesMax: number) {
    this.#batchBytesMax = batchBytesMax;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(batchBytesMax, 64 * 1024));
  }

  get count(): number {
    return this.#count;
  }

  /** False when the batch is full without it: take the batch and add the record again. */
  add(record: OutgoingRecord): boolean {
    const { key, value, headers } = record;
    const keyLength = key === null ? -1 : byteLength(key);
    const valueLength = value === null ? -1 : byteLength(value);
    const names = headers === undefined ? [] : Object.keys(headers);
    const bodyLength =
      2 + // attributes and a time delta of 0
      varintLength(this.#count) +
      varintLength(keyLength) +
      Math.max(0, keyLength) +
      varintLength(valueLength) +
      Math.max(0, valueLength) +
      (names.length === 0 ? 1 : headersLength(headers!, names));
    const length = varintLength(bodyLength) + bodyLength;
    if (this.#count > 0 && this.#at + length > this.#batchBytesMax) return false;
    this.#reserve(length);
    this.#varint(bodyLength);
    this.#buffer[this.#at++] = 0;
    this.#buffer[this.#at++] = 0;
    this.#varint(this.#count);
    this.#bytes(key, keyLength);
    this.#bytes(value, valueLength);
    this.#varint(names.length);
    for (const name of names) {
      this.#bytes(name, Buffer.byteLength(name));
      this.#bytes(headers![name]!, byteLength(headers![name]!));
    }
    this.#count++;
    return true;
  }

  /** The batch of what was added since the last one. */
  take({ producerId, producerEpoch, firstSequence, timestamp }: BatchOrigin): EncodedBatch {
    const count = this.#count;
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#at));
    bytes.writeBigInt64BE(0n, 0);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = 2;
    bytes.writeInt16BE(transactional, 21);
    bytes.writeInt32BE(count - 1, 23);
    bytes.writeBigInt64BE(BigInt(timestamp), 27);
    bytes.writeBigInt64BE(BigInt(timestamp), 35);
    bytes.writeBigInt64BE(producerId, 43);
    bytes.writeInt16BE(producerEpoch, 51);
    bytes.writeInt32BE(firstSequence, 53);
    bytes.writeInt32BE(count, 57);
    bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17);
    this.#at = headerBytes;
    this.#count = 0;
    return { bytes, count };
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  #bytes(content: string | Buffer | null, length: number): void {
    this.#varint(length);
    if (content === null) return;
    if (typeof content === 'string') this.#buffer.write(content, this.#at, 'utf8');
    else content.copy(this.#buffer, this.#at);
    this.#at += length;
  }

  /** Zigzag, of numbers up to 2^30. */
  #varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; rest >= 0x80; rest >>>= 7) this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#at++] = rest;
  }
}

function byteLength(content: string | Buffer): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : content.length;
}

function varintLength(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0;
  if (rest < 0x80) return 1;
  if (rest < 0x4000) return 2;
  return rest < 0x200000 ? 3 : rest < 0x10000000 ? 4 : 5;
}

function headersLength(headers: Readonly<Record<string, string | Buffer>>, names: readonly string[]): number {
  let length = varintLength(names.length);
  for (const name of names) {
    for (const size of [Buffer.byteLength(name), byteLength(headers[name]!)]) length += varintLength(size) + size;
  }
  return length;
}

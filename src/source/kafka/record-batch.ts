import { ParleyError } from '../../errors.ts';
import { crc32c } from '../../state/crc32c.ts';
import { codecOf } from './broker-access.ts';

/**
 * Record batches of Kafka's log (message format 2, brokers since 0.11), as a fetch returns them. They are read here and
 * not by kafkajs because a batch knows where it ends in the log also when compaction or an abort left nothing in it,
 * and because whether a batch is aborted is decided for the batch, not for its records.
 */
export interface RecordBatch {
  readonly baseOffset: number;
  /** After its last offset, whether a record has that offset or not. */
  readonly nextOffset: number;
  /** Milliseconds since 1970 of the first record. */
  readonly baseTimestamp: number;
  /** The broker's time for all of them, where the topic is set to it. */
  readonly appendTimestamp: number | undefined;
  readonly count: number;
  /** The records, not compressed any more. */
  readonly records: Buffer;
}

/** A producer's transaction that was aborted, from its first offset on. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface CommittedBatches {
  readonly batches: readonly RecordBatch[];
  /** Where to fetch next: after everything that was read, also what is not in `batches`. */
  readonly nextOffset: number;
}

const headerBytes = 61;
/** Where what the checksum covers begins: all but what the broker writes. */
const checkedFrom = 21;
const transactionalFlag = 0x10;
const controlFlag = 0x20;
const appendTimeFlag = 0x08;

/**
 * The committed batches of what a fetch at `fetchOffset` returned for a partition. `aborted` are the transactions that
 * the same response names. Buffers of the response are not kept. The first batch may begin before `fetchOffset`.
 * `isChecked`: whether checksums are held, for 0.35 CPU seconds a million records of 250 bytes. Fails with
 * PARLEY_KAFKA_UNREADABLE.
 */
export async function committedBatches(
  log: Buffer,
  aborted: readonly AbortedTransaction[],
  fetchOffset: number,
  where: string,
  isChecked = false,
): Promise<CommittedBatches> {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedProducers = new Set<number>();
  const batches: RecordBatch[] = [];
  let nextOffset = fetchOffset;
  let began = 0;
  for (let at = 0; at + headerBytes <= log.length; ) {
    const baseOffset = int64(log, at);
    const end = at + 12 + log.readInt32BE(at + 8);
    // The broker cuts a response at the bytes that were asked for, in the middle of a batch.
    if (end > log.length) break;
    const magic = log.readInt8(at + 16);
    if (magic !== 2) throw unreadable(where, baseOffset, `message format ${magic}`);
    if (isChecked && crc32c(log, at + checkedFrom, end) !== log.readUInt32BE(at + 17)) {
      throw unreadable(where, baseOffset, 'a batch that does not have its checksum');
    }
    const attributes = log.readInt16BE(at + checkedFrom);
    const batchEnd = baseOffset + log.readInt32BE(at + 23) + 1;
    const producerId = int64(log, at + 43);
    const count = log.readInt32BE(at + 57);
    const body = log.subarray(at + headerBytes, end);
    const start = at;
    at = end;
    nextOffset = Math.max(nextOffset, batchEnd);
    while (began < upcoming.length && (upcoming[began] as AbortedTransaction).firstOffset < batchEnd) {
      abortedProducers.add((upcoming[began++] as AbortedTransaction).producerId);
    }
    if ((attributes & controlFlag) !== 0) {
      if (isAbortMarker(body)) abortedProducers.delete(producerId);
      continue;
    }
    if ((attributes & transactionalFlag) !== 0 && abortedProducers.has(producerId)) continue;
    if (count === 0 || batchEnd <= fetchOffset) continue;
    const records = await unpacked(attributes, body, where, baseOffset);
    const baseTimestamp = int64(log, start + 27);
    const maxTimestamp = int64(log, start + 35);
    const appendTimestamp = (attributes & appendTimeFlag) === 0 ? undefined : maxTimestamp;
    batches.push({ baseOffset, nextOffset: batchEnd, baseTimestamp, appendTimestamp, count, records });
  }
  return { batches, nextOffset };
}

/** A copy, so that a batch that waits does not keep the bytes of a whole response. */
async function unpacked(attributes: number, body: Buffer, where: string, offset: number): Promise<Buffer> {
  try {
    const codec = codecOf(attributes);
    return codec === null ? Buffer.from(body) : await codec.decompress(body);
  } catch (error) {
    throw unreadable(where, offset, 'a batch that cannot be unpacked', error);
  }
}

/** Control records are never compressed. Their key is a version and a type: 0 aborts, 1 commits. */
function isAbortMarker(body: Buffer): boolean {
  const reader = new VarintReader(body);
  reader.skip(); // length
  reader.at++; // attributes
  reader.skip(); // timestamp
  reader.skip(); // offset
  return reader.read() >= 4 && body.readInt16BE(reader.at + 2) === 0;
}

export function unreadable(where: string, offset: number, received: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_KAFKA_UNREADABLE', 'Records of a topic cannot be read', {
    expected: 'record batches of message format 2, compressed with GZIP, Snappy, LZ4, Zstandard or not',
    received,
    where: `${where}, offset ${offset}`,
    cause,
  });
}

export function int64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
}

/** Zigzag varints, of 32 bits (`read`) or up to 53 (`readLong`). */
export class VarintReader {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  read(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[this.at++] as number;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  readLong(): number {
    const { bytes } = this;
    let byte = bytes[this.at++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      byte = bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(): void {
    while ((this.bytes[this.at++] as number) >= 0x80);
  }
}

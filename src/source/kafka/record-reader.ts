import type { RecordHeaders } from '../record-decoder.ts';
import { type RecordBatch, VarintReader } from './record-batch.ts';

/**
 * Steps through the records of a batch. Fields hold the record in hand: one object for all of them, since millions of
 * them come by. Key and value are views of the batch's bytes.
 */
export class RecordReader {
  offset = -1;
  timestamp = 0;
  key: Buffer | null = null;
  value: Buffer | null = null;
  readonly #batch: RecordBatch;
  readonly #reader: VarintReader;
  #read = 0;
  #headersAt = 0;

  constructor(batch: RecordBatch) {
    this.#batch = batch;
    this.#reader = new VarintReader(batch.records);
  }

  /** The next record; false at the end. Throws a RangeError for bytes that are no records. */
  step(): boolean {
    const { baseOffset, baseTimestamp, appendTimestamp, count } = this.#batch;
    if (this.#read === count) return false;
    this.#read++;
    const reader = this.#reader;
    const length = reader.read();
    const end = reader.at + length;
    if (!(length > 0) || end > reader.bytes.length) throw new RangeError('a record ends after its batch');
    reader.at++; // attributes
    const timestamp = baseTimestamp + reader.readLong();
    this.timestamp = appendTimestamp ?? timestamp;
    this.offset = baseOffset + reader.read();
    this.key = this.#bytes();
    this.value = this.#bytes();
    this.#headersAt = reader.at;
    reader.at = end;
    return true;
  }

  /** Headers of the record in hand; a name that came several times has a list. */
  headers(): RecordHeaders | undefined {
    const { bytes } = this.#reader;
    if (bytes[this.#headersAt] === 0) return undefined;
    const reader = new VarintReader(bytes);
    reader.at = this.#headersAt;
    const headers: Record<string, Buffer | Buffer[]> = Object.create(null);
    for (let left = reader.read(); left > 0; left--) {
      const name = (take(reader) ?? Buffer.alloc(0)).toString();
      const value = take(reader) ?? Buffer.alloc(0);
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    return headers;
  }

  #bytes(): Buffer | null {
    return take(this.#reader);
  }
}

function take(reader: VarintReader): Buffer | null {
  const length = reader.read();
  if (length < 0) return null;
  const start = reader.at;
  reader.at += length;
  return reader.bytes.subarray(start, reader.at);
}

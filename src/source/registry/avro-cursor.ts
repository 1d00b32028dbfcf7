import { isUtf8 } from 'node:buffer';

/** The payload does not fit the schema that it says it was written with. */
export class MisfitError extends Error {
  override readonly name = 'MisfitError';
}

/** Reads Avro's binary encoding. Every method fails with MisfitError for bytes that cannot be what is asked for. */
export class AvroCursor {
  at: number;
  /** Records within records: a schema that contains itself must not use up the stack. */
  depth = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.at = from;
  }

  get remaining(): number {
    return this.#bytes.length - this.at;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new MisfitError('the bytes end too early');
    return byte;
  }

  /** An int or a long: a number where that is exact, else its digits. */
  long(): number | string {
    const start = this.at;
    let byte = this.byte();
    // The first four bytes in whole numbers of 32 bits, which is all that lengths and indexes need.
    let low = byte & 127;
    for (let shift = 7; byte >= 128 && shift < 28; shift += 7) {
      byte = this.byte();
      low |= (byte & 127) << shift;
    }
    if (byte < 128) return (low >>> 1) ^ -(low & 1);
    let high = 0;
    for (let shift = 0; byte >= 128 && shift < 28; shift += 7) {
      byte = this.byte();
      high |= (byte & 127) << shift;
    }
    if (byte < 128) {
      // Below 2 ** 53, as the highest bits are known to be free.
      const half = high * 134_217_728 + (low >>> 1);
      if (high < 67_108_864) return (low & 1) === 0 ? half : -half - 1;
    }
    return this.#largeLong(start);
  }

  #largeLong(start: number): number | string {
    let value = 0n;
    this.at = start;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
      if (shift > 56n) throw new MisfitError('an integer of more than 64 bits');
    }
    const signed = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : String(signed);
  }

  /** An index or a count: from 0 to `max`. */
  index(max: number, what: string): number {
    const value = this.long();
    if (typeof value !== 'number' || value < 0 || value > max) {
      throw new MisfitError(`${what}: expected 0 to ${max}, received ${value}`);
    }
    return value;
  }

  bytes(length: number): Buffer {
    if (length > this.remaining) throw new MisfitError('the bytes end too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  string(length: number): string {
    const start = this.at;
    if (length > this.remaining) throw new MisfitError('the bytes end too early');
    this.at += length;
    const text = this.#bytes.toString('utf8', start, this.at);
    // What is not UTF-8 is read as U+FFFD, so that two ids would become one.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(start, this.at))) {
      throw new MisfitError('a string that is not UTF-8');
    }
    return text;
  }

  float(): number {
    return this.bytes(4).readFloatLE(0);
  }

  double(): number {
    return this.bytes(8).readDoubleLE(0);
  }
}

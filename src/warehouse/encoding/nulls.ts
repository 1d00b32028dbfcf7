import { bytesOf } from './column.ts';

/** A nullable column's first part: a byte for each row, 1 where there is no value. */
export class Nulls {
  flags = new Uint8Array(0);
  #count = 0;

  begin(count: number): void {
    if (this.flags.length < count) this.flags = new Uint8Array(count);
    this.#count = count;
  }

  part(): Buffer {
    return bytesOf(this.flags, this.#count);
  }
}

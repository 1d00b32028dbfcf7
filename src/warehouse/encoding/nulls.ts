import { bytesOf, grown } from './column.ts';

/** A nullable column's first part: a byte for each row, 1 where there is no value. */
export class Nulls {
  #flags = new Uint8Array(0);

  /** The flags, with room for `count` rows. */
  reserve(count: number): Uint8Array {
    this.#flags = grown(this.#flags, count);
    return this.#flags;
  }

  part(count: number): Buffer {
    return bytesOf(this.#flags, count);
  }
}

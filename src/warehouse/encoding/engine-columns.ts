import { ParleyError } from '../../errors.ts';
import { bytesOf } from './column.ts';

/** The two columns that the engine adds to every row: its sign and its version. */
export class EngineColumns {
  readonly #table: string;
  #signs = new Uint8Array(0);
  #versions = new Uint32Array(0);

  constructor(table: string) {
    this.#table = table;
  }

  /** The bytes of `sign Int8`: +1 or -1 for each row. */
  signs(signs: readonly number[], count: number): Buffer {
    if (signs.length !== count) this.#fail(`${count} signs, one for each row`, `${signs.length} signs`);
    if (this.#signs.length < count) this.#signs = new Uint8Array(count);
    const cells = this.#signs;
    for (let index = 0; index < count; index++) {
      const sign = signs[index];
      if (sign !== 1 && sign !== -1) this.#fail('a sign of +1 or -1', `${sign} for row ${index}`);
      // Stored modulo 256, -1 is 255, which is how Int8 has it.
      cells[index] = sign;
    }
    return bytesOf(cells, count);
  }

  /** The bytes of `row_version UInt64`: `first`, and up by one from row to row; all of them exact numbers. */
  versions(first: number, count: number): Buffer {
    // Not `first + count - 1`: beyond 2^53 the sum is rounded, and can look as if it fitted.
    if (!Number.isSafeInteger(first) || first < 0 || first > Number.MAX_SAFE_INTEGER - count + 1) {
      this.#fail('row versions from 0 to 2^53 - 1', `${first}, and ${count} rows from there`);
    }
    if (this.#versions.length < count * 2) this.#versions = new Uint32Array(count * 2);
    const halves = this.#versions;
    for (let index = 0; index < count; index++) {
      const version = first + index;
      halves[index * 2] = version;
      halves[index * 2 + 1] = Math.floor(version / 4294967296);
    }
    return bytesOf(halves, count * 2);
  }

  #fail(expected: string, received: string): never {
    throw new ParleyError('PARLEY_INTERNAL', `The rows of ${this.#table} do not have what every row must have`, {
      expected,
      received,
      where: this.#table,
    });
  }
}

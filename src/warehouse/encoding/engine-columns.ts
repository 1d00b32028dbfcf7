import { ParleyError } from '../../errors.ts';
import { bytesOf, grown } from './column.ts';

/** The two columns that the engine adds to every row: its sign and its version. */
export class EngineColumns {
  readonly #table: string;
  #signs = new Uint8Array(0);
  #versions = new Uint32Array(0);
  #count = 0;

  constructor(table: string) {
    this.#table = table;
  }

  begin(): void {
    this.#count = 0;
  }

  /** Appends the signs of `count` rows: +1 or -1 for each. */
  add(signs: readonly number[], count: number): void {
    if (signs.length !== count) this.#fail(`${count} signs, one for each row`, `${signs.length} signs`);
    const base = this.#count;
    this.#count += count;
    const cells = grown(this.#signs, this.#count);
    this.#signs = cells;
    for (let index = 0; index < count; index++) {
      const sign = signs[index];
      if (sign !== 1 && sign !== -1) this.#fail('a sign of +1 or -1', `${sign} for row ${base + index}`);
      // Stored modulo 256, -1 is 255, which is how Int8 has it.
      cells[base + index] = sign;
    }
  }

  /** The bytes of `sign Int8`. */
  signs(): Buffer {
    return bytesOf(this.#signs, this.#count);
  }

  /** The bytes of `row_version UInt64`: `first`, and up by one from row to row; all of them exact numbers. */
  versions(first: number): Buffer {
    const count = this.#count;
    // Not `first + count - 1`: beyond 2^53 the sum is rounded, and can look as if it fitted.
    if (!Number.isSafeInteger(first) || first < 0 || first > Number.MAX_SAFE_INTEGER - count + 1) {
      this.#fail('row versions from 0 to 2^53 - 1', `${first}, and ${count} rows from there`);
    }
    const halves = grown(this.#versions, count * 2);
    this.#versions = halves;
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

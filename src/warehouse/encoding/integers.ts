import { bytesOf, type Column, type ColumnPlace, grown, misfit } from './column.ts';
import { Nulls } from './nulls.ts';

type Cells = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Integers of 1, 2 or 4 bytes. Unsigned cells take signed values too: storing into them is modulo their size. */
export class IntegerColumn implements Column {
  readonly place: ColumnPlace;
  readonly #nulls: Nulls | undefined;
  readonly #least: number;
  readonly #most: number;
  #cells: Cells;
  #count = 0;

  constructor(place: ColumnPlace, range: { least: number; most: number; bytes: 1 | 2 | 4 }, nullable: boolean) {
    this.place = place;
    this.#least = range.least;
    this.#most = range.most;
    this.#nulls = nullable ? new Nulls() : undefined;
    this.#cells = range.bytes === 1 ? new Uint8Array(0) : range.bytes === 2 ? new Uint16Array(0) : new Uint32Array(0);
  }

  begin(): void {
    this.#count = 0;
  }

  add(values: readonly unknown[]): void {
    const { length } = values;
    const base = this.#count;
    this.#count += length;
    const flags = this.#nulls?.reserve(this.#count);
    const cells = grown(this.#cells, this.#count);
    this.#cells = cells;
    const least = this.#least;
    const most = this.#most;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (flags !== undefined) {
        if (value === null) {
          flags[base + index] = 1;
          cells[base + index] = 0;
          continue;
        }
        flags[base + index] = 0;
      }
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        misfit(this.place, base + index, value);
      }
      cells[base + index] = value;
    }
  }

  parts(): Buffer[] {
    const cells = bytesOf(this.#cells, this.#count);
    return this.#nulls === undefined ? [cells] : [this.#nulls.part(this.#count), cells];
  }
}

/** Integers of 8 bytes, which JavaScript has exactly up to 2^53, written as two halves; BigInt would cost ten times as much. */
export class LongColumn implements Column {
  readonly place: ColumnPlace;
  readonly #nulls: Nulls | undefined;
  readonly #least: number;
  readonly #most: number;
  #halves = new Uint32Array(0);
  #count = 0;

  constructor(place: ColumnPlace, range: { least: number; most: number }, nullable: boolean) {
    this.place = place;
    this.#least = range.least;
    this.#most = range.most;
    this.#nulls = nullable ? new Nulls() : undefined;
  }

  begin(): void {
    this.#count = 0;
  }

  add(values: readonly unknown[]): void {
    const { length } = values;
    const base = this.#count;
    this.#count += length;
    const flags = this.#nulls?.reserve(this.#count);
    const halves = grown(this.#halves, this.#count * 2);
    this.#halves = halves;
    const least = this.#least;
    const most = this.#most;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (flags !== undefined) {
        if (value === null) {
          flags[base + index] = 1;
          halves[(base + index) * 2] = 0;
          halves[(base + index) * 2 + 1] = 0;
          continue;
        }
        flags[base + index] = 0;
      }
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        misfit(this.place, base + index, value);
      }
      // Storing is modulo 2^32, so a negative number becomes its two's complement.
      halves[(base + index) * 2] = value;
      halves[(base + index) * 2 + 1] = Math.floor(value / 4294967296);
    }
  }

  parts(): Buffer[] {
    const halves = bytesOf(this.#halves, this.#count * 2);
    return this.#nulls === undefined ? [halves] : [this.#nulls.part(this.#count), halves];
  }
}

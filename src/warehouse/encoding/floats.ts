import { bytesOf, type Column, type ColumnPlace, grown, misfit } from './column.ts';
import { Nulls } from './nulls.ts';

/** Finite numbers: NaN and the infinities are what a fault computes, never a measure. */
export class FloatColumn implements Column {
  readonly place: ColumnPlace;
  readonly #nulls: Nulls | undefined;
  #cells = new Float64Array(0);
  #count = 0;

  constructor(place: ColumnPlace, nullable: boolean) {
    this.place = place;
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
    const cells = grown(this.#cells, this.#count);
    this.#cells = cells;
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
      if (typeof value !== 'number' || !Number.isFinite(value)) misfit(this.place, base + index, value);
      cells[base + index] = value;
    }
  }

  parts(): Buffer[] {
    const cells = bytesOf(this.#cells, this.#count);
    return this.#nulls === undefined ? [cells] : [this.#nulls.part(this.#count), cells];
  }
}

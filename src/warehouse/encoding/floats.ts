import { bytesOf, type Column, type ColumnPlace, misfit, type Row } from './column.ts';
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

  begin(count: number): void {
    this.#nulls?.begin(count);
    if (this.#cells.length < count) this.#cells = new Float64Array(count);
    this.#count = count;
  }

  add(rows: readonly Row[], from: number, to: number): void {
    const name = this.place.column;
    const cells = this.#cells;
    const flags = this.#nulls?.flags;
    for (let index = from; index < to; index++) {
      const value = rows[index]![name];
      if (flags !== undefined) {
        if (value === null) {
          flags[index] = 1;
          cells[index] = 0;
          continue;
        }
        flags[index] = 0;
      }
      if (typeof value !== 'number' || !Number.isFinite(value)) misfit(this.place, index, value);
      cells[index] = value;
    }
  }

  parts(): Buffer[] {
    const cells = bytesOf(this.#cells, this.#count);
    return this.#nulls === undefined ? [cells] : [this.#nulls.part(), cells];
  }
}

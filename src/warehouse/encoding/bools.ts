import { bytesOf, type Column, type ColumnPlace, misfit, type Row } from './column.ts';

export class BoolColumn implements Column {
  readonly place: ColumnPlace;
  #cells = new Uint8Array(0);
  #count = 0;

  constructor(place: ColumnPlace) {
    this.place = place;
  }

  begin(count: number): void {
    if (this.#cells.length < count) this.#cells = new Uint8Array(count);
    this.#count = count;
  }

  add(rows: readonly Row[], from: number, to: number): void {
    const name = this.place.column;
    const cells = this.#cells;
    for (let index = from; index < to; index++) {
      const value = rows[index]![name];
      if (typeof value !== 'boolean') misfit(this.place, index, value);
      cells[index] = value ? 1 : 0;
    }
  }

  parts(): Buffer[] {
    return [bytesOf(this.#cells, this.#count)];
  }
}

import { bytesOf, type Column, type ColumnPlace, grown, misfit, type Row } from './column.ts';

export class BoolColumn implements Column {
  readonly place: ColumnPlace;
  #cells = new Uint8Array(0);
  #count = 0;

  constructor(place: ColumnPlace) {
    this.place = place;
  }

  begin(): void {
    this.#count = 0;
  }

  add(rows: readonly Row[], from: number, to: number): void {
    const name = this.place.column;
    const base = this.#count - from;
    this.#count += to - from;
    const cells = grown(this.#cells, this.#count);
    this.#cells = cells;
    for (let index = from; index < to; index++) {
      const value = rows[index]![name];
      if (typeof value !== 'boolean') misfit(this.place, base + index, value);
      cells[base + index] = value ? 1 : 0;
    }
  }

  parts(): Buffer[] {
    return [bytesOf(this.#cells, this.#count)];
  }
}

import { bytesOf, type Column, type ColumnPlace, grown, misfit } from './column.ts';

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

  add(values: readonly unknown[]): void {
    const { length } = values;
    const base = this.#count;
    this.#count += length;
    const cells = grown(this.#cells, this.#count);
    this.#cells = cells;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (typeof value !== 'boolean') misfit(this.place, base + index, value);
      cells[base + index] = value ? 1 : 0;
    }
  }

  parts(): Buffer[] {
    return [bytesOf(this.#cells, this.#count)];
  }
}

import { type Column, type ColumnPlace, misfit } from './column.ts';
import { Dictionary } from './dictionary.ts';
import { Nulls } from './nulls.ts';
import { TextBuffer } from './text.ts';

/** Texts, and bytes as they came (dead letters). */
export class StringColumn implements Column {
  readonly place: ColumnPlace;
  readonly #nulls: Nulls | undefined;
  readonly #text = new TextBuffer();
  #count = 0;

  constructor(place: ColumnPlace, nullable: boolean) {
    this.place = place;
    this.#nulls = nullable ? new Nulls() : undefined;
  }

  begin(): void {
    this.#count = 0;
    this.#text.begin();
  }

  add(values: readonly unknown[]): void {
    const { length } = values;
    const text = this.#text;
    const base = this.#count;
    this.#count += length;
    const flags = this.#nulls?.reserve(this.#count);
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (flags !== undefined) {
        if (value === null) {
          flags[base + index] = 1;
          text.append('');
          continue;
        }
        flags[base + index] = 0;
      }
      if (typeof value === 'string') text.append(value);
      else if (value instanceof Uint8Array) text.appendBytes(value);
      else misfit(this.place, base + index, value);
    }
  }

  parts(): Buffer[] {
    return this.#nulls === undefined ? [this.#text.part()] : [this.#nulls.part(this.#count), this.#text.part()];
  }
}

/** Strings of few different values, sent as a dictionary and one small number a row. */
export class LowCardinalityColumn implements Column {
  readonly place: ColumnPlace;
  readonly #dictionary = new Dictionary();
  #count = 0;

  constructor(place: ColumnPlace) {
    this.place = place;
  }

  begin(): void {
    this.#count = 0;
    this.#dictionary.begin();
  }

  add(values: readonly unknown[]): void {
    const { length } = values;
    const dictionary = this.#dictionary;
    const base = this.#count;
    this.#count += length;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (typeof value !== 'string') misfit(this.place, base + index, value);
      dictionary.append(value);
    }
  }

  parts(): Buffer[] {
    return [Dictionary.prefix, ...this.#dictionary.parts()];
  }
}

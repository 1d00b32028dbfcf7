import { bytesOf, type Column, type ColumnPlace, grown, misfit } from './column.ts';
import { Dictionary } from './dictionary.ts';
import { TextBuffer } from './text.ts';

/** What the elements of an array column are gathered in. */
interface Elements {
  begin(): void;
  append(value: string): void;
  /** What stands before the offsets, and what after them. */
  before(): Buffer[];
  after(): Buffer[];
}

/** Lists of strings: where each list ends, counted in elements from the first, and then all elements. */
export class StringsColumn implements Column {
  readonly place: ColumnPlace;
  readonly #elements: Elements;
  #ends = new Uint32Array(0);
  #count = 0;
  #end = 0;

  constructor(place: ColumnPlace, elements: Elements) {
    this.place = place;
    this.#elements = elements;
  }

  begin(): void {
    this.#elements.begin();
    this.#count = 0;
    this.#end = 0;
  }

  add(values: readonly unknown[]): void {
    const { length } = values;
    const elements = this.#elements;
    let end = this.#end;
    const base = this.#count;
    this.#count += length;
    // The upper halves of the 8-byte ends stay zero: a block has less than 2^32 elements.
    const ends = grown(this.#ends, this.#count * 2);
    this.#ends = ends;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      if (!Array.isArray(value)) misfit(this.place, base + index, value);
      for (let element = 0; element < value.length; element++) {
        const text: unknown = value[element];
        if (typeof text !== 'string') misfit(this.place, base + index, value);
        elements.append(text);
      }
      end += value.length;
      ends[(base + index) * 2] = end;
    }
    this.#end = end;
  }

  parts(): Buffer[] {
    return [...this.#elements.before(), bytesOf(this.#ends, this.#count * 2), ...this.#elements.after()];
  }
}

export function plainElements(): Elements {
  const text = new TextBuffer();
  return {
    begin: () => text.begin(),
    append: (value) => text.append(value),
    before: () => [],
    after: () => [text.part()],
  };
}

export function lowCardinalityElements(): Elements {
  const dictionary = new Dictionary();
  return {
    begin: () => dictionary.begin(),
    append: (value) => dictionary.append(value),
    before: () => [Dictionary.prefix],
    after: () => dictionary.parts(),
  };
}

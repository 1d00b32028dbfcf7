import { bytesOf, grown } from './column.ts';
import { TextBuffer } from './text.ts';

const keysFollow = 1 << 9;
const dictionaryIsNew = 1 << 10;
/** A power of two. */
const slots = 64;

/** The values of a LowCardinality(String) column of one block: each different one once, and an index for each value. */
export class Dictionary {
  /** What a LowCardinality column begins with: the version of its serialization, 1. */
  static readonly prefix = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

  readonly #indexOf = new Map<string, number>();
  readonly #keys = new TextBuffer();
  #indexes = new Uint32Array(1024);
  #count = 0;
  /** Values that came lately, each at the slot that its length and last characters give, and their indexes. */
  readonly #recent: (string | undefined)[] = new Array(slots).fill(undefined);
  readonly #recentIndexes = new Uint32Array(slots);

  begin(): void {
    this.#indexOf.clear();
    this.#keys.begin();
    this.#recent.fill(undefined);
    this.#count = 0;
  }

  get count(): number {
    return this.#count;
  }

  append(value: string): void {
    const slot = slotOf(value);
    if (value !== this.#recent[slot]) {
      let index = this.#indexOf.get(value);
      if (index === undefined) {
        index = this.#indexOf.size;
        this.#indexOf.set(value, index);
        this.#keys.append(value);
      }
      this.#recent[slot] = value;
      this.#recentIndexes[slot] = index;
    }
    if (this.#count === this.#indexes.length) this.#indexes = grown(this.#indexes, this.#count + 1);
    this.#indexes[this.#count++] = this.#recentIndexes[slot]!;
  }

  /** Without the prefix, which an array puts before its offsets. A dictionary without values has no bytes at all. */
  parts(): Buffer[] {
    if (this.#count === 0) return [];
    const size = this.#indexOf.size;
    const width = size <= 256 ? 0 : size <= 65_536 ? 1 : 2;
    const head = Buffer.alloc(16);
    head.writeUInt32LE(width | keysFollow | dictionaryIsNew, 0);
    head.writeUInt32LE(size, 8);
    const count = Buffer.alloc(8);
    count.writeUInt32LE(this.#count, 0);
    return [head, this.#keys.part(), count, this.#indexBytes(width)];
  }

  #indexBytes(width: 0 | 1 | 2): Buffer {
    if (width === 2) return bytesOf(this.#indexes, this.#count);
    const used = this.#indexes.subarray(0, this.#count);
    return bytesOf(width === 0 ? Uint8Array.from(used) : Uint16Array.from(used), this.#count);
  }
}

/** Codes differ in their last characters, words in their length: comparing with one recent value costs less than a look-up. */
function slotOf(value: string): number {
  const { length } = value;
  if (length < 2) return length;
  return (length + value.charCodeAt(length - 1) * 7 + value.charCodeAt(length - 2)) & (slots - 1);
}

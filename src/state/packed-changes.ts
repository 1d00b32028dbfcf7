import type { Change, Changes } from './store.ts';
import { recordBytesMax, writeRecord, writtenValue } from './value-record.ts';

const blockBytes = 1024 * 1024;

/** Records one after the other, as a value log has them. */
export interface Block {
  readonly bytes: Buffer;
  /** Of the first of its records, among all of the changes. */
  readonly first: number;
  readonly count: number;
}

/**
 * Changes as bytes, in the form in which they are written. A checkpoint has tens of thousands of them, which live until
 * the disk has them: as strings the collector would copy each one twice.
 */
export class PackedChanges implements Changes {
  /** Of records and deletions, in the order in which they were added. */
  readonly keys: string[] = [];
  /** Where the record of a key begins and ends in its block; nowhere when the key is deleted. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #blocks: { bytes: Buffer; length: number; first: number; count: number }[] = [];

  static of(changes: Changes): PackedChanges {
    if (changes instanceof PackedChanges) return changes;
    const packed = new PackedChanges();
    for (const [key, value] of changes) packed.add(key, value);
    return packed;
  }

  get length(): number {
    return this.keys.length;
  }

  add(key: string, value: string | undefined): void {
    const index = this.keys.push(key) - 1;
    if (value === undefined) {
      this.#starts.push(0);
      this.#ends.push(0);
      return;
    }
    const block = this.#blockFor(recordBytesMax(key, value), index);
    this.#starts.push(block.length);
    block.length = writeRecord(block.bytes, block.length, key, value);
    block.count = index + 1 - block.first;
    this.#ends.push(block.length);
  }

  /** Whether the key at this place is deleted. */
  isDeletion(index: number): boolean {
    return this.#ends[index] === 0;
  }

  /** Of the record of the key at this place, within its block. */
  startOf(index: number): number {
    return this.#starts[index]!;
  }

  endOf(index: number): number {
    return this.#ends[index]!;
  }

  /** A block's keys are those from `first` on, `count` of them, with deletions among them. */
  *blocks(): Generator<Block> {
    for (const { bytes, length, first, count } of this.#blocks)
      yield { bytes: bytes.subarray(0, length), first, count };
  }

  *[Symbol.iterator](): Generator<Change> {
    let index = 0;
    for (const { bytes, first, count } of this.blocks()) {
      for (; index < first + count; index++) {
        const isDeletion = this.isDeletion(index);
        yield [this.keys[index]!, isDeletion ? undefined : writtenValue(bytes, this.startOf(index), this.endOf(index))];
      }
    }
    for (; index < this.length; index++) yield [this.keys[index]!, undefined];
  }

  #blockFor(bytesMax: number, index: number) {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.length + bytesMax > block.bytes.length) {
      block = { bytes: Buffer.allocUnsafeSlow(Math.max(blockBytes, bytesMax)), length: 0, first: index, count: 0 };
      this.#blocks.push(block);
    }
    return block;
  }
}

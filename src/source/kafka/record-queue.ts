import type { RecordBatch } from './record-batch.ts';
import { unreadable } from './record-batch.ts';
import { RecordReader } from './record-reader.ts';

/**
 * Records of one topic partition between the broker and a batch, in order: `[position, end)`, of which `end` grows by
 * `push` and `position` by `take`. They wait as the bytes that came, and become objects one at a time when their turn
 * comes: what waits for seconds as objects would be copied by the garbage collector, again and again.
 */
export class RecordQueue {
  /** Records of the batches that wait; the first batch counts until it is empty. */
  events = 0;
  bytes = 0;
  readonly #where: string;
  readonly #batches: RecordBatch[] = [];
  /** Batches before it were read, and are let go of from time to time. */
  #first = 0;
  #reader: RecordReader | undefined;
  #position: number;
  #end: number;

  constructor(from: number, where: string) {
    this.#position = from;
    this.#end = from;
    this.#where = where;
  }

  /** The next offset that `take` has not passed: after the last record taken and, when all are, after the holes too. */
  get position(): number {
    return this.head === undefined ? this.#end : this.#position;
  }

  /** The offset after everything pushed. */
  get end(): number {
    return this.#end;
  }

  push(batches: readonly RecordBatch[], nextOffset: number): void {
    for (const batch of batches) {
      this.#batches.push(batch);
      this.events += batch.count;
      this.bytes += batch.records.length;
    }
    this.#end = nextOffset;
  }

  /** The next record, until `take`; undefined when none waits. Fails with PARLEY_KAFKA_UNREADABLE. */
  get head(): RecordReader | undefined {
    if (this.#reader !== undefined) return this.#reader;
    for (;;) {
      const batch = this.#batches[this.#first];
      if (batch === undefined) return undefined;
      const reader = this.#reading ?? new RecordReader(batch);
      this.#reading = reader;
      while (this.#step(reader, batch)) {
        // A fetch begins with the whole batch that holds its offset.
        if (reader.offset < this.#position) continue;
        this.#reader = reader;
        return reader;
      }
      this.#release(batch);
    }
  }

  /** Passes the head. */
  take(): void {
    const { head } = this;
    if (head === undefined) return;
    this.#position = head.offset + 1;
    this.#reader = undefined;
  }

  #reading: RecordReader | undefined;

  #step(reader: RecordReader, batch: RecordBatch): boolean {
    try {
      return reader.step();
    } catch (error) {
      throw unreadable(this.#where, batch.baseOffset, 'a batch with broken records', error);
    }
  }

  #release(batch: RecordBatch): void {
    this.#reading = undefined;
    this.events -= batch.count;
    this.bytes -= batch.records.length;
    this.#batches[this.#first] = undefined as never;
    this.#first++;
    if (this.#first < 64 && this.#first < this.#batches.length) return;
    this.#batches.splice(0, this.#first);
    this.#first = 0;
  }
}

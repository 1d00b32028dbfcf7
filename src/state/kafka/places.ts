import type { Bookkeeping } from './bookkeeping.ts';

/**
 * Where the journal has what a local store lacks. Offsets are lower bounds: a record is at its place or after it, so a
 * reader that begins there misses nothing. Known before the record is written, because one whose write is not yet
 * acknowledged may be in the topic already.
 */
export class Places {
  readonly #plans = new Map<number, number>();
  #position = Number.POSITIVE_INFINITY;
  #state: number;
  #covered: number;
  #at: number;

  constructor(state: number, covered: number, at: number) {
    this.#state = state;
    this.#covered = covered;
    this.#at = at;
  }

  plan(number: number, offset: number): void {
    this.#plans.set(number, offset);
  }

  /** The last position that is committed. */
  position(offset: number): void {
    this.#position = offset;
  }

  /** A checkpoint that was begun at `at` (milliseconds since 1970) and ends before `next`. */
  checkpoint(plan: number, next: number, at: number): void {
    for (const number of this.#plans.keys()) if (number <= plan) this.#plans.delete(number);
    this.#state = next;
    this.#covered = plan;
    this.#at = at;
  }

  /** For a store that has everything up to and with a plan. */
  bookkeeping(journal: string, plan: number): Bookkeeping {
    let from = Math.min(this.#state, this.#position);
    for (const [number, offset] of this.#plans) if (number > plan) from = Math.min(from, offset);
    return { journal, from, covered: this.#covered, at: this.#at };
  }
}

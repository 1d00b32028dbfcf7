import type { CommittedBatch } from './task.ts';

/** What a replay has done so far. */
export interface ReplayTotals {
  /** Events counted in this run. */
  readonly events: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Out of order, and placed. */
  readonly late: number;
  readonly tooLate: number;
  readonly batches: number;
}

/** Adds up committed batches. What stages forward to each other is work, but no event of the user. */
export class Tally {
  #totals: ReplayTotals = { events: 0, rejected: 0, duplicates: 0, late: 0, tooLate: 0, batches: 0 };
  /** Uncompressed bytes of the input. */
  #inputBytes = 0;

  get totals(): ReplayTotals {
    return this.#totals;
  }

  get inputBytes(): number {
    return this.#inputBytes;
  }

  add({ outcome, plan }: CommittedBatch): void {
    const counted = (what: string) => outcome.counts.get(what) ?? 0;
    const isInput = plan.ranges.some(({ shard }) => !shard.startsWith('queue/'));
    const { events, rejected, duplicates, late, tooLate, batches } = this.#totals;
    this.#totals = {
      events: events + (isInput ? outcome.events : 0),
      rejected: rejected + outcome.rejected.length,
      duplicates: duplicates + counted('duplicate'),
      late: late + counted('late'),
      tooLate: tooLate + counted('too_late'),
      batches: batches + 1,
    };
    if (isInput) for (const { from, to } of plan.ranges) this.#inputBytes += to - from;
  }
}

import type { CommittedBatch } from '../runtime/task.ts';

/** What an import has come to. */
export interface ImportTotals {
  /** Files with lines that were not read before. */
  readonly files: number;
  /** Sessions of which this was the first entry. */
  readonly sessions: number;
  /** Entries counted: not those that had been counted before, nor those of other days than are configured. */
  readonly entries: number;
  readonly duplicates: number;
  readonly late: number;
  readonly tooLate: number;
  readonly rejected: number;
  /** Lines without an entry, by reason; and entries of other days, as `outside_dates`. */
  readonly skipped: Readonly<Record<string, number>>;
}

const skippedPrefix = 'skipped_';

/** Adds up committed batches. */
export class ImportTally {
  readonly #files = new Set<string>();
  readonly #counts = new Map<string, number>();
  #events = 0;
  #rejected = 0;

  add({ plan, outcome }: Pick<CommittedBatch, 'plan' | 'outcome'>): void {
    for (const { shard } of plan.ranges) this.#files.add(shard);
    for (const [what, count] of outcome.counts) this.#counts.set(what, this.#counted(what) + count);
    this.#events += outcome.events;
    this.#rejected += outcome.rejected.length;
  }

  get totals(): ImportTotals {
    const outside = this.#counted('outside_dates');
    const duplicates = this.#counted('duplicate');
    const skipped = [...this.#counts]
      .filter(([what]) => what.startsWith(skippedPrefix))
      .map(([what, count]): [string, number] => [what.slice(skippedPrefix.length), count]);
    if (outside > 0) skipped.push(['outside_dates', outside]);
    return {
      files: this.#files.size,
      sessions: this.#counted('new_session'),
      entries: this.#events - duplicates - outside,
      duplicates,
      late: this.#counted('late'),
      tooLate: this.#counted('too_late'),
      rejected: this.#rejected,
      skipped: Object.fromEntries(skipped.sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  #counted(what: string): number {
    return this.#counts.get(what) ?? 0;
  }
}

/** What transcripts to generate. The same options give the same bytes, on every machine. */
export interface TranscriptOptions {
  readonly seed: number;
  /** Entries, each counted once. */
  readonly entries: number;
  /** Sessions that they belong to; each has at least one. */
  readonly sessions: number;
  /** Milliseconds since 1970: when the first entry happens. */
  readonly start: number;
  /** Entries a second, in the time of the entries. */
  readonly ratePerSecond: number;
  /** Share of entries that arrive up to an hour after they were written, 0 to 1. */
  readonly lateShare: number;
  /** Share of entries that come a second time, up to an hour later, 0 to 1. */
  readonly repeatShare: number;
}

export const defaultEntriesPerSession = 100;
export const defaultRepeatShare = 0.01;

/**
 * The recent entries of a key in the order of time, kept so that a late one can find its place and its neighbours can
 * be corrected.
 *
 * An entry is too late when it is more than `latenessMs` older than the newest one *of its key*. That rule looks at the
 * key's own events alone, so it gives the same answer however the input is split into batches or partitions.
 * Entries that no allowed late one can precede any more are folded into a base; at most `entriesMax` are kept.
 */
export interface TimelineEntry {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface Timeline<Entry extends TimelineEntry> {
  /** Greatest time seen, milliseconds; -Infinity before the first entry. */
  latest: number;
  /** The last entry that was folded away: nothing can be placed at or before it. */
  horizon: { readonly id: string; readonly time: number } | null;
  /** By (time, id). */
  readonly entries: Entry[];
}

export interface TimelineOptions {
  readonly latenessMs: number;
  readonly entriesMax: number;
}

export const TOO_LATE = -1;

export function isBefore(left: TimelineEntry, right: TimelineEntry): boolean {
  return left.time < right.time || (left.time === right.time && left.id < right.id);
}

/** Places an entry of a new id; its index, or TOO_LATE (nothing changed). */
export function place<Entry extends TimelineEntry>(
  timeline: Timeline<Entry>,
  entry: Entry,
  options: TimelineOptions,
): number {
  const { entries, horizon } = timeline;
  if (entry.time < timeline.latest - options.latenessMs) return TOO_LATE;
  if (horizon !== null && !isBefore(horizon, entry)) return TOO_LATE;
  let index = entries.length;
  while (index > 0 && isBefore(entry, entries[index - 1]!)) index--;
  // What a fold would have taken away by now: without this, the answer would depend on when the last fold was.
  if (entries.length - index > options.entriesMax) return TOO_LATE;
  if (index === entries.length) entries.push(entry);
  else entries.splice(index, 0, entry);
  if (entry.time > timeline.latest) timeline.latest = entry.time;
  return index;
}

/** Whether the entry at this place is still kept, or would not be if `fold` had been called by now. */
export function isKeptAt<Entry extends TimelineEntry>(
  { entries, latest }: Timeline<Entry>,
  index: number,
  { latenessMs, entriesMax }: TimelineOptions,
): boolean {
  return entries[index]!.time >= latest - latenessMs && entries.length - index <= entriesMax;
}

/**
 * Folds away what no allowed late entry can precede, and what exceeds the bound. `onFold` gets each entry in order.
 * Both rules depend on the order of events only, never on when this is called.
 */
export function fold<Entry extends TimelineEntry>(
  timeline: Timeline<Entry>,
  options: TimelineOptions,
  onFold: (entry: Entry) => void,
): number {
  const { entries } = timeline;
  const cutoff = timeline.latest - options.latenessMs;
  let count = 0;
  while (count < entries.length && entries[count]!.time < cutoff) count++;
  count = Math.max(count, entries.length - options.entriesMax);
  if (count <= 0) return 0;
  for (let index = 0; index < count; index++) onFold(entries[index]!);
  const last = entries[count - 1]!;
  timeline.horizon = { id: last.id, time: last.time };
  entries.splice(0, count);
  return count;
}

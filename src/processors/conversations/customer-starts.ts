/**
 * When a customer's conversations started: exactly, but of more than `STARTS_MAX` only the earliest and the latest half.
 * Those between are counted, and for each change of the customer how many of them were before it, so that what a
 * version had when it closed can be told. Exact unless a change comes so late that it falls between: then it is taken
 * to come after all of them that were before the next change.
 */
export const STARTS_MAX = 1000;

export interface Starts {
  /** Ascending. */
  kept: number[];
  between: Between | null;
}

interface Between {
  count: number;
  first: number;
  last: number;
  /** By time of a change, ascending: those before it. */
  before: (readonly [at: number, count: number])[];
}

/** `changes`: the times at which versions can close. */
export function addStart(starts: Starts, start: number, changes: readonly { readonly at: number }[]): void {
  const { kept } = starts;
  let index = kept.length;
  while (index > 0 && kept[index - 1]! > start) index--;
  kept.splice(index, 0, start);
  if (kept.length <= STARTS_MAX) return;
  const [moved] = kept.splice(STARTS_MAX / 2, 1) as [number];
  const { count, first, last } = starts.between ?? { count: 0, first: moved, last: moved };
  const before = changes.map(({ at }) => [at, countBetween(starts, at) + (moved < at ? 1 : 0)] as const);
  starts.between = { count: count + 1, first: Math.min(first, moved), last: Math.max(last, moved), before };
}

export function removeStart(starts: Starts, start: number): void {
  const { kept, between } = starts;
  const index = kept.indexOf(start);
  if (index >= 0) {
    kept.splice(index, 1);
  } else if (between !== null) {
    between.count--;
    between.before = between.before.map(([at, count]) => [at, start < at ? Math.max(0, count - 1) : count]);
    if (between.count === 0) starts.between = null;
  }
}

export function totalOf({ kept, between }: Starts): number {
  return kept.length + (between?.count ?? 0);
}

export function countBefore(starts: Starts, time: number): number {
  const { kept } = starts;
  let count = 0;
  while (count < kept.length && kept[count]! < time) count++;
  return count + countBetween(starts, time);
}

function countBetween({ between }: Starts, time: number): number {
  if (between === null || time <= between.first) return 0;
  if (time > between.last) return between.count;
  return between.before.find(([at]) => at >= time)?.[1] ?? between.count;
}

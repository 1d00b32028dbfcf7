const dayMs = 86_400_000;

const intervals = [
  { name: 'month', days: 28 },
  { name: 'monday', days: 7 },
  { name: 'day', days: 1 },
  { name: 'hour', days: 1 / 24 },
  { name: 'minute', days: 1 / 1440 },
] as const;

export type Interval = (typeof intervals)[number];

/** What each of some times (milliseconds) stands for: the longest of the usual spans that no two of them share. */
export function intervalOf(times: readonly number[]): Interval {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((time, index) => (time - sorted[index]!) / dayMs);
  const least = gaps.length === 0 ? 1 : Math.min(...gaps);
  const fits: Record<Interval['name'], (time: number) => boolean> = {
    month: (time) => new Date(time).getUTCDate() === 1 && time % dayMs === 0,
    monday: (time) => new Date(time).getUTCDay() === 1 && time % dayMs === 0,
    day: (time) => time % dayMs === 0,
    hour: (time) => time % (dayMs / 24) === 0,
    minute: () => true,
  };
  return intervals.find(({ name, days }) => least >= days && sorted.every(fits[name])) ?? intervals[4];
}

/** The time after this one. */
export function nextTime(time: number, { name, days }: Interval): number {
  if (name !== 'month') return time + Math.round(days * dayMs);
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** More places than these are not filled in: nobody would see them, and a browser would. */
const filledMax = 5000;

/** All times from the first to the last, or only those that are there when the others would be too many. */
export function allTimes(times: readonly number[]): number[] {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const interval = intervalOf(sorted);
  const known = new Set(sorted);
  const all: number[] = [];
  const last = sorted.at(-1);
  if (last === undefined) return [];
  for (let time = sorted[0]!; time <= last; time = nextTime(time, interval)) {
    if (all.length >= filledMax) return sorted;
    all.push(time);
    known.delete(time);
  }
  // Times that are in no step with the others: better a line without gaps than one without them.
  return known.size === 0 ? all : sorted;
}

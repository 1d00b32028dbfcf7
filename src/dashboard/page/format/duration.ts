const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Seconds as people say them: `0.4 s`, `42 s`, `4 min 12 s`, `48 min`, `3.5 h`, `2 d`. Negative ones keep their sign. */
export function formatDuration(seconds: number): string {
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${trimmed(seconds)} s`;
  if (seconds < minute - 0.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 10 * minute) {
    const rest = whole % minute;
    return rest === 0 ? `${whole / minute} min` : `${Math.floor(whole / minute)} min ${rest} s`;
  }
  if (Math.round(seconds / minute) < 60) return `${Math.round(seconds / minute)} min`;
  if (seconds < day - 0.05 * hour) return `${trimmed(seconds / hour)} h`;
  return seconds < 100 * day ? `${trimmed(seconds / day)} d` : `${Math.round(seconds / day)} d`;
}

/** One decimal, and none where it would be a zero. */
function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

const steps = [
  ...[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minute),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hour),
  ...[1, 2, 5, 7, 14, 30, 60, 120, 360, 720].map((days) => days * day),
];

/** Places for an axis from 0 to `max` seconds where a clock has round numbers: at most `countMax` + 1 of them. */
export function durationTicks(max: number, countMax: number): number[] {
  const step =
    steps.find((candidate) => max / candidate <= countMax) ?? 720 * day * Math.ceil(max / (720 * day * countMax));
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step);
}

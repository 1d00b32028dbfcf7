import type { Unit } from '../../contract.ts';
import { durationTicks } from '../format/duration.ts';
import { secondsPer } from '../format/value.ts';

export interface Axis {
  readonly ticks: readonly number[];
  readonly domain: readonly [number, number];
}

/** Round places for an axis from 0 (ratings: from 1 to 5) that holds every value: about `countMax` of them. */
export function axisFor(unit: Unit, values: readonly (number | undefined)[], countMax: number): Axis {
  if (unit === 'rating') return { ticks: [1, 2, 3, 4, 5], domain: [1, 5] };
  const known = values.filter((value) => value !== undefined);
  const max = Math.max(0, ...known);
  const min = Math.min(0, ...known);
  if (max === 0 && min === 0) return { ticks: [0], domain: [0, 1] };
  const seconds = secondsPer(unit);
  if (seconds !== undefined && min === 0) {
    const ticks = durationTicks(max * seconds, countMax).map((tick) => tick / seconds);
    return upTo(ticks, max);
  }
  const step = roundStep((max - min) / countMax, unit === 'count');
  const first = Math.floor(min / step);
  const last = Math.ceil(max / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { ticks, domain: [first * step, last * step] };
}

/** The axis ends at a tick when the largest value is near to one, else a little above that value. */
function upTo(ticks: readonly number[], max: number): Axis {
  const step = ticks[1] ?? max;
  const next = ticks.at(-1)! + step;
  if (max > next - step * 0.4) return { ticks: [...ticks, next], domain: [0, next] };
  return { ticks, domain: [0, Math.max(max * 1.04, ticks.at(-1)!)] };
}

function roundStep(atLeast: number, isWhole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= atLeast * 0.999)!;
  return isWhole ? Math.max(1, Math.ceil(step)) : step;
}

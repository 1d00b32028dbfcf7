import * as Plot from '@observablehq/plot';
import { isDay } from '../format/time.ts';
import { formatValue } from '../format/value.ts';
import { type Size, style, tipLook, verticalScale } from './frame.ts';
import { allTimes } from './intervals.ts';
import { type Chart, colourOf, dashOf, type Kind, type SeriesOrder } from './series.ts';

export interface LinesOptions {
  readonly chart: Chart;
  readonly kind: Kind;
  readonly size: Size;
  readonly order: SeriesOrder;
  readonly label: (value: unknown) => string;
}

interface Place {
  readonly x: Date | number | string;
  readonly y: number | undefined;
}

type PlaceOf = (x: unknown) => Place['x'];

/** Past so many points a dot on each hides the line. */
const dotsMax = 45;

export function drawLines({ chart, kind, size, order, label }: LinesOptions): Element {
  const { unit, points, series } = chart;
  const vertical = verticalScale(
    unit,
    points.map(({ y }) => y),
    size.height - 30,
  );
  const place: PlaceOf = (x) => (kind === 'time' ? new Date(String(x)) : kind === 'number' ? Number(x) : String(x));
  const xs = new Set(points.map(({ x }) => x));
  const isLocal = kind === 'time' && points.some(({ x }) => !isDay(String(x)));
  return Plot.plot({
    ...size,
    style,
    marginTop: 8,
    marginRight: 14,
    marginBottom: kind === 'time' ? 34 : 24,
    marginLeft: vertical.marginLeft,
    x: { type: scaleOf(kind, isLocal), label: null },
    y: { domain: vertical.domain },
    marks: [
      ...vertical.marks,
      Plot.axisX({
        ticks: xs.size === 1 ? [...xs].map(place) : Math.max(2, Math.floor(size.width / (kind === 'time' ? 84 : 60))),
        tickSize: 0,
        tickPadding: 8,
        label: null,
        fill: 'var(--ink-3)',
        ...(kind !== 'time' && { tickFormat: label }),
        ...(xs.size === 1 && { tickFormat: () => label([...xs][0]) }),
      }),
      ...series.flatMap((name) => {
        const places = placesOf(chart, name, kind, place);
        return lineMarks(order.indexOf(name), places, series.length === 1, vertical.domain[0]!);
      }),
      ...pointerMarks(chart, place, label),
    ],
  });
}

function scaleOf(kind: Kind, isLocal: boolean): Plot.ScaleType {
  if (kind !== 'time') return kind === 'number' ? 'linear' : 'point';
  return isLocal ? 'time' : 'utc';
}

/**
 * Where the line goes. A time for which there is no row counted nothing, when counts are drawn; of anything else (a median)
 * there is then no value, and the line has a gap.
 */
function placesOf({ points, unit }: Chart, name: string, kind: Kind, place: PlaceOf): Place[] {
  const places = points.filter(({ series }) => series === name).map(({ x, y }): Place => ({ x: place(x), y }));
  if (kind === 'text') return places;
  if (kind === 'number') return places.sort((left, right) => Number(left.x) - Number(right.x));
  const known = new Map(places.map(({ x, y }) => [Number(x), y]));
  const none = unit === 'count' ? 0 : undefined;
  return allTimes(points.map(({ x }) => Number(place(x)))).map((time) => ({
    x: new Date(time),
    y: known.has(time) ? known.get(time) : none,
  }));
}

function lineMarks(index: number, places: readonly Place[], isAlone: boolean, base: number): Plot.Markish[] {
  const stroke = colourOf(index);
  const dash = dashOf(index);
  const isSparse = places.length <= dotsMax;
  // Without neighbours a point is no line, and would not be seen.
  const dots = places.filter(
    ({ y }, at) => y !== undefined && (isSparse || (isGap(places[at - 1]) && isGap(places[at + 1]))),
  );
  return [
    ...(isAlone ? [Plot.areaY(places, { x: 'x', y1: base, y2: 'y', fill: stroke, fillOpacity: 0.09 })] : []),
    Plot.lineY(places, {
      x: 'x',
      y: 'y',
      stroke,
      strokeWidth: places.length > 200 ? 1.5 : 2,
      ...(dash && { strokeDasharray: dash }),
    }),
    Plot.dot(dots, {
      x: 'x',
      y: 'y',
      r: isSparse ? 2.5 : 1.75,
      fill: stroke,
      stroke: 'var(--surface)',
      strokeWidth: 0.75,
    }),
  ];
}

function isGap(place: Place | undefined): boolean {
  return place?.y === undefined;
}

/** All series at the place under the pointer, in one box. */
function pointerMarks(chart: Chart, place: PlaceOf, label: (value: unknown) => string): Plot.Markish[] {
  const byX = new Map<unknown, string[]>();
  const tops = new Map<unknown, number>();
  for (const { x, y, series } of chart.points) {
    if (y === undefined) continue;
    const text = formatValue(y, chart.unit);
    const lines = byX.get(x) ?? [];
    lines.push(chart.series.length > 1 ? `${series}: ${text}` : text);
    byX.set(x, lines);
    tops.set(x, Math.max(tops.get(x) ?? 0, y));
  }
  const boxes = [...byX].map(([x, lines]) => ({
    x: place(x),
    y: tops.get(x)!,
    title: [label(x), ...lines].join('\n'),
  }));
  return [
    Plot.ruleX(boxes, Plot.pointerX({ x: 'x', stroke: 'var(--line-strong)', strokeDasharray: '2 2' })),
    Plot.tip(boxes, Plot.pointerX({ x: 'x', y: 'y', title: 'title', ...tipLook })),
  ];
}

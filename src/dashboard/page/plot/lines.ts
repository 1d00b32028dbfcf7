import * as Plot from '@observablehq/plot';
import { isDay } from '../format/time.ts';
import { formatValue } from '../format/value.ts';
import { type Size, style, tipLook, verticalScale } from './frame.ts';
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

/** Past so many points a dot on each hides the line. */
const dotsMax = 45;

export function drawLines({ chart, kind, size, order, label }: LinesOptions): Element {
  const { unit, points, series } = chart;
  const vertical = verticalScale(
    unit,
    points.map(({ y }) => y),
    size.height - 30,
  );
  const isLocal = kind === 'time' && points.some(({ x }) => !isDay(String(x)));
  const place = (x: unknown): Place['x'] =>
    kind === 'time' ? new Date(String(x)) : kind === 'number' ? (x as number) : String(x);
  const lines = series.map((name) => ({
    index: order.indexOf(name),
    places: points
      .filter((point) => point.series === name)
      .map(({ x, y }): Place => ({ x: place(x), y }))
      .sort((left, right) => compare(left.x, right.x, kind)),
  }));
  const type = kind === 'time' ? (isLocal ? 'time' : 'utc') : kind === 'number' ? 'linear' : 'point';
  return Plot.plot({
    ...size,
    style,
    marginTop: 8,
    marginRight: 14,
    marginBottom: kind === 'time' ? 34 : 24,
    marginLeft: vertical.marginLeft,
    x: { type, label: null },
    y: { domain: vertical.domain },
    marks: [
      ...vertical.marks,
      Plot.axisX({
        ticks: Math.max(2, Math.floor(size.width / (kind === 'time' ? 84 : 60))),
        tickSize: 0,
        tickPadding: 8,
        label: null,
        fill: 'var(--ink-3)',
        ...(kind !== 'time' && { tickFormat: label }),
      }),
      ...lines.flatMap(({ index, places }) => lineMarks(index, places, series.length === 1, vertical.domain[0]!)),
      ...pointerMarks(chart, place, label),
    ],
  });
}

function lineMarks(index: number, places: readonly Place[], isAlone: boolean, base: number): Plot.Markish[] {
  const stroke = colourOf(index);
  const dash = dashOf(index);
  const position = { x: 'x', y: 'y' };
  const marks: Plot.Markish[] = [
    Plot.lineY(places, {
      ...position,
      stroke,
      strokeWidth: 2,

      ...(dash && { strokeDasharray: dash }),
    }),
  ];
  if (isAlone) marks.unshift(Plot.areaY(places, { x: 'x', y1: base, y2: 'y', fill: stroke, fillOpacity: 0.09 }));
  if (places.length <= dotsMax) {
    marks.push(
      Plot.dot(
        places.filter(({ y }) => y !== undefined),
        { ...position, r: 2.5, fill: stroke, stroke: 'var(--surface)', strokeWidth: 1 },
      ),
    );
  }
  return marks;
}

/** All series at the place under the pointer, in one box. */
function pointerMarks(
  chart: Chart,
  place: (x: unknown) => Place['x'],
  label: (value: unknown) => string,
): Plot.Markish[] {
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

function compare(left: Place['x'], right: Place['x'], kind: Kind): number {
  return kind === 'text' ? 0 : Number(left) - Number(right);
}

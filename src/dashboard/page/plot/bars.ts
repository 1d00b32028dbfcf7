import * as Plot from '@observablehq/plot';
import { formatValue } from '../format/value.ts';
import { type Size, style, tipLook, verticalScale, widthOfText } from './frame.ts';
import { type Chart, colourOf, type Kind, type Point, type SeriesOrder } from './series.ts';

export interface BarsOptions {
  readonly chart: Chart;
  readonly kind: Kind;
  readonly size: Size;
  readonly order: SeriesOrder;
  /** How a category is written. */
  readonly label: (value: unknown) => string;
}

function fillOf(order: SeriesOrder): (point: Point) => string {
  return ({ series }) => colourOf(order.indexOf(series));
}

/** Bars that lie, one below the other: for categories with names. Values stand at their ends, so there is no axis. */
export function drawLyingBars({ chart, size, order, label }: BarsOptions): Element {
  const { unit, points } = chart;
  const categories = [...new Set(points.map(({ x }) => x))];
  const hasSides = chart.series.length > 1 && !chart.isStacked;
  const shown = points.filter(({ y }) => y !== undefined);
  const ends = chart.isStacked ? totals(shown) : shown;
  const max = Math.max(0, ...ends.map(({ y }) => y!)) || 1;
  const labelWidth = Math.min(size.width * 0.36, 12 + Math.max(...categories.map((x) => widthOfText(label(x)))));
  const endWidth = 10 + Math.max(...ends.map(({ y }) => widthOfText(formatValue(y, unit))));
  const place = hasSides ? { fy: 'x', y: 'series' } : { y: 'x' };
  const axis = { label: null, tickSize: 0, tickPadding: 10, fill: 'var(--ink)', lineWidth: labelWidth / 12 - 1 };
  const text = { tickFormat: label, textOverflow: 'ellipsis' } as const;
  return Plot.plot({
    ...size,
    style,
    margin: 0,
    marginLeft: labelWidth,
    marginRight: endWidth,
    x: { domain: [0, max], axis: null },
    y: {
      axis: null,
      padding: hasSides ? 0.08 : 0.28,
      ...(hasSides ? { domain: [...chart.series] } : { domain: categories }),
    },
    ...(hasSides && { fy: { domain: categories, axis: null, padding: 0.24 } }),
    marks: [
      hasSides
        ? Plot.axisFy({ ...axis, ...text, anchor: 'left', textAnchor: 'end', dx: -4 })
        : Plot.axisY({ ...axis, ...text }),
      Plot.barX(shown, {
        ...place,
        x: 'y',
        fill: fillOf(order),
        rx: 2,
        insetRight: chart.isStacked ? 1 : 0,
        title: (point: Point) => describe(point, chart, label),
        tip: { ...tipLook, anchor: 'top' },
      }),
      Plot.text(ends, {
        ...place,
        x: 'y',
        text: ({ y }: Point) => formatValue(y, unit),
        textAnchor: 'start',
        dx: 6,
        fill: 'var(--ink-2)',
      }),
    ],
  });
}

/** Bars that stand, for what has an order of its own: hours of the day, days, months. */
export function drawStandingBars({ chart, kind, size, order, label }: BarsOptions): Element {
  const { unit, points } = chart;
  const shown = points.filter(({ y }) => y !== undefined);
  const tops = chart.isStacked ? totals(shown) : shown;
  const vertical = verticalScale(
    unit,
    tops.map(({ y }) => y),
    size.height - 30,
  );
  const categories =
    kind === 'number' ? complete(points.map(({ x }) => x as number)) : [...new Set(points.map(({ x }) => x))].sort();
  const hasSides = chart.series.length > 1 && !chart.isStacked;
  const place = hasSides ? { fx: 'x', x: 'series' } : { x: 'x' };
  const ticks = thinned(categories, size.width - vertical.marginLeft, label);
  const axis = { label: null, tickSize: 0, tickPadding: 8, tickFormat: label, fill: 'var(--ink-3)' };
  const padding = categories.length > 60 ? 0.05 : 0.2;
  return Plot.plot({
    ...size,
    style,
    marginTop: 8,
    marginRight: 4,
    marginBottom: 24,
    marginLeft: vertical.marginLeft,
    x: {
      axis: null,
      padding: hasSides ? 0.05 : padding,
      domain: hasSides ? [...chart.series] : categories,
      type: 'band',
    },
    ...(hasSides && { fx: { domain: categories, padding, axis: null } }),
    y: { domain: vertical.domain },
    marks: [
      ...vertical.marks,
      hasSides ? Plot.axisFx(ticks, { ...axis, anchor: 'bottom' }) : Plot.axisX(ticks, axis),
      Plot.barY(shown, {
        ...place,
        y: 'y',
        fill: fillOf(order),
        rx: categories.length > 60 ? 0 : 1.5,
        title: (point: Point) => describe(point, chart, label),
        tip: { ...tipLook },
      }),
    ],
  });
}

function totals(points: readonly Point[]): Point[] {
  const sums = new Map<unknown, number>();
  for (const { x, y } of points) sums.set(x, (sums.get(x) ?? 0) + y!);
  return [...sums].map(([x, y]) => ({ x, y, series: '' }));
}

function describe(point: Point, chart: Chart, label: (value: unknown) => string): string {
  const place = chart.series.length > 1 ? `${label(point.x)}, ${point.series}` : label(point.x);
  return `${place}\n${formatValue(point.y, chart.unit)}`;
}

/** Whole numbers from the first to the last, so that an hour without messages is a gap one can see. */
function complete(values: readonly number[]): number[] {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  if (max - min > 60 || !values.every(Number.isInteger)) return [...new Set(values)].sort((a, b) => a - b);
  return Array.from({ length: max - min + 1 }, (_, index) => min + index);
}

/** So many of the categories that their labels do not touch. */
function thinned(categories: readonly unknown[], width: number, label: (value: unknown) => string): unknown[] {
  const widest = Math.max(...categories.map((category) => widthOfText(label(category)))) + 12;
  const every = Math.max(1, Math.ceil((categories.length * widest) / Math.max(1, width)));
  return categories.filter((_, index) => index % every === 0);
}

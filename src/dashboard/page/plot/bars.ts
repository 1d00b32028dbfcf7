import * as Plot from '@observablehq/plot';
import { formatValue } from '../format/value.ts';
import { type Size, style, tipLook, verticalScale, widthOfText } from './frame.ts';
import { intervalOf } from './intervals.ts';
import { type Chart, colourOf, type Point, type SeriesOrder } from './series.ts';

export interface BarsOptions {
  readonly chart: Chart;
  readonly size: Size;
  readonly order: SeriesOrder;
  /** How a category is written. */
  readonly label: (value: unknown) => string;
}

type Label = BarsOptions['label'];

/** Bars that lie, one below the other: for categories with names. Values stand at their ends, so there is no axis. */
export function drawLyingBars({ chart, size, order, label }: BarsOptions): Element {
  const { unit, points, isStacked } = chart;
  const categories = [...new Set(points.map(({ x }) => x))];
  const hasSides = isSideBySide(chart);
  const shown = points.filter(({ y }) => y !== undefined);
  const ends = isStacked ? totals(shown) : points;
  const max = Math.max(0, ...ends.map(({ y }) => y ?? 0)) || 1;
  const labelWidth = Math.min(size.width * 0.36, 14 + Math.max(...categories.map((x) => widthOfText(label(x)))));
  const endWidth = 10 + Math.max(...ends.map(({ y }) => widthOfText(formatValue(y, unit))));
  const place = hasSides ? { fy: 'x', y: 'series' } : { y: 'x' };
  const domain = hasSides ? [...chart.series] : categories;
  const axis = {
    ...quietAxis,
    tickPadding: 10,
    fill: 'var(--ink)',
    tickFormat: label,
    textOverflow: 'ellipsis',
  } as const;
  // In ems of the font's 12 pixels.
  const lineWidth = (labelWidth - 10) / 12;
  return Plot.plot({
    ...size,
    style,
    margin: 0,
    marginLeft: labelWidth,
    marginRight: endWidth,
    x: { domain: [0, max], axis: null },
    y: { axis: null, domain, padding: hasSides ? 0.08 : 0.28 },
    ...(hasSides && { fy: { domain: categories, axis: null, padding: 0.24 } }),
    marks: [
      hasSides
        ? Plot.axisFy({ ...axis, lineWidth, anchor: 'left', textAnchor: 'end', dx: -4 })
        : Plot.axisY({ ...axis, lineWidth }),
      Plot.barX(shown, {
        ...place,
        x: 'y',
        fill: fillOf(order),
        rx: 2,
        insetRight: isStacked ? 1 : 0,
        title: titleOf(chart, label),
        tip: { ...tipLook, anchor: 'top' },
      }),
      Plot.text(ends, {
        ...place,
        x: ({ y }: Point) => y ?? 0,
        text: ({ y }: Point) => formatValue(y, unit),
        textAnchor: 'start',
        dx: 6,
        fill: 'var(--ink-2)',
      }),
    ],
  });
}

/** Bars that stand, for numbers with an order of their own, such as hours of the day. */
export function drawStandingBars({ chart, size, order, label }: BarsOptions): Element {
  const shown = chart.points.filter(({ y }) => y !== undefined);
  const vertical = scaleOf(chart, shown, size);
  const categories = complete(chart.points.map(({ x }) => Number(x)));
  const hasSides = isSideBySide(chart);
  const ticks = thinned(categories, size.width - vertical.marginLeft, label);
  const axis = { ...quietAxis, tickPadding: 8, tickFormat: label, fill: 'var(--ink-3)' };
  return Plot.plot({
    ...size,
    style,
    ...margins(vertical.marginLeft),
    x: {
      axis: null,
      type: 'band',
      padding: hasSides ? 0.05 : 0.2,
      domain: hasSides ? [...chart.series] : categories,
    },
    ...(hasSides && { fx: { domain: categories, padding: 0.2, axis: null } }),
    y: { domain: vertical.domain },
    marks: [
      ...vertical.marks,
      hasSides ? Plot.axisFx(ticks, { ...axis, anchor: 'bottom' }) : Plot.axisX(ticks, axis),
      Plot.barY(shown, {
        ...(hasSides ? { fx: 'x', x: 'series' } : { x: 'x' }),
        y: 'y',
        fill: fillOf(order),
        rx: 1.5,
        title: titleOf(chart, label),
        tip: { ...tipLook },
      }),
    ],
  });
}

/** Bars over time: each as wide as the time that it stands for, so that days without anything are gaps. */
export function drawTimeBars({ chart, size, order, label }: BarsOptions): Element {
  const shown = chart.points
    .filter(({ y }) => y !== undefined)
    .map((point) => ({ ...point, at: new Date(String(point.x)) }));
  const vertical = scaleOf(chart, shown, size);
  const interval = intervalOf(shown.map(({ at }) => at.getTime()));
  const times = shown.map(({ at }) => at.getTime());
  const widthEach = (size.width * interval.days * 86_400_000) / Math.max(1, Math.max(...times) - Math.min(...times));
  return Plot.plot({
    ...size,
    style,
    ...margins(vertical.marginLeft),
    marginBottom: 34,
    x: { type: 'utc', label: null },
    y: { domain: vertical.domain },
    marks: [
      ...vertical.marks,
      Plot.axisX({
        ...quietAxis,
        ticks: Math.max(2, Math.floor(size.width / 84)),
        tickPadding: 8,
        fill: 'var(--ink-3)',
      }),
      Plot.rectY(shown, {
        x: 'at',
        y: 'y',
        interval: interval.name,
        fill: fillOf(order),
        // Bars of less than a pixel would be too pale to see.
        inset: widthEach > 5 ? 0.75 : widthEach > 2 ? 0.25 : -0.35,
        rx: widthEach > 8 ? 1.5 : 0,
        title: titleOf(chart, label),
        tip: { ...tipLook },
      }),
    ],
  });
}

const quietAxis = { label: null, tickSize: 0 };

function margins(marginLeft: number) {
  return { marginTop: 8, marginRight: 6, marginBottom: 24, marginLeft };
}

function isSideBySide({ series, isStacked }: Chart): boolean {
  return series.length > 1 && !isStacked;
}

function scaleOf(chart: Chart, shown: readonly Point[], { height }: Size) {
  const tops = chart.isStacked ? totals(shown) : shown;
  return verticalScale(
    chart.unit,
    tops.map(({ y }) => y),
    height - 30,
  );
}

function fillOf(order: SeriesOrder): (point: Point) => string {
  return ({ series }) => colourOf(order.indexOf(series));
}

function titleOf({ unit, series: all }: Chart, label: Label): (point: Point) => string {
  return ({ x, y, series }) => `${all.length > 1 ? `${label(x)}, ${series}` : label(x)}\n${formatValue(y, unit)}`;
}

function totals(points: readonly Point[]): Point[] {
  const sums = new Map<unknown, number>();
  for (const { x, y } of points) sums.set(x, (sums.get(x) ?? 0) + y!);
  return [...sums].map(([x, y]) => ({ x, y, series: '' }));
}

/** Whole numbers from the first to the last, so that an hour without messages is a gap one can see. */
function complete(values: readonly number[]): number[] {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  if (max - min > 60 || !values.every(Number.isInteger)) return [...new Set(values)].sort((a, b) => a - b);
  return Array.from({ length: max - min + 1 }, (_, index) => min + index);
}

/** So many of the categories that their labels do not touch. */
function thinned(categories: readonly unknown[], width: number, label: Label): unknown[] {
  const widest = Math.max(...categories.map((category) => widthOfText(label(category)))) + 12;
  const every = Math.max(1, Math.ceil((categories.length * widest) / Math.max(1, width)));
  return categories.filter((_, index) => index % every === 0);
}

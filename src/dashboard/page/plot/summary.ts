import type { GridPanel } from '../../contract.ts';
import { numberIn, type Row } from '../data/table.ts';
import { formatValue } from '../format/value.ts';
import type { Chart, Point } from './series.ts';

type Label = (value: unknown) => string;

/** A chart in words: what a person would see at a glance. The whole of it is in the table. */
export function describeChart(title: string, kind: 'bars' | 'lines', charts: readonly Chart[], label: Label): string {
  const parts = charts.flatMap((chart) =>
    chart.series.slice(0, 4).map((name) => {
      const points = chart.points.filter(({ series, y }) => series === name && y !== undefined);
      if (points.length === 0) return `${name}: no values`;
      return `${name}: ${kind === 'lines' ? course(points, chart, label) : extremes(points, chart, label)}`;
    }),
  );
  const others = charts.reduce((sum, { series }) => sum + Math.max(0, series.length - 4), 0);
  if (others > 0) parts.push(`${others} more series`);
  return `${title}. ${kind === 'lines' ? 'Line chart' : 'Bar chart'}. ${parts.join('. ')}.`;
}

export function describeGrid(
  { title, x, y, value }: GridPanel,
  rows: readonly Row[],
  labelX: Label,
  labelY: Label,
): string {
  const known = rows.filter((row) => numberIn(row, value.column) !== undefined);
  if (known.length === 0) return `${title}. Heat map without values.`;
  const [low, high] = ends(known, (row) => numberIn(row, value.column)!);
  const tell = (row: Row) =>
    `${formatValue(row[value.column], value.unit)} at ${labelY(row[y.column])}, ${labelX(row[x.column])}`;
  return `${title}. Heat map of ${value.label}, ${x.label} against ${y.label}. Highest ${tell(high)}; lowest ${tell(low)}.`;
}

function course(points: readonly Point[], { unit }: Chart, label: Label): string {
  const tell = ({ x, y }: Point) => `${formatValue(y, unit)} (${label(x)})`;
  const [low, high] = ends(points, ({ y }) => y!);
  if (points.length === 1) return tell(points[0]!);
  return `${points.length} points from ${tell(points[0]!)} to ${tell(points.at(-1)!)}, highest ${tell(high)}, lowest ${tell(low)}`;
}

function extremes(points: readonly Point[], { unit }: Chart, label: Label): string {
  const tell = ({ x, y }: Point) => `${label(x)} ${formatValue(y, unit)}`;
  const [low, high] = ends(points, ({ y }) => y!);
  return points.length === 1 ? tell(points[0]!) : `${points.length} bars, highest ${tell(high)}, lowest ${tell(low)}`;
}

function ends<Item>(items: readonly Item[], value: (item: Item) => number): [Item, Item] {
  let low = items[0] as Item;
  let high = low;
  for (const item of items) {
    if (value(item) < value(low)) low = item;
    if (value(item) > value(high)) high = item;
  }
  return [low, high];
}

import * as Plot from '@observablehq/plot';
import type { GridPanel } from '../../contract.ts';
import { numberIn, type Row } from '../data/table.ts';
import { formatValue } from '../format/value.ts';
import { type Size, style, tipLook, widthOfText } from './frame.ts';

export interface HeatMapOptions {
  readonly panel: GridPanel;
  readonly rows: readonly Row[];
  readonly size: Size;
  readonly labelX: (value: unknown) => string;
  readonly labelY: (value: unknown) => string;
}

/** One hue from pale to strong, mixed by the browser, so that it follows the theme. `share` is 0 to 1. */
export function heat(share: number): string {
  return `color-mix(in oklab, var(--heat-high) ${Math.round(share * 100)}%, var(--heat-low))`;
}

export function drawHeatMap({ panel, rows, size, labelX, labelY }: HeatMapOptions): Element {
  const { x, y, value } = panel;
  const values = rows.map((row) => numberIn(row, value.column) ?? 0);
  const [min, max] = [Math.min(0, ...values), Math.max(...values)];
  const columns = ordered(rows.map((row) => row[x.column]));
  const lines = ordered(rows.map((row) => row[y.column]));
  const marginLeft = 14 + Math.max(...lines.map((line) => widthOfText(labelY(line))));
  const every = Math.ceil(
    (columns.length * (14 + Math.max(...columns.map((one) => widthOfText(labelX(one)))))) / size.width,
  );
  const axis = { label: null, tickSize: 0, tickPadding: 8 };
  return Plot.plot({
    ...size,
    style,
    marginTop: 0,
    marginRight: 2,
    marginBottom: 24,
    marginLeft,
    padding: 0.06,
    x: { domain: columns, axis: null, type: 'band' },
    y: { domain: lines, axis: null, type: 'band' },
    marks: [
      Plot.axisX(
        columns.filter((_, index) => index % every === 0),
        { ...axis, tickFormat: labelX, fill: 'var(--ink-3)' },
      ),
      Plot.axisY(lines, { ...axis, tickFormat: labelY, fill: 'var(--ink)' }),
      Plot.cell(
        rows.filter((row) => numberIn(row, value.column) !== undefined),
        {
          x: x.column,
          y: y.column,
          rx: 2,
          fill: (row: Row) => heat(max === min ? 1 : (numberIn(row, value.column)! - min) / (max - min)),
          title: (row: Row) =>
            `${labelY(row[y.column])}, ${labelX(row[x.column])}\n${value.label}: ${formatValue(row[value.column], value.unit)}`,
          tip: { ...tipLook },
        },
      ),
    ],
  });
}

/** Numbers by size, with those between; names in the order in which they come. */
function ordered(values: readonly unknown[]): unknown[] {
  const all = [...new Set(values)];
  if (!all.every((value) => typeof value === 'number' && Number.isInteger(value))) return all;
  const [min, max] = [Math.min(...(all as number[])), Math.max(...(all as number[]))];
  return max - min > 60
    ? all.sort((a, b) => (a as number) - (b as number))
    : Array.from({ length: max - min + 1 }, (_, i) => min + i);
}

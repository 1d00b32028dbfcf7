import type { ChartPanel, Unit } from '../../contract.ts';
import { numberIn, type Row, textIn } from '../data/table.ts';

/** A mark of a chart: where it stands, how high, and in which series. */
export interface Point {
  readonly x: unknown;
  readonly y: number | undefined;
  readonly series: string;
}

/** What is drawn against one scale. Columns of different units have no scale in common: each unit has a chart. */
export interface Chart {
  readonly unit: Unit;
  readonly series: readonly string[];
  readonly points: readonly Point[];
  /** Series that are counts of parts add up to something, and are stacked; two medians, or two measures, do not. */
  readonly isStacked: boolean;
}

export type Kind = 'text' | 'number' | 'time';

export function chartsOf(panel: ChartPanel, rows: readonly Row[]): Chart[] {
  const units = [...new Set(panel.y.map(({ unit }) => unit))];
  return units.map((unit) => {
    const columns = panel.y.filter((column) => column.unit === unit);
    const points = columns.flatMap((column) =>
      rows.map((row) => ({
        x: row[panel.x.column],
        y: numberIn(row, column.column),
        series: seriesName(panel, row, column.label, columns.length),
      })),
    );
    const series = [...new Set(points.map((point) => point.series))];
    const isStacked = panel.series !== undefined && columns.length === 1 && unit === 'count' && series.length > 1;
    return { unit, series, points, isStacked };
  });
}

function seriesName(panel: ChartPanel, row: Row, label: string, columnCount: number): string {
  if (panel.series === undefined) return label;
  const name = textIn(row, panel.series) || 'none';
  return columnCount === 1 ? name : `${name}, ${label}`;
}

export function kindOf(panel: ChartPanel, rows: readonly Row[]): Kind {
  if (panel.x.unit === 'time') return 'time';
  return rows.every((row) => typeof row[panel.x.column] === 'number') ? 'number' : 'text';
}

const coloured = 8;

/** Colours and dashes of series; past the eighth all are grey, because nobody tells nine colours apart. */
export function colourOf(index: number): string {
  return index < coloured ? `var(--series-${index + 1})` : 'var(--series-rest)';
}

export function dashOf(index: number): string | undefined {
  return index < 4 ? undefined : index < coloured ? '6 3' : '2 3';
}

/** Remembers which series had which place, so that an update or a filter does not recolour what stays. */
export class SeriesOrder {
  #known: string[] = [];

  indexOf(series: string): number {
    const index = this.#known.indexOf(series);
    return index >= 0 ? index : this.#known.push(series) - 1;
  }
}

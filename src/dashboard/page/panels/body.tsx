import { useMemo } from 'preact/hooks';
import type { Answer, ColumnSpec, Panel } from '../../contract.ts';
import { missingColumns, rowsOf } from '../data/table.ts';
import { ChartView } from './chart.tsx';
import { columnsFor, Figures } from './figures.tsx';
import { GraphView } from './graph.tsx';
import { GridView } from './grid.tsx';
import { Failed } from './states.tsx';
import { DataTable } from './table.tsx';

/** Kept free before the answer comes, so that nothing below jumps when it does. */
export function bodyHeightOf(panel: Panel): string {
  if (panel.kind === 'figures') {
    const { length } = panel.figures;
    return `${64 * Math.ceil(length / columnsFor(length))}px`;
  }
  if (panel.kind === 'table' && panel.width === 'full') return '212px';
  return { bars: '304px', lines: '304px', grid: '272px', table: '304px', graph: '560px' }[panel.kind];
}

/**
 * No rows, or for a chart none with a value: a scale without anything on it tells a person nothing. Figures of zero are an
 * answer, except when all are, of a question that was narrowed.
 */
export function hasNothing(panel: Panel, answer: Answer, isNarrowed: boolean): boolean {
  if (panel.kind === 'figures' && isNarrowed) return answer.rows.every((row) => row.every((value) => !value));
  if (panel.kind !== 'bars' && panel.kind !== 'lines' && panel.kind !== 'grid') return answer.rows.length === 0;
  const drawn = (panel.kind === 'grid' ? [panel.value] : panel.y).map(({ column }) => column);
  const places = drawn.map((column) => answer.columns.findIndex(({ name }) => name === column));
  // A column that is missing is a fault, which is told apart.
  return !places.includes(-1) && !answer.rows.some((row) => places.some((place) => typeof row[place] === 'number'));
}

export function PanelBody({ panel, answer, isTable }: { panel: Panel; answer: Answer; isTable: boolean }) {
  const rows = useMemo(() => rowsOf(answer), [answer]);
  const columns = columnsOf(panel);
  const missing = missingColumns(answer, [...columns.map(({ column }) => column)]);
  if (missing.length > 0) {
    const failure = {
      code: 'COLUMN_MISSING',
      message: `The query ${panel.query} does not give what this panel draws.`,
      expected: missing.join(', '),
      received: answer.columns.map(({ name }) => name).join(', '),
      action: 'The page and the queries are of different versions: build Parley again.',
    };
    return <Failed failure={failure} />;
  }
  if (isTable || panel.kind === 'table') return <DataTable title={panel.title} columns={columns} rows={rows} />;
  if (panel.kind === 'figures') return <Figures figures={panel.figures} row={rows[0]!} />;
  if (panel.kind === 'grid') return <GridView panel={panel} rows={rows} />;
  if (panel.kind === 'graph') return <GraphView panel={panel} rows={rows} />;
  return <ChartView panel={panel} rows={rows} />;
}

/** What a panel shows, as columns of a table. */
export function columnsOf(panel: Panel): readonly ColumnSpec[] {
  if (panel.kind === 'figures') return panel.figures;
  if (panel.kind === 'table') return panel.columns;
  if (panel.kind === 'grid') return [panel.y, panel.x, panel.value];
  if (panel.kind === 'graph') {
    return [
      { column: 'source', label: 'From', unit: 'text' },
      { column: 'target', label: 'To', unit: 'text' },
    ];
  }
  const series = panel.series;
  return [
    panel.x,
    ...(series === undefined ? [] : [{ column: series, label: sentence(series), unit: 'text' as const }]),
    ...panel.y,
  ];
}

/** `message_type` as a heading. */
function sentence(column: string): string {
  const text = column.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { useMemo } from 'preact/hooks';
import type { GridPanel } from '../../contract.ts';
import { numberIn, type Row } from '../data/table.ts';
import { formatterOf } from '../format/column.ts';
import { formatValue } from '../format/value.ts';
import type { Size } from '../plot/frame.ts';
import { describeGrid } from '../plot/summary.ts';
import { Drawing, useDrawings } from './drawing.tsx';

const height = 244;

export function GridView({ panel, rows }: { readonly panel: GridPanel; readonly rows: readonly Row[] }) {
  const drawings = useDrawings();
  const labelX = useMemo(() => formatterOf(panel.x, rows), [panel, rows]);
  const labelY = useMemo(() => formatterOf(panel.y, rows), [panel, rows]);
  const draw = useMemo(
    () => drawings && ((size: Size) => drawings.drawHeatMap({ panel, rows, size, labelX, labelY })),
    [drawings, panel, rows, labelX, labelY],
  );
  const values = rows.map((row) => numberIn(row, panel.value.column) ?? 0);
  if (draw === undefined) return null;
  return (
    <>
      <p class="legend heat-legend">
        <span>{panel.value.label}</span>
        <span class="heat-ends">
          {formatValue(Math.min(0, ...values), panel.value.unit)}
          <span class="heat-ramp" aria-hidden="true" />
          {formatValue(Math.max(...values), panel.value.unit)}
        </span>
      </p>
      <Drawing draw={draw} height={height} label={describeGrid(panel, rows, labelX, labelY)} />
    </>
  );
}

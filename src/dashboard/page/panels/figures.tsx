import type { ColumnSpec } from '../../contract.ts';
import type { Row } from '../data/table.ts';
import { Value } from './value.tsx';

/** So many beside each other that the last row is as full as can be: six or fewer in one row, else rows of four to six. */
export function columnsFor(count: number): number {
  if (count <= 6) return count;
  const free = (columns: number) => (columns - (count % columns)) % columns;
  return [4, 5, 6].reduce((best, columns) => (free(columns) < free(best) ? columns : best));
}

export function Figures({ figures, row }: { readonly figures: readonly ColumnSpec[]; readonly row: Row }) {
  const columns = columnsFor(figures.length);
  return (
    <dl class="figures" style={{ '--columns': columns }}>
      {figures.map((figure, index) => (
        <div key={figure.column} class="figure" data-column={figure.column} data-first={index % columns === 0}>
          <dt>{figure.label}</dt>
          <dd>
            <Value value={row[figure.column]} unit={figure.unit} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

import type { ColumnSpec } from '../../contract.ts';
import type { Row } from '../data/table.ts';
import { Value } from './value.tsx';

export function Figures({ figures, row }: { readonly figures: readonly ColumnSpec[]; readonly row: Row }) {
  return (
    <dl class="figures">
      {figures.map((figure) => (
        <div key={figure.column} class="figure" data-column={figure.column}>
          <dt>{figure.label}</dt>
          <dd>
            <Value value={row[figure.column]} unit={figure.unit} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

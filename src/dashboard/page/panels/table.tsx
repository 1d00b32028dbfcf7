import { useMemo, useState } from 'preact/hooks';
import type { ColumnSpec } from '../../contract.ts';
import { type Order, type Row, sortedRows } from '../data/table.ts';
import { formatterOf } from '../format/column.ts';
import { isQuantity } from '../format/value.ts';
import { useSession } from '../session.ts';
import { Value } from './value.tsx';

interface DataTableProps {
  readonly title: string;
  readonly columns: readonly ColumnSpec[];
  readonly rows: readonly Row[];
}

/** A browser draws a table of thousands of rows slowly, and nobody reads them: so many at a time. */
const rowsAtATime = 100;
/** A heading of so few letters stays on one line; longer ones are broken, so that they do not widen their columns. */
const shortLabel = 14;

/** A name that fits is not broken at its hyphens; a sentence keeps the width to be read in, a long name none of its own. */
function shapeOf(value: unknown, unit: ColumnSpec['unit']): 'name' | 'long-name' | 'sentence' | undefined {
  if (unit !== 'text' || typeof value !== 'string') return undefined;
  const longest = value.split(' ').reduce((max, word) => Math.max(max, word.length), 0);
  if (longest > 40) return 'long-name';
  if (longest === value.length) return 'name';
  return value.length > 60 ? 'sentence' : undefined;
}

export function DataTable({ title, columns, rows }: DataTableProps) {
  const { announce } = useSession();
  const [order, setOrder] = useState<Order>();
  const [shownMax, setShownMax] = useState(rowsAtATime);
  const sorted = useMemo(() => (order === undefined ? rows : sortedRows(rows, order)), [rows, order]);
  const formatters = useMemo(() => columns.map((column) => formatterOf(column, rows)), [columns, rows]);

  function sort({ column, label, unit }: ColumnSpec): void {
    const isFirst = order?.column !== column;
    const isDescending = isFirst ? isQuantity(unit) : !order.isDescending;
    setOrder({ column, isDescending });
    announce(`${title}: sorted by ${label}, ${isDescending ? 'descending' : 'ascending'}`);
  }

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keyboard.
    <section class="table-frame" aria-label={`${title}, table`} tabIndex={0}>
      <table>
        <caption class="unseen">{title}. Headings sort the rows.</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const isSorted = order?.column === column.column;
              return (
                <th
                  key={column.column}
                  scope="col"
                  data-quantity={isQuantity(column.unit)}
                  data-short={column.label.length <= shortLabel}
                  aria-sort={isSorted ? (order.isDescending ? 'descending' : 'ascending') : undefined}
                >
                  <button type="button" onClick={() => sort(column)}>
                    {column.label}
                    <svg viewBox="0 0 8 10" aria-hidden="true">
                      <path d="M4 1v8M1.5 6.5 4 9l2.5-2.5" />
                    </svg>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shownMax).map((row, index) => (
            <tr key={index}>
              {columns.map(({ column, unit }, place) => {
                const value = <Value value={row[column]} unit={unit} text={formatters[place]!(row[column])} />;
                return place === 0 && unit === 'text' ? (
                  <th key={column} scope="row" data-shape={shapeOf(row[column], unit)}>
                    {value}
                  </th>
                ) : (
                  <td key={column} data-quantity={isQuantity(unit)} data-shape={shapeOf(row[column], unit)}>
                    {value}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shownMax && (
        <button type="button" class="more" onClick={() => setShownMax(shownMax + rowsAtATime)}>
          Show more: {shownMax} of {sorted.length} rows are shown
        </button>
      )}
    </section>
  );
}

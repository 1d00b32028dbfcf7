import type { LandingTable } from '../../runtime/domain.ts';
import type { Row } from './column.ts';

/** One column's values of `rows[from]` up to `rows[to - 1]`. */
export type ColumnReader = (rows: readonly Row[], from: number, to: number) => unknown[];

const known = new WeakMap<LandingTable, readonly ColumnReader[]>();

/**
 * The readers of a table's columns, in the order in which they are declared. Made once for a table: a process has an
 * encoder of it for each of its tasks, and each reader is compiled, and learns, by itself.
 */
export function columnReadersOf(table: LandingTable): readonly ColumnReader[] {
  let readers = known.get(table);
  if (readers === undefined) {
    readers = Object.keys(table.columns).map(columnReader);
    known.set(table, readers);
  }
  return readers;
}

/**
 * A function of its own for each column. One function for all would read whatever name it is given of whatever rows, and
 * the engine then looks each value up in a table; a function that only ever reads one name of one kind of row finds it at
 * a fixed place. V8 keeps what it learns with the source of a function, so each column has its own.
 */
function columnReader(column: string): ColumnReader {
  return new Function(
    'rows',
    'from',
    'to',
    `const values = new Array(to - from);
    for (let index = from; index < to; index++) values[index - from] = rows[index][${JSON.stringify(column)}];
    return values;`,
  ) as ColumnReader;
}

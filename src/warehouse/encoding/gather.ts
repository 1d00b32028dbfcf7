import type { Row } from './column.ts';

/** One column's values of `rows[from]` up to `rows[to - 1]`. */
export type Gather = (rows: readonly Row[], from: number, to: number) => unknown[];

/**
 * A function of its own for each column. One function for all would read whatever name it is given of whatever rows, and
 * the engine then looks each value up in a table; a function that only ever reads one name of one kind of row finds it at
 * a fixed place. V8 keeps what it learns with the source of a function, so each column has its own.
 */
export function gatherer(column: string): Gather {
  return new Function(
    'rows',
    'from',
    'to',
    `const values = new Array(to - from);
    for (let index = from; index < to; index++) values[index - from] = rows[index][${JSON.stringify(column)}];
    return values;`,
  ) as Gather;
}

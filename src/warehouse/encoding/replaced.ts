import type { Row } from './column.ts';

/** Rows and their signs, in the order in which they were emitted. */
export interface SignedRows {
  readonly rows: readonly Row[];
  readonly signs: readonly number[];
}

/**
 * Leaves out each retraction that is followed at once by a row that replaces it, which is what most corrections of a
 * session are: half of the rows need not be sent, stored and merged away.
 */
export function withoutReplaced({ rows, signs }: SignedRows, key: readonly string[]): SignedRows {
  const keptRows: Row[] = [];
  const keptSigns: number[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const next = rows[index + 1];
    if (signs[index] === -1 && next !== undefined && signs[index + 1] === 1 && isSameKey(row, next, key)) continue;
    keptRows.push(row);
    keptSigns.push(signs[index]!);
  }
  return { rows: keptRows, signs: keptSigns };
}

function isSameKey(left: Row, right: Row, key: readonly string[]): boolean {
  for (const column of key) if (left[column] !== right[column]) return false;
  return true;
}

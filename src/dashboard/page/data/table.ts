import type { Answer } from '../../contract.ts';

/** A row of an answer, by column name. */
export type Row = Readonly<Record<string, unknown>>;

export function rowsOf({ columns, rows }: Answer): Row[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])));
}

/** The number in a column, or undefined when there is none (null, or no number). */
export function numberIn(row: Row, column: string): number | undefined {
  const value = row[column];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function textIn(row: Row, column: string): string {
  const value = row[column];
  return value === null || value === undefined ? '' : String(value);
}

/** Those of the columns that the answer does not have. */
export function missingColumns(answer: Answer, columns: readonly string[]): string[] {
  const known = new Set(answer.columns.map(({ name }) => name));
  return columns.filter((column) => !known.has(column));
}

export interface Order {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Sorted by a column, stably; rows without a value come last either way. */
export function sortedRows(rows: readonly Row[], { column, isDescending }: Order): Row[] {
  return [...rows].sort((left, right) => {
    const [a, b] = [left[column], right[column]];
    if (isAbsent(a) || isAbsent(b)) return Number(isAbsent(a)) - Number(isAbsent(b));
    const difference = typeof a === 'number' && typeof b === 'number' ? a - b : compareTexts(String(a), String(b));
    return isDescending ? -difference : difference;
  });
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compareTexts(left: string, right: string): number {
  return collator.compare(left, right);
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

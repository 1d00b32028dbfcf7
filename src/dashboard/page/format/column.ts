import type { ColumnSpec } from '../../contract.ts';
import type { Row } from '../data/table.ts';
import { formatMonth, isDay } from './time.ts';
import { formatValue } from './value.ts';

/** How the values of a column are written: days that are all the first of a month stand for months. */
export function formatterOf({ column, unit }: ColumnSpec, rows: readonly Row[]): (value: unknown) => string {
  if (unit === 'time' && areMonths(rows.map((row) => row[column]))) return (value) => formatMonth(String(value));
  return (value) => formatValue(value, unit);
}

function areMonths(values: readonly unknown[]): boolean {
  const days = new Set(values);
  return days.size > 1 && values.every((value) => typeof value === 'string' && isDay(value) && value.endsWith('-01'));
}

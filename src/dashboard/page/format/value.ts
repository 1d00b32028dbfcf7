import type { Unit } from '../../contract.ts';
import { formatDuration } from './duration.ts';
import { formatTime } from './time.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** Shown where there is no value. */
export const nothing = '–';

const secondsOf: Partial<Record<Unit, number>> = { seconds: 1, minutes: 60, hours: 3600 };

/** How many seconds one of this unit is; undefined when it is no duration. */
export function secondsPer(unit: Unit): number | undefined {
  return secondsOf[unit];
}

export function isQuantity(unit: Unit): boolean {
  return unit !== 'time' && unit !== 'text';
}

/** A value of an answer as a person reads it. */
export function formatValue(value: unknown, unit: Unit): string {
  if (value === null || value === undefined || value === '') return nothing;
  if (Array.isArray(value)) return value.length === 0 ? nothing : value.join(', ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return JSON.stringify(value);
  if (unit === 'time') return formatTime(String(value));
  if (typeof value !== 'number' || unit === 'text') return String(value);
  return Number.isFinite(value) ? formatNumber(value, unit) : nothing;
}

function formatNumber(value: number, unit: Unit): string {
  const seconds = secondsOf[unit];
  if (seconds !== undefined) return formatDuration(value * seconds);
  if (unit === 'percent') return `${oneDecimal.format(value)} %`;
  if (unit === 'rating') return value.toFixed(1);
  if (unit === 'ratio') return twoDecimals.format(value);
  if (unit === 'bytes') return formatBytes(value);
  return Math.abs(value) < 100 ? oneDecimal.format(value) : whole.format(value);
}

/** The same, short enough for an axis. */
export function formatTick(value: number, unit: Unit): string {
  if (unit === 'count') return compact.format(value);
  return value === 0 && secondsOf[unit] !== undefined ? '0' : formatValue(value, unit);
}

function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(Math.abs(bytes)) / 3));
  return `${oneDecimal.format(bytes / 1000 ** power)} ${units[power]}`;
}

import { addDays, isDay } from './format/time.ts';

/**
 * What a person looks at, as the address of the page holds it: a link shows another person the same. Days are either the
 * last so many before the last day with data, or from one day to another, or (neither) all.
 */
export interface Address {
  /** Without the leading slash. */
  readonly path: string;
  readonly lastDays?: number;
  readonly from?: string;
  readonly to?: string;
  /** Chosen values by filter; a filter without a choice is left out. */
  readonly chosen: Readonly<Record<string, readonly string[]>>;
}

export interface Span {
  /** `YYYY-MM-DD`, both counted. */
  readonly from: string;
  readonly to: string;
}

const reserved = new Set(['days', 'from', 'to']);

export function readAddress(pathname: string, search: string): Address {
  const parameters = new URLSearchParams(search);
  const chosen = new Map<string, Set<string>>();
  for (const [name, value] of parameters) {
    if (!reserved.has(name)) chosen.set(name, (chosen.get(name) ?? new Set()).add(value));
  }
  const lastDays = Number(parameters.get('days'));
  const from = dayOf(parameters.get('from'));
  const to = dayOf(parameters.get('to'));
  return {
    path: pathname.replace(/^\/+|\/+$/g, ''),
    ...(Number.isInteger(lastDays) && lastDays > 0 ? { lastDays } : { ...(from && { from }), ...(to && { to }) }),
    chosen: Object.fromEntries([...chosen].map(([name, values]) => [name, [...values]])),
  };
}

export function writeAddress(address: Address): string {
  const parameters = new URLSearchParams();
  if (address.lastDays !== undefined) parameters.set('days', String(address.lastDays));
  if (address.from !== undefined) parameters.set('from', address.from);
  if (address.to !== undefined) parameters.set('to', address.to);
  for (const [name, values] of Object.entries(address.chosen)) {
    for (const value of values) parameters.append(name, value);
  }
  const search = parameters.toString();
  return `/${address.path}${search === '' ? '' : `?${search}`}`;
}

/** The days that an address asks for, where there is data from `known.from` to `known.to`. */
export function spanOf(address: Address, known: Span): Span {
  if (address.lastDays !== undefined) return { from: addDays(known.to, 1 - address.lastDays), to: known.to };
  return { from: address.from ?? known.from, to: address.to ?? known.to };
}

export function withAllDays({ path, chosen }: Address): Address {
  return { path, chosen };
}

export function withLastDays({ path, chosen }: Address, lastDays: number): Address {
  return { path, chosen, lastDays };
}

export function withSpan({ path, chosen }: Address, { from, to }: Span): Address {
  return { path, chosen, from, to };
}

export function withChoice(address: Address, name: string, values: readonly string[]): Address {
  const { [name]: _, ...others } = address.chosen;
  return { ...address, chosen: values.length === 0 ? others : { ...others, [name]: values } };
}

function dayOf(text: string | null): string | undefined {
  if (text === null || !isDay(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  // 2023-02-31 is read as a day of March: no day that a person meant.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? text : undefined;
}

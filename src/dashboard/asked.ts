import type { DomainPages } from './contract.ts';
import { refuse } from './refusal.ts';

/** What an address asks: `from` and `to` are days, the others lists of values, sorted, each once. */
export type Asked = Readonly<Record<string, string | readonly string[]>>;

const valuesMax = 500;
const lettersMax = 200;

/** Reads the parameters of `/api/query/…`. Fails with PARLEY_REQUEST_REFUSED. */
export function readAsked(search: string, { filters }: Pick<DomainPages, 'filters'>): Asked {
  const asked: Record<string, string | string[]> = {};
  const names = filters.map(({ name }) => name);
  for (const [name, value] of new URLSearchParams(search)) {
    if (name === 'from' || name === 'to') {
      if (asked[name] !== undefined) throw refuse(`\`${name}\` is given twice`, 'one day', value);
      asked[name] = day(name, value);
    } else if (names.includes(name)) {
      if (value.length > lettersMax) {
        throw refuse(`A value of \`${name}\` is too long`, `at most ${lettersMax} characters`, value);
      }
      const values = [...(asked[name] ?? []), value];
      asked[name] = values;
      if (values.length > valuesMax) {
        throw refuse(`\`${name}\` has too many values`, `at most ${valuesMax}`, 'more');
      }
    } else {
      throw refuse('There is no such filter', ['from', 'to', ...names].join(', '), name);
    }
  }
  const { from, to } = asked;
  if (typeof from === 'string' && typeof to === 'string' && from > to) {
    throw refuse('The days are the wrong way round', 'from before to, or the same day', `${from} to ${to}`);
  }
  for (const name of names) {
    const values = asked[name];
    if (typeof values === 'object') asked[name] = [...new Set(values)].sort();
  }
  return asked;
}

/** A day that exists, within what ClickHouse's Date holds. */
function day(name: string, text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isDay = Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
  if (isDay && text >= '1970-01-01' && text <= '2149-06-06') return text;
  throw refuse(`\`${name}\` is a day`, 'YYYY-MM-DD, from 1970-01-01 to 2149-06-06', text);
}

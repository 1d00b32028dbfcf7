import type { DashboardReader } from '../warehouse/dashboard-reader.ts';
import { Answers } from './answers.ts';
import { type Asked, readAsked } from './asked.ts';
import { Changes } from './changes.ts';
import type { Answer, DomainPages, Pages } from './contract.ts';
import { type LivePort, type LiveTable, liveTables } from './live.ts';
import { refuse } from './refusal.ts';

export interface DashboardOptions {
  /** Closed with the dashboard. */
  readonly reader: DashboardReader;
  /** The domains whose pages are shown. */
  readonly domains: readonly DomainPages[];
  readonly live?: LivePort | undefined;
  /** Between two looks whether the warehouse has changed (1,000). */
  readonly pollMs?: number;
}

/** What the dashboard answers, apart from how it is sent. */
export class Dashboard {
  readonly changes: Changes;
  readonly #reader: DashboardReader;
  readonly #domains: readonly DomainPages[];
  readonly #live: ReturnType<typeof liveTables>;
  readonly #answers = new Answers();
  /** By domain, as of the version. */
  #completeThrough: ReadonlyMap<string, string> = new Map();

  constructor({ reader, domains, live, pollMs }: DashboardOptions) {
    this.#reader = reader;
    this.#domains = domains;
    this.#live = liveTables(live);
    const names = domains.map(({ domain }) => domain);
    this.changes = new Changes({
      fingerprint: () => reader.fingerprint([...new Set(['orchestrator', ...names])]),
      completeThrough: () => this.#readCompleteThrough(names),
      ...(pollMs === undefined ? {} : { intervalMs: pollMs }),
    });
  }

  /** The pages with their days, as JSON. */
  async pages(signal: AbortSignal): Promise<string> {
    const { version } = await this.changes.current();
    const make = async () => {
      const days = this.#domains.map(async ({ domain }) => [domain, await this.#reader.days(domain)] as const);
      const pages: Pages = {
        domains: this.#domains,
        days: Object.fromEntries(await Promise.all(days)),
        completeThrough: Object.fromEntries(this.#completeThrough),
      };
      return JSON.stringify(pages);
    };
    return this.#answers.get('pages', version, make, signal);
  }

  /** The answer to a query, as JSON. `search` is what stands after the `?` of the address. */
  async answer(domain: string, name: string, search: string, signal: AbortSignal): Promise<string> {
    const pages = this.#domains.find((one) => one.domain === domain);
    if (pages === undefined) {
      throw refuse('There is no such domain', this.#domains.map((one) => one.domain).join(', '), domain);
    }
    const asked = readAsked(search, pages);
    const live = this.#live.get(`${domain}/${name}`);
    if (live !== undefined) {
      const startedAt = performance.now();
      const table = chosen(await live(), asked);
      return JSON.stringify({ ...table, completeThrough: null, elapsedMs: elapsedSince(startedAt) } satisfies Answer);
    }
    const query = this.#reader.query(domain, name);
    if (query === undefined) throw refuse('There is no such query', `a query of ${domain}`, name);
    // What a query does not bind makes no difference to its answer.
    const bound: Asked = Object.fromEntries(
      [...query.parameters.keys()].sort().flatMap((key) => (asked[key] === undefined ? [] : [[key, asked[key]]])),
    );
    const { version } = await this.changes.current();
    const make = async (stopped: AbortSignal) => {
      const startedAt = performance.now();
      const completeThrough = this.#completeThrough.get(domain) ?? null;
      const table = await this.#reader.ask(query, bound, stopped);
      return JSON.stringify({ ...table, completeThrough, elapsedMs: elapsedSince(startedAt) } satisfies Answer);
    };
    return this.#answers.get(`${domain}/${name}?${JSON.stringify(bound)}`, version, make, signal);
  }

  /** Of all domains that say so: that of the one that is furthest behind. */
  async #readCompleteThrough(domains: readonly string[]): Promise<string | null> {
    this.#completeThrough = await this.#reader.completeThrough();
    const times = domains.flatMap((domain) => this.#completeThrough.get(domain) ?? []);
    return times.sort()[0] ?? null;
  }

  async close(): Promise<void> {
    this.changes.close();
    this.#answers.close();
    await this.#reader.close();
  }
}

function elapsedSince(startedAt: number): number {
  return Math.round(10 * (performance.now() - startedAt)) / 10;
}

/** The rows with one of the values asked for, in the columns that are named as a filter. */
function chosen({ columns, rows }: LiveTable, asked: Asked): LiveTable {
  const filters = columns.flatMap(({ name }, index) => {
    const values = asked[name];
    return typeof values === 'object' && values.length > 0 ? [{ index, values }] : [];
  });
  return {
    columns,
    rows: rows.filter((row) => filters.every(({ index, values }) => values.includes(String(row[index])))),
  };
}

import type { ClickHouseSettings } from '@clickhouse/client';
import { codeOf, ParleyError } from '../errors.ts';
import { type ClickHouseClient, type Connection, connect, type Parameters, queryRows } from './client.ts';
import { type DashboardQueries, type DashboardQuery, readDashboardQueries } from './dashboard-sql.ts';
import { failureOf } from './failure.ts';

/** Rows of an answer: columns in the query's order, numbers as numbers, times as ISO 8601 in UTC. */
export interface TableOfRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Values of a query's parameters: `from` and `to` are days (YYYY-MM-DD), the others are lists. */
export type DashboardValues = Readonly<Record<string, string | readonly string[]>>;

export interface DashboardLimits {
  /** More rows than a page could show are refused (10,000). */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** A question that takes longer is refused (10 s): its asker has gone on by then. */
  readonly secondsMax: number;
}

const limitsDefault: DashboardLimits = { rowsMax: 10_000, bytesMax: 16 * 1024 * 1024, secondsMax: 10 };

/** Numbers of ClickHouse's errors for an answer that is larger, or takes longer, than its limits. */
const tooLarge = ['396'];
const tooSlow = ['159', '160'];

const hasProgressSql = `
  SELECT toUInt8(count()) AS n FROM system.tables WHERE database = 'orchestrator' AND name = 'progress'`;

const progressSql = `
  SELECT toString(domain) AS domain, max(complete_through) AS time
  FROM orchestrator.progress
  WHERE complete_through IS NOT NULL
  GROUP BY domain`;

const fingerprintSql = `
  SELECT concat(toString(sum(blocks)), '/', toString((SELECT count() FROM orchestrator.landing_runs))) AS print
  FROM
  (
      SELECT max(max_block_number) + 1 AS blocks
      FROM system.parts
      WHERE active AND database IN {databases:Array(String)} AND match(table, '^(landing|snapshot)_')
      GROUP BY database, table, partition_id
  )`;

/** Asks the warehouse what the dashboard shows, as a user that can read and no more. */
export class DashboardReader {
  readonly #client: ClickHouseClient;
  readonly #queries: DashboardQueries;
  readonly #limits: DashboardLimits;
  #hasProgress = false;

  constructor(
    connection: Connection,
    options: { readonly queries?: DashboardQueries; readonly limits?: Partial<DashboardLimits> } = {},
  ) {
    this.#client = connect(connection);
    this.#queries = options.queries ?? readDashboardQueries();
    this.#limits = { ...limitsDefault, ...options.limits };
  }

  query(domain: string, name: string): DashboardQuery | undefined {
    return this.#queries.get(`${domain}/${name}`);
  }

  /**
   * The answer to a query. Values that it does not bind are left out; days that are not given are all days. `signal` ends
   * it on the server, too. Fails with PARLEY_ANSWER_TOO_LARGE, PARLEY_ANSWER_TOO_SLOW, PARLEY_QUERY_FAILED or
   * PARLEY_WAREHOUSE_UNREACHABLE.
   */
  async ask(query: DashboardQuery, values: DashboardValues, signal?: AbortSignal): Promise<TableOfRows> {
    try {
      const result = await this.#client.query({
        query: query.sql,
        format: 'JSONCompact',
        query_params: bound(query, values),
        clickhouse_settings: this.#settings(),
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      const { meta = [], data } = await result.json<unknown[]>();
      return { columns: meta.map(({ name, type }) => ({ name, type })), rows: data };
    } catch (error) {
      throw this.#failure(error, query);
    }
  }

  /** The first and last day with data of a domain: its query `days`. Null when there is none. */
  async days(domain: string): Promise<{ readonly first: string; readonly last: string } | null> {
    const query = this.query(domain, 'days');
    if (query === undefined) return null;
    const { rows } = await this.ask(query, {});
    const [first, last] = rows[0] ?? [];
    return typeof first === 'string' && typeof last === 'string' ? { first, last } : null;
  }

  /**
   * Up to when all events are counted, ISO 8601, of the domains of which that is known. A warehouse without
   * `orchestrator.progress` says nothing of it.
   */
  async completeThrough(): Promise<ReadonlyMap<string, string>> {
    this.#hasProgress ||= (await this.#rows<{ n: number }>(hasProgressSql))[0]?.n === 1;
    if (!this.#hasProgress) return new Map();
    const rows = await this.#rows<{ domain: string; time: string }>(progressSql);
    return new Map(rows.map(({ domain, time }) => [domain, time]));
  }

  /**
   * Something that differs after every insert into the databases, and when a snapshot was computed again. A merge leaves
   * the blocks of its parts, so it changes nothing. The parts are those of this server alone; on a cluster the others' inserts show in the number of runs.
   */
  async fingerprint(databases: readonly string[]): Promise<string> {
    const rows = await this.#rows<{ print: string }>(fingerprintSql, { databases: [...databases] });
    return rows[0]?.print ?? '';
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #rows<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return queryRows<Row>(this.#client, sql, parameters, this.#settings());
  }

  #settings(): ClickHouseSettings {
    const { rowsMax, bytesMax, secondsMax } = this.#limits;
    return {
      readonly: '2',
      // Without waiting for the end, a failure would stand in the middle of an answer that began as a success.
      wait_end_of_query: 1,
      cancel_http_readonly_queries_on_client_close: 1,
      max_result_rows: String(rowsMax),
      max_result_bytes: String(bytesMax),
      result_overflow_mode: 'throw',
      max_execution_time: secondsMax,
      timeout_overflow_mode: 'throw',
      date_time_output_format: 'iso',
      output_format_json_quote_64bit_integers: 0,
      output_format_json_quote_denormals: 0,
    };
  }

  #failure(error: unknown, query: DashboardQuery): ParleyError {
    const { rowsMax, bytesMax, secondsMax } = this.#limits;
    const where = `${query.domain}/${query.name}`;
    if (tooLarge.includes(codeOf(error) ?? '')) {
      return new ParleyError('PARLEY_ANSWER_TOO_LARGE', 'The answer is larger than a page can show', {
        expected: `at most ${rowsMax.toLocaleString('en-US')} rows and ${Math.round(bytesMax / 1024)} KiB`,
        received: 'more',
        where,
        cause: error,
      });
    }
    if (tooSlow.includes(codeOf(error) ?? '')) {
      return new ParleyError('PARLEY_ANSWER_TOO_SLOW', 'The answer took longer than a page waits', {
        expected: `at most ${secondsMax} s`,
        received: 'longer',
        where,
        cause: error,
      });
    }
    const failure = failureOf(error);
    if (failure.kind === 'unreachable') return failure.error;
    return new ParleyError('PARLEY_QUERY_FAILED', failure.error.message, { ...failure.error.detail, where });
  }
}

const allDays = { from: '1970-01-01', to: '2149-06-06' };

function bound(query: DashboardQuery, values: DashboardValues): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = {};
  for (const [name, type] of query.parameters) {
    const value = values[name];
    if (type === 'Date') {
      parameters[name] = typeof value === 'string' ? value : allDays[name === 'to' ? 'to' : 'from'];
    } else {
      parameters[name] = typeof value === 'object' ? [...value] : [];
    }
  }
  return parameters;
}

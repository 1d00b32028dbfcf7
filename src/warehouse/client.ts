import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';
import { messageOf, ParleyError } from '../errors.ts';
import { failureOf } from './failure.ts';

export type { ClickHouseClient } from '@clickhouse/client';

export interface Connection {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** The database of names without one; `default` when left out. */
  readonly database?: string;
}

/** Values of a query's parameters, `{name:Type}` in its text. They are bound by the server, never pasted. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * A client of a ClickHouse server. Nothing is sent yet. Fails with PARLEY_CONFIGURATION when the URL is none.
 *
 * Nothing is compressed: the server is beside Parley or in the same network, where packing costs more than sending.
 */
export function connect(connection: Connection): ClickHouseClient {
  try {
    return createClient({
      url: connection.url,
      username: connection.username ?? 'default',
      password: connection.password ?? '',
      ...(connection.database === undefined ? {} : { database: connection.database }),
      application: 'parley',
      // Of silence. A large insert with many views behind it says nothing until it is done.
      request_timeout: 300_000,
      // A landing table each, and queries beside them.
      max_open_connections: 32,
      // Below the 3 s for which the oldest servers keep an idle connection.
      keep_alive: { enabled: true, idle_socket_ttl: 2_000, eagerly_destroy_stale_sockets: true },
      // Every failure is thrown, and told by whoever catches it.
      log: { level: ClickHouseLogLevel.OFF },
    });
  } catch (error) {
    throw new ParleyError('PARLEY_CONFIGURATION', `clickhouse.url cannot be used: ${messageOf(error)}`, {
      expected: 'a URL such as http://127.0.0.1:8123',
      received: connection.url,
      where: 'clickhouse.url',
      cause: error,
    });
  }
}

/**
 * All rows of a query, as objects. 64-bit integers come as numbers. Fails with PARLEY_QUERY_FAILED and the server's
 * message, or with PARLEY_WAREHOUSE_UNREACHABLE.
 */
export async function queryRows<Row>(
  client: ClickHouseClient,
  sql: string,
  parameters?: Parameters,
  settings?: ClickHouseSettings,
): Promise<Row[]> {
  try {
    const result = await client.query({
      query: sql,
      format: 'JSONEachRow',
      ...(parameters === undefined ? {} : { query_params: { ...parameters } }),
      clickhouse_settings: { wait_end_of_query: 1, output_format_json_quote_64bit_integers: 0, ...settings },
    });
    return (await result.json()) as Row[];
  } catch (error) {
    throw queryError(error);
  }
}

/**
 * The answer to a query as text in a format of ClickHouse; a FORMAT clause in the query wins over it. Also for
 * statements without an answer. Fails as `queryRows` does.
 */
export async function queryText(
  client: ClickHouseClient,
  sql: string,
  format: string,
  parameters?: Parameters,
): Promise<string> {
  try {
    const { stream } = await client.exec({
      query: sql,
      ...(parameters === undefined ? {} : { query_params: { ...parameters } }),
      // Without waiting for the end, an error half-way would stand in the middle of an answer that began as a success.
      clickhouse_settings: { wait_end_of_query: 1, ...formatSetting(format) },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    throw queryError(error);
  }
}

/** `default_format` takes every format of the server; the client's type lists those that it can parse. */
function formatSetting(format: string): Record<string, string> {
  return { default_format: format };
}

function queryError(error: unknown): ParleyError {
  const failure = failureOf(error);
  if (failure.kind === 'unreachable') return failure.error;
  return new ParleyError('PARLEY_QUERY_FAILED', failure.error.message, failure.error.detail);
}

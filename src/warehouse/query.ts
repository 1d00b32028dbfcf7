import type { Readable } from 'node:stream';
import { ParleyError } from '../errors.ts';
import type { ClickHouseClient, Parameters } from './client.ts';
import { failureOf } from './failure.ts';

export interface TextQuery {
  /** A format of ClickHouse; a FORMAT clause in the query wins over it. */
  readonly format: string;
  readonly parameters?: Parameters;
  /** Whether tables have colors. */
  readonly isColored?: boolean;
}

/**
 * The answer to a person's query as a stream of text, which can change nothing, whoever asks. The server sends
 * nothing before it has all of it, so a failing query fails here and never in the middle of an answer.
 *
 * Fails with PARLEY_QUERY_FAILED and the server's message, or with PARLEY_WAREHOUSE_UNREACHABLE.
 */
export async function askForText(client: ClickHouseClient, sql: string, query: TextQuery): Promise<Readable> {
  const settings: Record<string, string | number> = {
    wait_end_of_query: 1,
    readonly: 2,
    default_format: query.format,
    output_format_pretty_color: query.isColored ? 1 : 0,
    output_format_pretty_row_numbers: 0,
    output_format_pretty_max_rows: 10_000,
    output_format_pretty_display_footer_column_names: 0,
  };
  try {
    const { stream } = await client.exec({
      query: sql,
      query_params: { ...query.parameters },
      clickhouse_settings: settings,
    });
    return stream as Readable;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === 'unreachable') throw failure.error;
    throw new ParleyError('PARLEY_QUERY_FAILED', failure.error.message, failure.error.detail);
  }
}

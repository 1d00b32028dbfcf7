import type { ClickHouseSettings } from '@clickhouse/client';
import type { LandingTable } from '../../src/runtime/domain.ts';
import type { ClickHouseClient } from '../../src/warehouse/client.ts';

type Row = Readonly<Record<string, unknown>>;
/** Times are written as in SQL, `2024-03-10 06:59:00`, UTC. */
export type Signed = readonly [sign: 1 | -1, row: Row];

const farFuture = '2299-12-31 00:00:00';

export const plus = (row: Row): Signed => [1, row];
/** A correction: what was true, and what is. */
export const replace = (before: Row, after: Row): Signed[] => [
  [-1, before],
  [1, after],
];

/** A message with what the test says of it; the rest is the plainest. */
export function message(id: string, at: string, more: Row = {}): Row {
  return {
    message_id: id,
    conversation_id: 'c1',
    customer_id: 'u1',
    clinic_code: 'NY',
    message_timestamp: at,
    direction: 'in',
    direction_type: 'initial',
    channel: 'whatsapp',
    session_started_at: at,
    ...more,
  };
}

/** An out message that answers, `seconds` after the question. */
export function response(id: string, at: string, seconds: number, more: Row = {}): Row {
  return message(id, at, {
    direction: 'out',
    direction_type: 'response',
    response_seconds: seconds,
    previous_message_timestamp: new Date(Date.parse(`${at}Z`) - seconds * 1000).toISOString().slice(0, 19),
    session_started_at: null,
    ...more,
  });
}

export function version(key: Row, from: string, to: string | undefined, more: Row = {}): Row {
  return { ...key, valid_from: from, valid_to: to ?? farFuture, is_current: to === undefined, version: 1, ...more };
}

let lastVersion = 0;
let lastToken = 0;

export interface LandOptions {
  readonly token?: string;
  readonly optimizeOnInsert?: boolean;
  /** Of the first row; the next count up. */
  readonly firstRowVersion?: number;
  /** Further settings of the insert. */
  readonly more?: ClickHouseSettings;
}

/** Inserts rows as one block, in their order, as the delivery does. */
export async function land(
  client: ClickHouseClient,
  table: LandingTable,
  rows: readonly Signed[],
  options: LandOptions = {},
): Promise<void> {
  const { token = `test/${++lastToken}`, optimizeOnInsert = false, firstRowVersion = lastVersion + 1 } = options;
  lastVersion = Math.max(lastVersion, firstRowVersion + rows.length - 1);
  await client.insert({
    table: `${table.database}.${table.name}`,
    format: 'JSONEachRow',
    values: rows.map(([sign, row], index) => ({ ...row, sign, row_version: firstRowVersion + index })),
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 1,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      insert_deduplication_token: token,
      optimize_on_insert: optimizeOnInsert ? 1 : 0,
      ...options.more,
    },
  });
}

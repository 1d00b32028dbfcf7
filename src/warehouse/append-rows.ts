import { randomUUID } from 'node:crypto';
import type { LandingTable, RowOf } from '../runtime/domain.ts';
import type { ClickHouseClient } from './client.ts';
import { failureOf } from './failure.ts';
import { sendInsert } from './insert.ts';
import { createRowEncoder } from './row-encoder.ts';

/**
 * Writes rows of Parley's own to one of its tables, in one insert. Later rows have larger versions.
 *
 * Fails with PARLEY_WAREHOUSE_REFUSED and the server's message, or with what says that the server cannot take it now.
 */
export async function appendRows<Table extends LandingTable>(
  client: ClickHouseClient,
  table: Table,
  rows: readonly RowOf<Table>[],
  timeoutMs = 60_000,
): Promise<void> {
  if (rows.length === 0) return;
  const encoder = createRowEncoder(table);
  // Microseconds, so that versions grow with the clock from process to process.
  const bytes = encoder.encode(rows, new Array<number>(rows.length).fill(1), Date.now() * 1_000);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    await sendInsert(client, { encoder, bytes, token: `append/${randomUUID()}`, signal });
  } catch (error) {
    throw failureOf(error).error;
  }
}

import { type ClickHouseClient, queryRows } from './client.ts';

/** Blocks whose tokens are remembered by the landing table that remembers the fewest; undefined when none says so. */
export async function windowBlocksOf(
  client: ClickHouseClient,
  databases: readonly string[],
): Promise<number | undefined> {
  const rows = await queryRows<{ blocks: number }>(
    client,
    `SELECT toUInt32(min(toUInt64OrZero(extract(engine_full, 'deduplication_window = (\\\\d+)')))) AS blocks
     FROM system.tables
     WHERE database IN {databases:Array(String)} AND startsWith(name, 'landing_')
       AND engine_full LIKE '%deduplication_window = %'
     HAVING count() > 0`,
    { databases: [...databases] },
  );
  return rows[0]?.blocks;
}

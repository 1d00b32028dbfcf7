import type { LandingTable } from '../../../src/runtime/domain.ts';
import type { ClickHouseClient } from '../../../src/warehouse/client.ts';
import { rowsOf, type WarehouseDigest } from './warehouse.ts';

/** The rows of landing tables that hold, as JSON texts in an order of their own; times in milliseconds since 1970. */
export async function landingDigest(
  client: ClickHouseClient,
  tables: readonly LandingTable[],
): Promise<WarehouseDigest> {
  const digest = new Map<string, readonly string[]>();
  for (const { database, name, columns } of tables) {
    const wanted = Object.entries(columns).map(([column, type]) =>
      type.includes('DateTime64') ? `toUnixTimestamp64Milli(${column})` : column,
    );
    const rows = await rowsOf(client, `SELECT ${wanted.join(', ')} FROM ${database}.${name} FINAL WHERE sign = 1`);
    digest.set(name, rows.map((row) => JSON.stringify(row)).sort());
  }
  return digest;
}

/** The same of rows that a test computed itself. */
export function computedDigest(
  tables: readonly LandingTable[],
  rows: Readonly<Record<string, readonly object[]>>,
): WarehouseDigest {
  return new Map(
    tables.map(({ name, columns }) => {
      const names = Object.keys(columns);
      const texts = rows[name]!.map((row) =>
        JSON.stringify(names.map((column) => (row as Record<string, unknown>)[column])),
      );
      return [name, texts.sort()];
    }),
  );
}

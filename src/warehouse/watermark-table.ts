import type { WatermarkTable } from '../runtime/watermarks.ts';
import { appendRows } from './append-rows.ts';
import { type ClickHouseClient, queryRows } from './client.ts';
import { landingSettings, landingWatermarks } from './orchestrator-tables.ts';

const insertMs = 10_000;

/** The watermarks of orchestrator.*. Its promises reject as `appendRows` and `queryRows` do. */
export function watermarkTable(client: ClickHouseClient): WatermarkTable {
  return {
    write: (watermarks) =>
      appendRows(
        client,
        landingWatermarks,
        watermarks.map(({ app, domain, stage, partition, completeThrough }) => ({
          ...{ app, domain, stage, partition },
          complete_through: Math.floor(completeThrough),
        })),
        insertMs,
      ),
    newest: async (app) => {
      const rows = await queryRows<{ domain: string; newest: number }>(
        client,
        `SELECT domain, toUnixTimestamp64Milli(max(complete_through)) AS newest
         FROM orchestrator.landing_watermarks WHERE app = {app:String} GROUP BY domain`,
        { app },
      );
      return new Map(rows.map(({ domain, newest }) => [domain, newest]));
    },
    writeSettings: (settings) => writeSettings(client, settings),
  };
}

/** What views need of the configuration of the domains. */
export type DomainSettings = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** Writes what has changed. Rejects as `appendRows` and `queryRows` do. */
export async function writeSettings(client: ClickHouseClient, settings: DomainSettings): Promise<void> {
  const sql = 'SELECT domain, name, value FROM orchestrator.landing_settings FINAL WHERE sign = 1';
  const known = await queryRows<{ domain: string; name: string; value: number }>(client, sql);
  const wanted = [...settings].flatMap(([domain, values]) =>
    Object.entries(values).map(([name, value]) => ({ domain, name, value })),
  );
  const changed = wanted.filter(
    ({ domain, name, value }) => !known.some((is) => is.domain === domain && is.name === name && is.value === value),
  );
  await appendRows(client, landingSettings, changed, insertMs);
}

import type { Entry } from '../../../src/events/assistant.ts';
import { assistantDomain } from '../../../src/processors/assistant/domain.ts';
import type { AssistantOptions } from '../../../src/processors/assistant/options.ts';
import * as tables from '../../../src/processors/assistant/tables.ts';
import type { LandingTable } from '../../../src/runtime/domain.ts';
import { createTestDriver } from '../../../src/testing/driver.ts';
import { type ClickHouseClient, connect, queryRows } from '../../../src/warehouse/client.ts';
import { migrate } from '../../../src/warehouse/migrations.ts';
import { loadSeeds } from '../../../src/warehouse/seeds/load.ts';
import { land, type Signed } from '../landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../scratch-warehouse.ts';

export type Event = Partial<Entry> & Pick<Entry, 'entry_type'>;

/** Rows of each landing table that the processors write for events, corrections among them. */
type Landed = ReadonlyMap<LandingTable, readonly Signed[]>;

/** A warehouse with the assistant's views, into which whole transcripts go through the real processors. */
export class AssistantWarehouse {
  readonly client: ClickHouseClient;
  readonly #scratch: ScratchWarehouse;

  constructor(scratch: ScratchWarehouse) {
    this.#scratch = scratch;
    this.client = scratch.client;
  }

  /** As the user of BI tools. */
  reader(): ClickHouseClient {
    return connect({ url: this.#scratch.server.url, username: 'bi' });
  }

  async take(events: readonly Event[], options: { batch?: number; rows?: number } = {}): Promise<void> {
    for (const [table, rows] of await process(events, options.batch)) {
      // Each insert a part of its own, so that what is read has to be merged on the way.
      const size = options.rows ?? rows.length;
      for (let at = 0; at < rows.length; at += size) await land(this.client, table, rows.slice(at, at + size));
    }
  }

  select<Row = Record<string, unknown>>(sql: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return queryRows<Row>(this.client, sql, parameters);
  }

  /** Empties everything but the seeds. */
  async clear(): Promise<void> {
    const found = await this.select<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = 'assistant' AND engine LIKE '%MergeTree' AND name != 'landing_seeds'",
    );
    for (const { name } of found) {
      await this.client.command({
        query: 'TRUNCATE TABLE assistant.{name:Identifier}',
        query_params: { name },
      });
    }
  }

  async seed(options: Partial<AssistantOptions> = {}, dir?: string): Promise<void> {
    await loadSeeds(this.client, { domains: [assistantDomain(options)], dir, isReset: true });
  }

  stop(): Promise<void> {
    return this.#scratch.stop();
  }
}

export async function startAssistantWarehouse(): Promise<AssistantWarehouse> {
  const scratch = await startScratchWarehouse();
  await migrate(scratch.client);
  const warehouse = new AssistantWarehouse(scratch);
  await warehouse.seed();
  return warehouse;
}

/** A new id each time, so that an event is told from every other. */
let lastId = 0;

async function process(events: readonly Event[], batchEventsMax = 100): Promise<Landed> {
  const driver = createTestDriver({ domain: assistantDomain(), limits: { batchEventsMax }, startAt: Date.now() });
  try {
    for (const event of events) {
      driver.send('assistant.entries', {
        conversation_id: `e${++lastId}`,
        session_id: 's1',
        project_id: 'p1',
        timestamp: '2026-03-02T10:00:00Z',
        ...event,
      });
    }
    await driver.drain();
    if (driver.deadLetters().length > 0) throw new Error(JSON.stringify(driver.deadLetters()[0]));
    return new Map(Object.values(tables).map((table) => [table, signed(table, driver.signedRows(table.name))]));
  } finally {
    await driver.close();
  }
}

/** Times as ClickHouse reads them from JSON. */
function signed(
  { columns }: LandingTable,
  rows: readonly { row: Readonly<Record<string, unknown>>; sign: number }[],
): Signed[] {
  const isTime = (name: string) => columns[name]?.includes('DateTime64') === true;
  return rows.map(({ row, sign }) => [
    sign as 1 | -1,
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        isTime(name) && typeof value === 'number'
          ? new Date(value).toISOString().replace('T', ' ').slice(0, 23)
          : value,
      ]),
    ),
  ]);
}

/** `seconds` after an instant. */
export function later(start: string, seconds: number): string {
  return new Date(Date.parse(start) + seconds * 1000).toISOString();
}

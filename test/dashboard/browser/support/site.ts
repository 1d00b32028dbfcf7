import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dashboard } from '../../../../src/dashboard/dashboard.ts';
import { pagesOf } from '../../../../src/dashboard/pages/index.ts';
import { dashboardPlugin } from '../../../../src/dashboard/plugin.ts';
import { domainNames } from '../../../../src/domains.ts';
import { type HttpServer, startHttpServer } from '../../../../src/http/server.ts';
import { queryRows } from '../../../../src/warehouse/client.ts';
import { DashboardReader } from '../../../../src/warehouse/dashboard-reader.ts';
import { type ReplayedWarehouse, replayedWarehouse } from '../../replayed-warehouse.ts';

/** The dashboard as people meet it: the shipped real conversations in a real ClickHouse, real server, the bundled page. */
export class Site {
  readonly #replayed: ReplayedWarehouse;
  readonly #server: HttpServer;

  constructor(replayed: ReplayedWarehouse, server: HttpServer) {
    this.#replayed = replayed;
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  /** Counts more messages. */
  async count(messages: readonly object[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-more-'));
    const lines = messages.map((message) => `${JSON.stringify(message)}\n`);
    writeFileSync(join(folder, 'conversations.messages.ndjson'), lines.join(''));
    await this.#replayed.replay(folder);
  }

  /** The only row of an answer. */
  async ask<Row>(sql: string, parameters: Record<string, unknown> = {}): Promise<Row> {
    const [row] = await queryRows<Row>(this.#replayed.warehouse.client, sql, parameters);
    return row!;
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await this.#replayed.close();
  }
}

export async function startSite(port = 0): Promise<Site> {
  const host = '127.0.0.1';
  const replayed = await replayedWarehouse({ sampleOnly: true });
  const reader = new DashboardReader(replayed.reader);
  const dashboard = new Dashboard({ reader, domains: pagesOf(domainNames), pollMs: 200 });
  try {
    const server = await startHttpServer({
      host,
      port,
      readiness: async () => ({ isReady: true, reasons: [] }),
      plugin: (instance) => dashboardPlugin(instance, { dashboard, host }),
    });
    return new Site(replayed, server);
  } catch (error) {
    await replayed.close();
    throw error;
  }
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dashboard } from '../../../../src/dashboard/dashboard.ts';
import { pagesOf } from '../../../../src/dashboard/pages/index.ts';
import { dashboardPlugin } from '../../../../src/dashboard/plugin.ts';
import { allDomains } from '../../../../src/domains.ts';
import { type HttpServer, startHttpServer } from '../../../../src/http/server.ts';
import { replay } from '../../../../src/runtime/replay.ts';
import { queryRows } from '../../../../src/warehouse/client.ts';
import { DashboardReader } from '../../../../src/warehouse/dashboard-reader.ts';
import { READER } from '../../../../src/warehouse/embedded/server.ts';
import { migrate } from '../../../../src/warehouse/migrations.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../../../warehouse/scratch-warehouse.ts';

/** The shipped real conversations. */
export const realEvents = fileURLToPath(new URL('../../../../examples/twitter-care', import.meta.url));

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const host = '127.0.0.1';

/** The dashboard as people meet it: real ClickHouse, real server, the bundled page. */
export class Site {
  readonly #scratch: ScratchWarehouse;
  readonly #server: HttpServer;

  constructor(scratch: ScratchWarehouse, server: HttpServer) {
    this.#scratch = scratch;
    this.#server = server;
  }

  get url(): string {
    return this.#server.url;
  }

  get folder(): string {
    return this.#scratch.dataDir;
  }

  async count(...paths: string[]): Promise<void> {
    await count(this.#scratch, paths);
  }

  /** The only row of an answer. */
  async ask<Row>(sql: string, parameters: Record<string, unknown> = {}): Promise<Row> {
    const [row] = await queryRows<Row>(this.#scratch.client, sql, parameters);
    return row!;
  }

  async stop(): Promise<void> {
    await this.#server.close();
    await this.#scratch.stop();
  }
}

export async function startSite(port = 0, paths: readonly string[] = [realEvents]): Promise<Site> {
  const scratch = await startScratchWarehouse();
  try {
    await migrate(scratch.client, { domains: ['conversations'] });
    if (paths.length > 0) await count(scratch, paths);
    const reader = new DashboardReader({ url: scratch.server.url, username: READER, password: '' });
    const dashboard = new Dashboard({ reader, domains: pagesOf(['conversations']), pollMs: 200 });
    const server = await startHttpServer({
      host,
      port,
      readiness: async () => ({ isReady: true, reasons: [] }),
      plugin: (instance) => dashboardPlugin(instance, { dashboard, host }),
    });
    return new Site(scratch, server);
  } catch (error) {
    await scratch.stop();
    throw error;
  }
}

async function count({ client, server, dataDir }: ScratchWarehouse, paths: readonly string[]): Promise<void> {
  const { url, username, password } = server;
  const summary = await replay({
    warehouse: { client, url, username, password, server: undefined, close: async () => {} },
    dataDir: join(dataDir, 'replayed'),
    domains: allDomains(),
    paths,
    app: 'parley',
    log: silent,
  });
  if (summary.faults.length > 0) throw summary.faults[0]!;
}

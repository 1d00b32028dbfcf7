import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LandingTable } from '../../src/runtime/domain.ts';
import { type ClickHouseClient, connect } from '../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';

/** A real server in a folder of its own, for the tests of one file. */
export class ScratchWarehouse {
  readonly dataDir: string;
  readonly client: ClickHouseClient;
  #server: EmbeddedServer;

  constructor(dataDir: string, server: EmbeddedServer) {
    this.dataDir = dataDir;
    this.#server = server;
    this.client = connect(server);
  }

  get server(): EmbeddedServer {
    return this.#server;
  }

  kill(): void {
    process.kill(this.#server.pid, 'SIGKILL');
  }

  /** Starts it again after `kill`, on the same port. The server would do so by itself, but only a few times in a row. */
  async restart(): Promise<void> {
    const { httpPort } = this.#server;
    await this.#server.stop();
    this.#server = await startServer(this.dataDir, httpPort);
    if (this.#server.httpPort !== httpPort) throw new Error(`port ${httpPort} was taken`);
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.#server.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export async function startScratchWarehouse(): Promise<ScratchWarehouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-warehouse-'));
  return new ScratchWarehouse(dataDir, await startServer(dataDir, 0));
}

function startServer(dataDir: string, httpPort: number): Promise<EmbeddedServer> {
  return startEmbeddedServer({ dataDir, httpPort, tcpPort: 0, restart: false });
}

/** CREATE TABLE for a landing table, as the migrations would have it. */
export function createTable(table: LandingTable, engine = 'MergeTree ORDER BY tuple()', window = 10_000): string {
  const columns = Object.entries(table.columns).map(([name, type]) => `\`${name}\` ${type}`);
  return `CREATE TABLE ${table.database}.${table.name} (${columns.join(', ')}, sign Int8, row_version UInt64)
    ENGINE = ${engine} SETTINGS non_replicated_deduplication_window = ${window}`;
}

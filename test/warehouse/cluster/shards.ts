import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, connect } from '../../../src/warehouse/client.ts';
import { clusterStatements } from '../../../src/warehouse/cluster/rewrite.ts';
import { serverConfiguration, usersConfiguration, WRITER } from '../../../src/warehouse/embedded/configuration.ts';
import { type Engine, startEngine } from '../../../src/warehouse/embedded/engine.ts';
import {
  makeServerFolder,
  type ServerFolder,
  serverFolder,
  writePrivate,
} from '../../../src/warehouse/embedded/folder.ts';
import { findLibrary } from '../../../src/warehouse/embedded/library.ts';
import { revokeLostInserts } from '../../../src/warehouse/embedded/lost-inserts.ts';
import { choosePort } from '../../../src/warehouse/embedded/ports.ts';
import { waitUntilReady } from '../../../src/warehouse/embedded/ready.ts';
import { readMigrationFiles } from '../../../src/warehouse/migration-files.ts';
import { clusterDomain, recordStatements } from '../../../src/warehouse/migration-record.ts';

/**
 * Real ClickHouse servers as the shards of a cluster, one replica each. The embedded engine cannot replicate (it never
 * opens an interserver port) and has no queue of statements ON CLUSTER, but Distributed tables, the cutting of inserts,
 * GLOBAL joins and deduplication by token on each shard are the server's own.
 */
export const cluster = 'shards';
const password = 'of-the-test';

interface Address {
  readonly httpPort: number;
  readonly tcpPort: number;
}

/**
 * One server, started again whenever it has ended. Not only after a kill: the embedded engine ends by itself when the
 * other end of a native connection is reset (an exception that `clickhouse local` does not catch), as happens to the
 * shards that a killed one was speaking to.
 */
class Shard {
  readonly address: Address;
  readonly client: ClickHouseClient;
  readonly #folder: ServerFolder;
  #engine: Engine;
  #isStopping = false;
  #up: Promise<void>;

  constructor(folder: ServerFolder, address: Address) {
    this.#folder = folder;
    this.address = address;
    this.client = connect({ url: `http://127.0.0.1:${address.httpPort}`, username: WRITER, password });
    this.#engine = this.#start();
    this.#up = this.#ready();
  }

  /** Resolves when it answers. */
  get up(): Promise<void> {
    return this.#up;
  }

  /** Ends it with `kill -9`; resolves when it answers again, after having been down for a time. */
  async kill(downMs: number): Promise<void> {
    await this.#up;
    const engine = this.#engine;
    this.#up = engine.ended.then(() => sleep(downMs)).then(() => this.#restart());
    process.kill(engine.pid, 'SIGKILL');
    await this.#up;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.client.close();
    await this.#up.catch(() => undefined);
    await this.#engine.stop(5_000);
  }

  #start(): Engine {
    // As before each start of the embedded server.
    revokeLostInserts(this.#folder);
    const engine = startEngine({ library: findLibrary(), folder: this.#folder, ...this.address });
    void engine.ended.then(() => {
      const isSurprise = !this.#isStopping && this.#engine === engine;
      if (isSurprise) this.#up = this.#up.catch(() => undefined).then(() => this.#restart(engine));
    });
    return engine;
  }

  async #restart(dead?: Engine): Promise<void> {
    // After a kill the engine is another one already.
    if (this.#isStopping || (dead !== undefined && this.#engine !== dead)) return;
    this.#engine = this.#start();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    const engine = this.#engine;
    const url = `http://127.0.0.1:${this.address.httpPort}`;
    const version = await waitUntilReady(engine, { url, password, timeoutMs: 60_000 });
    if (version === undefined && !this.#isStopping) throw new Error(engine.lastLines().join('\n'));
  }
}

export class Shards {
  readonly #dir: string;
  readonly #shards: readonly Shard[];

  constructor(dir: string, shards: readonly Shard[]) {
    this.#dir = dir;
    this.#shards = shards;
  }

  get clients(): ClickHouseClient[] {
    return this.#shards.map(({ client }) => client);
  }

  account(shard: number): { url: string; username: string; password: string } {
    return { url: `http://127.0.0.1:${this.#at(shard).address.httpPort}`, username: WRITER, password };
  }

  kill(shard: number, downMs: number): Promise<void> {
    return this.#at(shard).kill(downMs);
  }

  /** Resolves when all answer. */
  async up(): Promise<void> {
    await Promise.all(this.#shards.map(({ up }) => up));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.stop()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #at(shard: number): Shard {
    const one = this.#shards[shard];
    if (one === undefined) throw new Error(`no shard ${shard}`);
    return one;
  }
}

export async function startShards(count: number, options: { hasNamedCollection?: boolean } = {}): Promise<Shards> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-shards-'));
  const ports: number[] = [];
  for (let index = 0; index < count * 2; index++) ports.push(await choosePort(0, ports));
  const shards: Shard[] = [];
  const tcpPorts = ports.slice(count);
  for (let index = 0; index < count; index++) {
    const folder = serverFolder(join(dir, `shard${index}`));
    makeServerFolder(folder);
    writeFileSync(folder.password, password);
    const { hasNamedCollection = true } = options;
    const configuration = serverConfiguration(folder, password, false)
      .replace(/<named_collections>[\s\S]*<\/named_collections>/, (all) => (hasNamedCollection ? all : ''))
      .replace('</clickhouse>', `${clusterConfiguration(tcpPorts, index)}</clickhouse>`);
    writePrivate(folder.config, configuration);
    writePrivate(folder.users, usersConfiguration(password));
    shards.push(new Shard(folder, { httpPort: ports[index] ?? 0, tcpPort: tcpPorts[index] ?? 0 }));
  }
  const all = new Shards(dir, shards);
  await all.up();
  return all;
}

function clusterConfiguration(tcpPorts: readonly number[], shard: number): string {
  const shards = tcpPorts.map(
    (port) => `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host>
      <port>${port}</port><user>${WRITER}</user><password>${password}</password></replica></shard>`,
  );
  return `<remote_servers><${cluster}>${shards.join('')}</${cluster}></remote_servers>
    <macros><shard>${shard}</shard><replica>only</replica></macros>`;
}

/** A statement for a cluster, as each of its servers would do it, but without Keeper: nothing else is changed. */
export function withoutReplication(statement: string): string {
  return statement
    .replace(` ON CLUSTER '${cluster}'`, '')
    .replace(/ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, 'ENGINE = $1(')
    .replace(
      /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
      'non_replicated_deduplication_window = $1',
    );
}

/** The cluster form of all migrations on every shard, and the record that `migrate --cluster` leaves. */
export async function migrateShards(shards: Shards): Promise<void> {
  const weights = shards.clients.map(() => 1).join(', ');
  for (const client of shards.clients) {
    for (const sql of recordStatements(cluster)) await client.command({ query: withoutReplication(sql) });
    for (const file of readMigrationFiles()) {
      for (const statement of file.statements) {
        for (const sql of clusterStatements(statement, cluster, file.path)) {
          await client.command({ query: withoutReplication(sql) });
        }
      }
    }
    const rows = readMigrationFiles().map(({ domain, name, checksum }) => ({ domain, name, checksum }));
    await client.insert({
      table: 'orchestrator.migrations',
      values: [...rows, { domain: clusterDomain, name: cluster, checksum: `shards with weights ${weights}` }],
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0 },
    });
  }
}

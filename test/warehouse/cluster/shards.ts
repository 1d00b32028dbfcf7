import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, connect } from '../../../src/warehouse/client.ts';
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
import { migrate } from '../../../src/warehouse/migrations.ts';

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

export interface ShardsOptions {
  /** Of the servers' configuration, for a cluster with a fault in it. */
  readonly change?: (configuration: string, shard: number) => string;
}

export async function startShards(count: number, options: ShardsOptions = {}): Promise<Shards> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-shards-'));
  const ports: number[] = [];
  for (let index = 0; index < count * 2; index++) ports.push(await choosePort(0, ports));
  const shards: Shard[] = [];
  const tcpPorts = ports.slice(count);
  for (let index = 0; index < count; index++) {
    const folder = serverFolder(join(dir, `shard${index}`));
    makeServerFolder(folder);
    writeFileSync(folder.password, password);
    const configuration = serverConfiguration(folder, password, false).replace(
      '</clickhouse>',
      `${clusterConfiguration(tcpPorts, index)}</clickhouse>`,
    );
    writePrivate(folder.config, options.change?.(configuration, index) ?? configuration);
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
  return (
    statement
      .replace(/^SYSTEM SYNC REPLICA .*/, 'SELECT 1 FORMAT Null')
      .replace(` ON CLUSTER '${cluster}'`, '')
      // Here a server is migrated whole before the next one: it must not ask that one for tables that it does not have yet. An
      // engine that is left alone with half an answer ends itself.
      .replace(' REFRESH EVERY 10 SECOND ', ' REFRESH EVERY 10 YEAR ')
      .replace(/ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?/, 'ENGINE = $1(')
      .replace(
        /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
        'non_replicated_deduplication_window = $1',
      )
  );
}

/** The same client, whose statements go without replication: what `migrate` does is otherwise its own. */
export function withoutKeeper(client: ClickHouseClient): ClickHouseClient {
  return new Proxy(client, {
    get(target, name) {
      if (name === 'command') {
        const command: ClickHouseClient['command'] = (parameters) =>
          target.command({ ...parameters, query: withoutReplication(parameters.query) });
        return command;
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** `migrate --cluster` through every server, each of which does what ON CLUSTER would have had it do. */
export async function migrateShards(shards: Shards): Promise<void> {
  for (const client of shards.clients) await migrate(withoutKeeper(client), { cluster });
}

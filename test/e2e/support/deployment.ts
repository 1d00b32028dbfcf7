import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../../src/warehouse/embedded/server.ts';
import { parley } from '../../cli/program.ts';
import { type Broker, startBroker } from '../../kafka/broker.ts';
import { type Registry, startRegistry } from '../../kafka/registry.ts';
import { Member } from './member.ts';
import { halfWrittenParts } from './processor.ts';
import { Publisher } from './publish.ts';
import { readDigest, recounted, rowsOf, type WarehouseDigest } from './warehouse.ts';
import { Wire } from './wire.ts';

export interface DeadLetter {
  /** `kafka/<topic>/<partition>`. */
  readonly shard: string;
  readonly offset: number;
  readonly code: string;
}

const app = 'faults-test';
const prefix = 'test.';

/** Broker, registry and ClickHouse that a group works with, each of which can be taken away. */
export class Deployment {
  readonly broker: Broker;
  readonly registry: Registry;
  readonly publisher: Publisher;
  readonly wire: Wire;
  readonly #folder: string;
  readonly #members: Member[] = [];
  #server: EmbeddedServer;
  #isStopped = false;

  static async start(folder: string, partitions: number): Promise<Deployment> {
    const [broker, registry, server] = await Promise.all([startBroker(), startRegistry(), startWarehouse(folder)]);
    const publisher = new Publisher(broker.brokers, prefix);
    await publisher.connect();
    await publisher.createTopics(partitions);
    return new Deployment(folder, broker, registry, server, publisher, await Wire.open(registry.url, prefix));
  }

  private constructor(
    folder: string,
    broker: Broker,
    registry: Registry,
    server: EmbeddedServer,
    publisher: Publisher,
    wire: Wire,
  ) {
    this.#folder = folder;
    this.broker = broker;
    this.registry = registry;
    this.#server = server;
    this.publisher = publisher;
    this.wire = wire;
  }

  get environment(): Record<string, string> {
    return {
      PARLEY_APP: app,
      PARLEY_DOMAINS: 'conversations',
      PARLEY_KAFKA_BROKERS: this.broker.brokers.join(','),
      PARLEY_KAFKA_TOPIC_PREFIX: prefix,
      // The least that a broker takes: so long is a dead member waited for.
      PARLEY_KAFKA_SESSION_TIMEOUT_MS: '6000',
      PARLEY_SCHEMA_REGISTRY_URL: this.registry.url,
      PARLEY_CLICKHOUSE_URL: this.#server.url,
      PARLEY_CLICKHOUSE_USERNAME: this.#server.username,
      PARLEY_CLICKHOUSE_PASSWORD: this.#server.password,
      PARLEY_CHECKPOINT_INTERVAL_MS: '2000',
    };
  }

  /** A new life of a member, with the local state of those of the same name before it. */
  member(name: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}): Member {
    // A test that failed may still be putting a member in the place of one that it killed.
    if (this.#isStopped) throw new Error(`${name} cannot join: the deployment has ended`);
    const state = { PARLEY_STATE_DIR: join(this.#folder, 'state', name) };
    const made = new Member({ ...this.environment, ...state, ...more }, args);
    this.#members.push(made);
    return made;
  }

  /** Until the group has committed all that was published. */
  async caughtUp(withinMs = 150_000): Promise<void> {
    // Twice: what one stage forwards in its last batch may not be readable yet when its own input is at its end.
    for (let deadline = Date.now() + withinMs, times = 0; times < 2; await sleep(300)) {
      const { code, out, err } = await parley(['lag', '--json'], this.environment);
      times = code === 0 && (JSON.parse(out) as { lag: number }).lag === 0 ? times + 1 : 0;
      if (Date.now() < deadline || times > 0) continue;
      const members = this.#members.filter(({ hasEnded }) => !hasEnded).map(({ errors }) => errors);
      throw new Error(`The group is behind:\n${out}\n${err}\n${members.join('\n--- the next member\n')}`);
    }
  }

  /** What the warehouse has; `kept` and `facts` are to be equal, see `recounted`. */
  async found(): Promise<{ digest: WarehouseDigest; kept: unknown; facts: unknown; deadLetters: DeadLetter[] }> {
    const client = connect(this.#server);
    try {
      const rows = await rowsOf<[string, number, string]>(
        client,
        'SELECT shard, `offset`, code FROM orchestrator.dead_letters ORDER BY ALL',
      );
      const deadLetters = rows.map(([shard, offset, code]) => ({ shard, offset, code }));
      return { digest: await readDigest(client), ...(await recounted(client)), deadLetters };
    } finally {
      await client.close();
    }
  }

  /** What is in the topic of dead letters. */
  async deadLetterRecords(): Promise<DeadLetter[]> {
    const records = await this.publisher.records(`${app}-dead-letters`);
    return records.map(({ headers }) => ({
      shard: String(headers?.['parley-shard']),
      offset: Number(String(headers?.['parley-offset'])),
      code: String(headers?.['parley-code']),
    }));
  }

  shardOf(topic: string, partition: number): string {
    return `kafka/${prefix}${topic}/${partition}`;
  }

  /** Ends ClickHouse with `kill -9`, while it writes a part if it does so soon; whether it did. It stays down. */
  async killWarehouse(aimMs = 5_000): Promise<boolean> {
    const dataDir = join(this.#folder, 'warehouse');
    for (const deadline = performance.now() + aimMs; performance.now() < deadline; await sleep(1)) {
      if (halfWrittenParts(dataDir) > 0) break;
    }
    process.kill(this.#server.pid, 'SIGKILL');
    return halfWrittenParts(dataDir) > 0;
  }

  /** After `killWarehouse`, or of one that runs: in good order then. On the same ports. */
  async restartWarehouse(downMs = 0): Promise<void> {
    const { httpPort, tcpPort, url } = this.#server;
    await this.#server.stop();
    await sleep(downMs);
    this.#server = await startWarehouse(this.#folder, httpPort, tcpPort);
    if (this.#server.url !== url) throw new Error(`The port of ${url} was taken by somebody else`);
  }

  pauseWarehouse(): void {
    process.kill(this.#server.pid, 'SIGSTOP');
  }

  resumeWarehouse(): void {
    process.kill(this.#server.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const member of this.#members) member.signalAll('SIGKILL');
    await Promise.all(this.#members.map(({ ended }) => ended));
    await this.publisher.disconnect();
    await Promise.all([this.broker.stop(), this.registry.stop(), this.#server.stop()]);
  }
}

/** It is started again by the test alone. */
function startWarehouse(folder: string, httpPort = 0, tcpPort = 0): Promise<EmbeddedServer> {
  return startEmbeddedServer({ dataDir: join(folder, 'warehouse'), httpPort, tcpPort, restart: false });
}

import { GenericContainer, getContainerRuntimeClient, Network, type StartedTestContainer, Wait } from 'testcontainers';
import { type ClickHouseClient, connect } from '../../../src/warehouse/client.ts';

/** The oldest line of servers that Parley takes. */
const image = 'clickhouse/clickhouse-server:25.8';
export const cluster = 'replicas';
const username = 'parley';
const password = 'of-the-test';

export function hasContainers(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** One of two servers of one shard. Its address is another one after a restart. */
export class Replica {
  readonly #container: StartedTestContainer;
  #client: ClickHouseClient | undefined;

  constructor(container: StartedTestContainer) {
    this.#container = container;
  }

  get client(): ClickHouseClient {
    const url = `http://${this.#container.getHost()}:${this.#container.getMappedPort(8123)}`;
    this.#client ??= connect({ url, username, password });
    return this.#client;
  }

  /** SIGKILL, and a start; resolves when it answers. */
  async kill(): Promise<void> {
    await this.#container.restart({ timeout: 0 });
    await this.#client?.close();
    this.#client = undefined;
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#container.stop();
  }
}

export interface Replicas {
  readonly replicas: readonly [Replica, Replica];
  stop(): Promise<void>;
}

/** A Keeper and two ClickHouse servers, in containers. */
export async function startReplicas(): Promise<Replicas> {
  const network = await new Network().start();
  const keeper = await new GenericContainer(image)
    .withNetwork(network)
    .withNetworkAliases('keeper')
    .withCopyContentToContainer([{ content: keeperConfiguration, target: '/tmp/keeper.xml' }])
    .withCommand(['clickhouse', 'keeper', '--config-file=/tmp/keeper.xml'])
    .withExposedPorts(9181)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const containers = await Promise.all(
    ['replica1', 'replica2'].map((name) =>
      new GenericContainer(image)
        .withNetwork(network)
        .withNetworkAliases(name)
        .withEnvironment({ CLICKHOUSE_USER: username, CLICKHOUSE_PASSWORD: password })
        .withCopyContentToContainer([
          { content: serverConfiguration(name), target: '/etc/clickhouse-server/config.d/cluster.xml' },
        ])
        .withExposedPorts(8123)
        .withWaitStrategy(Wait.forHttp('/ping', 8123))
        .start(),
    ),
  );
  const [first, second] = containers.map((container) => new Replica(container));
  return {
    replicas: [first!, second!],
    stop: async () => {
      await Promise.all([first!.stop(), second!.stop()]);
      await keeper.stop();
      await network.stop();
    },
  };
}

function serverConfiguration(name: string): string {
  const replica = (host: string) => `<replica><host>${host}</host><port>9000</port></replica>`;
  return `<clickhouse>
    <remote_servers>
      <${cluster}>
        <secret>between-servers</secret>
        <shard><internal_replication>true</internal_replication>${replica('replica1')}${replica('replica2')}</shard>
      </${cluster}>
    </remote_servers>
    <macros><shard>1</shard><replica>${name}</replica></macros>
    <zookeeper><node><host>keeper</host><port>9181</port></node></zookeeper>
    <distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
    <interserver_http_host>${name}</interserver_http_host>
    <named_collections><parley><user>${username}</user><password>${password}</password></parley></named_collections>
  </clickhouse>`;
}

const keeperConfiguration = `<clickhouse>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>0.0.0.0</listen_host>
  <path>/tmp/keeper</path>
  <keeper_server>
    <tcp_port>9181</tcp_port>
    <server_id>1</server_id>
    <log_storage_path>/tmp/keeper/log</log_storage_path>
    <snapshot_storage_path>/tmp/keeper/snapshots</snapshot_storage_path>
    <raft_configuration><server><id>1</id><hostname>localhost</hostname><port>9234</port></server></raft_configuration>
  </keeper_server>
</clickhouse>`;

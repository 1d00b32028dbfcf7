import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allDomains } from '../../src/domains.ts';
import { serverFolder, writePrivate } from '../../src/warehouse/embedded/folder.ts';
import { choosePort } from '../../src/warehouse/embedded/ports.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { startKafka } from './kafka.ts';
import { startRegistry } from './registry.ts';
import { registerSchemas } from './schemas.ts';
import { createInputTopics } from './topics.ts';

export interface StackOptions {
  /** Everything that is kept lies in it: a stack started again on it goes on with its topics, schemas and tables. */
  readonly dataDir: string;
  /** Of each topic that producers write to. */
  readonly partitions: number;
  /** Wanted ports; the next free ones are taken when they are not. 0 for any. */
  readonly kafkaPort: number;
  readonly registryPort: number;
  readonly clickhousePort: number;
  readonly httpPort: number;
  readonly log: (message: string) => void;
}

/** All that `parley run` needs, running, on the loopback interface. */
export interface Stack {
  readonly brokers: string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
  readonly httpPort: number;
  /** By topic. */
  readonly schemaIds: ReadonlyMap<string, number>;
  /** What `parley run` reads. No secret stands in it: the password is in a file that only its owner can read. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same as lines for a shell. */
  readonly environmentFile: string;
  stop(): Promise<void>;
}

/** Starts a broker, a registry and an embedded ClickHouse, and makes topics, schemas and tables. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { partitions, log } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const domains = allDomains();
  const topics = domains.flatMap((domain) => domain.topics);
  const kafkaPort = await choosePort(options.kafkaPort);
  const registryPort = await choosePort(options.registryPort, [kafkaPort]);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  // One after the other, so that what is running is known when the next one fails.
  try {
    log('Starting Kafka …');
    const kafka = await startKafka({ port: kafkaPort, dataDir: join(dataDir, 'kafka') });
    stops.push(() => kafka.stop());
    log('Starting the schema registry …');
    const registry = await startRegistry({ port: registryPort, dataDir: join(dataDir, 'registry') });
    stops.push(() => registry.stop());
    log('Starting ClickHouse …');
    const names = domains.map(({ name }) => name);
    const warehouse = await openWarehouse({ dataDir, httpPort: options.clickhousePort, domains: names });
    stops.push(() => warehouse.close());
    await createInputTopics({ brokers: kafka.brokers, topics, partitions });
    const schemaIds = await registerSchemas({ url: registry.url, topics });
    const httpPort = await choosePort(options.httpPort);
    const environment = {
      PARLEY_KAFKA_BROKERS: kafka.brokers.join(','),
      PARLEY_SCHEMA_REGISTRY_URL: registry.url,
      PARLEY_CLICKHOUSE_URL: warehouse.url,
      PARLEY_CLICKHOUSE_USERNAME: warehouse.username,
      PARLEY_CLICKHOUSE_PASSWORD_FILE: serverFolder(dataDir).password,
      PARLEY_STATE_DIR: join(dataDir, 'state'),
      PARLEY_HTTP_PORT: String(httpPort),
    };
    const environmentFile = join(dataDir, 'environment');
    writePrivate(environmentFile, shellLines(environment));
    const { url: clickhouseUrl } = warehouse;
    const addresses = { brokers: kafka.brokers, registryUrl: registry.url, clickhouseUrl, httpPort };
    return { ...addresses, schemaIds, environment, environmentFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `export NAME='value'` for each, as a shell reads it. */
export function shellLines(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`,
  );
  return lines.join('');
}

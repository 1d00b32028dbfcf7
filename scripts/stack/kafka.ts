import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { messageOf } from '../../src/errors.ts';
import { javaProgram, kafkaJars } from './artifacts.ts';
import { ADVERTISED_HOST, serverProperties } from './kafka-properties.ts';
import { type BrokerSecurity, makeCertificate, scramArguments } from './kafka-security.ts';
import { freePorts } from './ports.ts';
import { dataFolder, type Service, startFailed, startService } from './service.ts';

export interface KafkaOptions {
  /** Of the listener without security; a free one when left out. */
  readonly port?: number;
  /** Kept when the broker stops; a temporary folder, removed at the end, when left out. */
  readonly dataDir?: string;
  /** Added to the broker's properties, and stronger. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Adds a listener that asks for `saslUser`, over TLS or not; default `none`. */
  readonly security?: BrokerSecurity;
}

export interface KafkaService extends Service {
  /** `host:port` of the listener to use: the secured one where there is one. */
  readonly brokers: string[];
  /** `host:port` of the listener that asks for nothing. It is always there. */
  readonly plainBrokers: string[];
  /** PEM of the authority to trust, with `security: 'tls'`. */
  readonly authority?: string;
}

const run = promisify(execFile);
const formatMs = 60_000;

/** Starts a Kafka broker on the loopback interface and waits until it answers. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaService> {
  const security = options.security ?? 'none';
  const java = await javaProgram();
  const classPath = join(await kafkaJars(), '*');
  const folder = dataFolder('kafka', options.dataDir);
  const [plain, controller, secured] = await freePorts(3);
  const ports = { plain: options.port ?? plain!, controller: controller!, secured: secured! };
  const certificate = security === 'tls' ? makeCertificate() : undefined;
  const logDir = join(folder.path, 'data');
  const propertiesFile = join(folder.path, 'server.properties');
  const text = serverProperties({
    ports,
    listenHost: ADVERTISED_HOST,
    logDir,
    security,
    ...(certificate && { certificate }),
    ...(options.properties && { properties: options.properties }),
  });
  writeFileSync(propertiesFile, text, { mode: 0o600 });
  try {
    if (!existsSync(join(logDir, 'meta.properties'))) {
      await format(java, classPath, [...formatArguments(propertiesFile), ...scramArguments(security)]);
    }
  } catch (error) {
    folder.remove();
    throw startFailed('kafka', `could not format its folder: ${messageOf(error)}`, folder.path);
  }
  const plainBrokers = [`${ADVERTISED_HOST}:${ports.plain}`];
  const service = await startService({
    name: 'kafka',
    folder,
    command: {
      program: java,
      args: ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', ...quiet, '-cp', classPath, 'kafka.Kafka', propertiesFile],
    },
    answers: () => brokerAnswers(plainBrokers),
  });
  return Object.assign(service, {
    plainBrokers,
    brokers: security === 'none' ? plainBrokers : [`${ADVERTISED_HOST}:${ports.secured}`],
    ...(certificate && { authority: certificate.certificate }),
  });
}

/** Warnings only: a broker's own words about each topic are many. */
const quiet = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];

/** The arguments of `kafka-storage` for a cluster of one node. */
export function formatArguments(propertiesFile: string): string[] {
  const cluster = randomBytes(16).toString('base64url');
  // Kafka takes an argument that starts with a dash for an option.
  return ['format', '--standalone', `--cluster-id=${cluster}`, '--config', propertiesFile];
}

async function format(java: string, classPath: string, args: readonly string[]): Promise<void> {
  const program = ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...quiet, '-cp', classPath, 'kafka.tools.StorageTool'];
  await run(java, [...program, ...args], { timeout: formatMs });
}

/** One group of each partition of the topic of offsets: by Java's hash of their names, 97 to 100. */
const probeGroups = ['a', 'b', 'c', 'd'];

/**
 * Resolves when the broker is a member of its own cluster and has loaded what it keeps of consumer groups. Before that it
 * answers "the coordinator is loading", which ends a kafkajs consumer's first run.
 */
export async function brokerAnswers(brokers: string[]): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, connectionTimeout: 1000, retry: { retries: 0 } });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length === 0 || cluster.controller === null)
      throw new Error('the broker is not registered yet');
    for (const groupId of probeGroups) await admin.fetchOffsets({ groupId });
  } finally {
    await admin.disconnect();
  }
}

import { GenericContainer, Wait } from 'testcontainers';
import { KAFKA_VERSION } from '../../scripts/stack/artifacts.ts';
import { brokerAnswers, formatArguments, type KafkaOptions, startKafka } from '../../scripts/stack/kafka.ts';
import { ADVERTISED_HOST, serverProperties } from '../../scripts/stack/kafka-properties.ts';
import { makeCertificate, saslUser, scramArguments } from '../../scripts/stack/kafka-security.ts';
import { freePorts } from '../../scripts/stack/ports.ts';
import { hasDocker, type Server, startContainer } from './docker.ts';

export { saslUser };

export type BrokerOptions = Pick<KafkaOptions, 'properties' | 'security'>;

export interface Broker extends Server {
  /** `host:port` of the listener to use: the secured one where there is one, which asks for `saslUser`. */
  readonly brokers: string[];
  /** `host:port` of the listener that asks for nothing. */
  readonly plainBrokers: string[];
  /** PEM of the authority to trust, with `security: 'tls'`. */
  readonly authority?: string;
}

/**
 * A real Kafka broker for one test file, empty: of a container where a Docker engine answers, else of the Java on this
 * machine. With neither it fails with PARLEY_STACK_MISSING, which says what to install.
 */
export function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  return hasDocker() ? startInContainer(options) : startKafka(options);
}

const propertiesFile = '/tmp/server.properties';

/** The same properties and the same format in the container, which listens on the ports that clients see outside. */
async function startInContainer({ security = 'none', properties }: BrokerOptions): Promise<Broker> {
  const [plain, controller, secured] = await freePorts(3);
  const certificate = security === 'tls' ? makeCertificate() : undefined;
  const content = serverProperties({
    ports: { plain: plain!, controller: controller!, secured: secured! },
    listenHost: '0.0.0.0',
    logDir: '/tmp/parley-kafka',
    security,
    ...(certificate && { certificate }),
    ...(properties && { properties }),
  });
  const format = [...formatArguments(propertiesFile), '--ignore-formatted', ...scramArguments(security)];
  const script = [
    `/opt/kafka/bin/kafka-storage.sh ${format.map((argument) => `'${argument}'`).join(' ')}`,
    `exec /opt/kafka/bin/kafka-server-start.sh ${propertiesFile}`,
  ];
  const published = [plain!, ...(security === 'none' ? [] : [secured!])];
  const plainBrokers = [`${ADVERTISED_HOST}:${plain}`];
  const server = await startContainer(
    new GenericContainer(`apache/kafka:${KAFKA_VERSION}`)
      .withCopyContentToContainer([{ content, target: propertiesFile, mode: 0o644 }])
      .withEntrypoint(['/bin/bash', '-c', script.join(' && ')])
      .withExposedPorts(...published.map((port) => ({ container: port, host: port })))
      .withWaitStrategy(Wait.forListeningPorts()),
    () => brokerAnswers(plainBrokers),
  );
  return Object.assign(server, {
    plainBrokers,
    brokers: security === 'none' ? plainBrokers : [`${ADVERTISED_HOST}:${secured}`],
    ...(certificate && { authority: certificate.certificate }),
  });
}

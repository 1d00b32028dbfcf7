import { type BrokerSecurity, type Certificate, securityProperties } from './kafka-security.ts';

export interface BrokerLayout {
  readonly ports: { readonly plain: number; readonly controller: number; readonly secured: number };
  /** The interface that it listens on: the loopback one, or all of a container's. */
  readonly listenHost: string;
  readonly logDir: string;
  readonly security: BrokerSecurity;
  readonly certificate?: Certificate;
  /** Added to these, and stronger than these. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Where clients find the broker: on the loopback interface, also when it runs in a container. */
export const ADVERTISED_HOST = '127.0.0.1';

/**
 * A `server.properties` of one KRaft node that is broker and controller at once. Small: one process of a test, with
 * internal topics of few partitions, which are made while the first client waits. Otherwise Kafka's defaults, so that
 * what is tested is what operators have: the transaction markers above all.
 */
export function serverProperties(layout: BrokerLayout): string {
  const { ports, listenHost, security } = layout;
  const hasSecured = security !== 'none';
  const secured = (host: string) => (hasSecured ? [`SECURED://${host}:${ports.secured}`] : []);
  const plain = (host: string) => `PLAIN://${host}:${ports.plain}`;
  const controller = `${ADVERTISED_HOST}:${ports.controller}`;
  const protocol = security === 'tls' ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  const all: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': controller,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: [plain(listenHost), `CONTROLLER://${controller}`, ...secured(listenHost)].join(','),
    'advertised.listeners': [plain(ADVERTISED_HOST), ...secured(ADVERTISED_HOST)].join(','),
    'listener.security.protocol.map': `PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:${protocol}`,
    'log.dirs': layout.logDir,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    // As many as the groups that brokerAnswers asks for.
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    // A group starts with the members that it has: nobody wants to wait three seconds for others in each test.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // Events of years ago are no older than the test that made them.
    'log.retention.ms': '-1',
    // After a crash the broker is let in again when its last life's session is over: not in the nine seconds of the default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    ...securityProperties(security, layout.certificate),
    ...layout.properties,
  };
  return `${Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

import { ParleyError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import { createKafka } from '../source/kafka/client.ts';
import { kafkaError } from '../source/kafka/failure.ts';
import type { Configuration } from './configuration.ts';

export type Kafka = ReturnType<typeof createKafka>;
export type Admin = ReturnType<Kafka['admin']>;

/** A client for the configured brokers. Connects to nothing yet. Fails with PARLEY_CONFIGURATION when there are none. */
export function kafkaOf({ app, kafka }: Configuration, log: Log): Kafka {
  const { brokers, sasl, tls } = kafka;
  if (brokers === undefined) {
    throw new ParleyError('PARLEY_CONFIGURATION', 'The brokers are not named', {
      expected: 'kafka.brokers in parley.yaml, or PARLEY_KAFKA_BROKERS',
      received: 'neither',
      where: 'kafka.brokers',
    });
  }
  const { mechanism, username, password } = sasl;
  const { isEnabled, ...files } = tls;
  return createKafka({
    brokers,
    clientId: app,
    log,
    tls: { isEnabled, ...withoutUnset(files) },
    ...(mechanism === undefined || username === undefined || password === undefined
      ? {}
      : { sasl: { mechanism, username, password } }),
  });
}

/** Asks the brokers something, over a connection of its own. What fails has a code. */
export async function withAdmin<Answer>(kafka: Kafka, ask: (admin: Admin) => Promise<Answer>): Promise<Answer> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } catch (error) {
    throw kafkaError(error, 'the brokers');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function withoutUnset(files: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter((file): file is [string, string] => file[1] !== undefined));
}

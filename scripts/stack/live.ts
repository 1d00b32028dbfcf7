/**
 * For docker compose: writes live events to Kafka until it is stopped. The file named by STACK_ALIVE_FILE is touched
 * whenever Kafka has taken what there was, for the health check.
 */
import { writeFileSync } from 'node:fs';
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts';
import { allDomains } from '../../src/domains.ts';
import { placesOf } from './places.ts';
import { produceLive } from './produce-live.ts';
import { registerSchemas } from './schemas.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());

try {
  const { brokers, registryUrl, ratePerSecond } = placesOf(process.env);
  const topics = allDomains().flatMap((domain) => domain.topics);
  // They are there already; this asks for their ids.
  const schemaIds = await registerSchemas({ url: registryUrl, topics });
  const aliveFile = process.env.STACK_ALIVE_FILE;
  process.stdout.write(`Writing ${ratePerSecond} messages a second to ${brokers.join(',')}.\n`);
  await produceLive({
    ...{ brokers, topics, schemaIds, ratePerSecond, signal: stopping.signal },
    onProduced: () => aliveFile && writeFileSync(aliveFile, ''),
    onTrouble: (message) => process.stderr.write(`Kafka does not take events: ${message}\n`),
  });
} catch (error) {
  process.stderr.write(describeFailure(error, false));
  process.exitCode = exitCodeOf(error);
}

/** For docker compose: creates the topics and registers the schemas of all domains, and ends. */
import { describeFailure, exitCodeOf } from '../../src/cli/failure.ts';
import { allDomains } from '../../src/domains.ts';
import { placesOf } from './places.ts';
import { registerSchemas } from './schemas.ts';
import { createInputTopics } from './topics.ts';

try {
  const { brokers, registryUrl, partitions } = placesOf(process.env);
  const topics = allDomains().flatMap((domain) => domain.topics);
  await createInputTopics({ brokers, topics, partitions });
  await registerSchemas({ url: registryUrl, topics });
  process.stdout.write(`${topics.length} topics of ${partitions} partitions and their schemas are there.\n`);
} catch (error) {
  process.stderr.write(describeFailure(error, false));
  process.exitCode = exitCodeOf(error);
}

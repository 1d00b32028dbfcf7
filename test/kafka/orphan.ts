/** A parent for the test that kills it: starts a broker in the folder given, prints its pid, and waits. */
import { startKafka } from '../../scripts/stack/kafka.ts';

const { pid } = await startKafka({ dataDir: process.argv[2]! });
process.stdout.write(`${pid}\n`);
setInterval(() => undefined, 60_000);

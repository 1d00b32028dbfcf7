import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KAFKA_VERSION } from '../scripts/stack/artifacts.ts';
import { startKafka } from '../scripts/stack/kafka.ts';
import { createKafka } from '../src/source/kafka/client.ts';
import { createInputs, fill, generated } from './support/backlog.ts';
import { delay } from './support/delay.ts';
import { machineLine } from './support/machine.ts';
import { takeover } from './support/takeover.ts';
import { throughput } from './support/throughput.ts';
import { type BenchWarehouse, startWarehouse } from './support/warehouse.ts';

/**
 * `parley run` from outside, on a broker and a ClickHouse server of its own: how fast it works a backlog off, how soon a
 * message can be queried, how long a member without state takes to take over.
 *
 *     npm run bench:kafka -- [--parts backlog,delay,takeover] [--messages 1000000] [--conversations 100000]
 *       [--shapes 8x1,8x2,1x1] [--rate 5000] [--seconds 60] [--keys 1000000] [--dir FOLDER] [--profile FOLDER] [--json FILE]
 *
 * A shape is partitions x processes. `--profile` has `parley run` write CPU profiles there.
 */
const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: 'backlog,delay,takeover' },
    messages: { type: 'string', default: '1000000' },
    conversations: { type: 'string' },
    shapes: { type: 'string', default: '8x1,8x2,1x1' },
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    keys: { type: 'string', default: '1000000' },
    dir: { type: 'string', default: join(tmpdir(), 'parley-bench') },
    profile: { type: 'string' },
    json: { type: 'string' },
  },
});
const parts = new Set(values.parts.split(','));
const messages = Number(values.messages);
const conversations = Number(values.conversations ?? messages / 10);
const nodeArgs = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const none = () => undefined;
mkdirSync(values.dir, { recursive: true });
const folder = mkdtempSync(join(values.dir, 'run-'));
const broker = await startKafka({ dataDir: join(folder, 'broker') });
const kafka = createKafka({
  brokers: broker.brokers,
  clientId: 'bench',
  log: { debug: none, info: none, warn: none, error: none },
});
let version = '';
let scenes = 0;

interface Scene {
  readonly warehouse: BenchWarehouse;
  environment(member?: string): Record<string, string>;
}

/** A warehouse and a group of its own; topics may be those of another scene. */
async function scene<Result>(prefix: string, work: (scene: Scene) => Promise<Result>): Promise<Result> {
  const app = `bench-${++scenes}`;
  const own = join(folder, app);
  const warehouse = await startWarehouse(join(own, 'warehouse'));
  version = warehouse.server.version;
  const environment = (member = 'one') => ({
    PARLEY_APP: app,
    PARLEY_KAFKA_BROKERS: broker.brokers.join(','),
    PARLEY_KAFKA_TOPIC_PREFIX: prefix,
    PARLEY_KAFKA_SESSION_TIMEOUT_MS: '6000',
    PARLEY_CLICKHOUSE_URL: warehouse.server.url,
    PARLEY_CLICKHOUSE_USERNAME: warehouse.server.username,
    PARLEY_CLICKHOUSE_PASSWORD: warehouse.server.password,
    PARLEY_STATE_DIR: join(own, 'state', member),
  });
  try {
    return await work({ warehouse, environment });
  } finally {
    await warehouse.stop();
    rmSync(own, { recursive: true, force: true });
  }
}

const filled = new Set<string>();

async function backlogOf(partitions: number, size: { messages: number; conversations: number }): Promise<string> {
  const prefix = `p${partitions}-${size.messages}-${size.conversations}.`;
  if (filled.has(prefix)) return prefix;
  filled.add(prefix);
  const events = await generated(values.dir, size);
  await createInputs(kafka, prefix, partitions);
  await fill(kafka, prefix, events);
  return prefix;
}

async function backlog() {
  const results = [];
  for (const shape of values.shapes.split(',')) {
    const [partitions = 8, workers = 1] = shape.split('x').map(Number);
    const prefix = await backlogOf(partitions, { messages, conversations });
    const result = await scene(prefix, ({ warehouse, environment }) =>
      throughput({
        ...{ warehouse, messages, workers, nodeArgs },
        brokerPid: broker.pid,
        environment: environment(),
      }),
    );
    results.push(told({ partitions, ...result }));
  }
  return results;
}

async function delayed() {
  const [perSecond, seconds] = [Number(values.rate), Number(values.seconds)];
  const size = { messages: Math.max(messages, perSecond * seconds * 1.1), conversations };
  const events = await generated(values.dir, size);
  const prefix = 'live.';
  await createInputs(kafka, prefix, 8);
  const result = await scene(prefix, ({ warehouse, environment }) =>
    delay({
      ...{ kafka, warehouse, prefix, perSecond, seconds, nodeArgs },
      brokerPid: broker.pid,
      environment: environment(),
      folder: events,
      workers: 1,
    }),
  );
  return told(result);
}

async function takenOver() {
  const keys = Number(values.keys);
  const prefix = await backlogOf(1, { messages: keys, conversations: keys });
  const result = await scene(prefix, ({ warehouse, environment }) =>
    takeover({ ...{ warehouse, environment, nodeArgs }, messages: keys, brokerPid: broker.pid }),
  );
  return told({ keys, ...result });
}

/** Shown as soon as it is known. */
function told<Result>(result: Result): Result {
  console.log(JSON.stringify(result));
  return result;
}

try {
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: machineLine(),
    node: process.version,
    kafka: KAFKA_VERSION,
    messages,
    conversations,
    ...(parts.has('delay') ? { delay: await delayed() } : {}),
    ...(parts.has('backlog') ? { backlog: await backlog() } : {}),
    ...(parts.has('takeover') ? { takeover: await takenOver() } : {}),
    clickhouse: version,
  };
  console.log(JSON.stringify(report, null, 2));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}

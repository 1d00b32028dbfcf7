import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { javaProgram } from '../../scripts/stack/artifacts.ts';
import { produceLive } from '../../scripts/stack/produce-live.ts';
import { registerSchemas } from '../../scripts/stack/schemas.ts';
import { shellLines } from '../../scripts/stack/stack.ts';
import { createInputTopics } from '../../scripts/stack/topics.ts';
import { allDomains } from '../../src/domains.ts';
import { connect, queryRows } from '../../src/warehouse/client.ts';
import { hasDocker } from './docker.ts';

/** `npm run stack` as a person runs it. It needs Java: with a Docker engine alone there is docker compose instead. */
const canRun =
  !hasDocker() ||
  (await javaProgram().then(
    () => true,
    () => false,
  ));
const startMs = 180_000;
const topics = allDomains().flatMap((domain) => domain.topics);
const main = fileURLToPath(new URL('../../scripts/stack/main.ts', import.meta.url));

let dataDir: string;
let stack: ChildProcess;
let environment: Record<string, string>;

async function start(): Promise<void> {
  const ports = ['kafka', 'registry', 'clickhouse', 'http'].flatMap((name) => [`--${name}-port`, '0']);
  stack = spawn(process.execPath, ['--import', 'tsx', main, '--data-dir', dataDir, '--partitions', '3', ...ports], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    const ended = () => reject(new Error(`the stack ended:\n${lines.join('\n')}`));
    stack.once('exit', ended);
    for (const stream of [stack.stdout!, stack.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (line.startsWith('Ctrl-C')) {
          stack.off('exit', ended);
          resolve();
        }
      });
    }
  });
  await ready;
  const text = readFileSync(join(dataDir, 'environment'), 'utf8');
  environment = Object.fromEntries(
    [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
}

async function stop(): Promise<number | null> {
  const exited = once(stack, 'exit') as Promise<[number | null]>;
  stack.kill('SIGINT');
  return (await exited)[0];
}

const client = () => new Kafka({ brokers: [environment.PARLEY_KAFKA_BROKERS!], logLevel: logLevel.NOTHING });

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-stack-'));
  if (canRun) await start();
}, startMs);

afterAll(async () => {
  if (stack?.exitCode === null) await stop();
  rmSync(dataDir, { recursive: true, force: true });
}, startMs);

test.runIf(canRun)('it has the topics, the schemas and the tables, at the addresses that it says', async () => {
  const admin = client().admin();
  await admin.connect();
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  expect(found.map((topic) => topic.partitions.length)).toEqual(topics.map(() => 3));
  await admin.disconnect();

  const subjects = await (await fetch(`${environment.PARLEY_SCHEMA_REGISTRY_URL}/subjects`)).json();
  expect((subjects as string[]).sort()).toEqual(topics.map(({ name }) => `${name}-value`).sort());

  const warehouse = connect({
    url: environment.PARLEY_CLICKHOUSE_URL!,
    username: environment.PARLEY_CLICKHOUSE_USERNAME!,
    password: readFileSync(environment.PARLEY_CLICKHOUSE_PASSWORD_FILE!, 'utf8').trim(),
  });
  const [row] = await queryRows<{ n: number }>(warehouse, 'SELECT toUInt32(count()) AS n FROM conversations.dim_dates');
  expect(row?.n).toBeGreaterThan(1000);
  await warehouse.close();
});

test.runIf(canRun)('another number of partitions than the topics have is told', async () => {
  const brokers = [environment.PARLEY_KAFKA_BROKERS!];
  await createInputTopics({ brokers, topics, partitions: 3 });
  const other = createInputTopics({ brokers, topics, partitions: 4 });
  await expect(other).rejects.toMatchObject({ code: 'PARLEY_CONFIGURATION' });
});

test.runIf(canRun)('live events have their key, the id of their schema, and one partition a key', async () => {
  const schemaIds = await registerSchemas({ url: environment.PARLEY_SCHEMA_REGISTRY_URL!, topics });
  const enough = new AbortController();
  let produced = 0;
  await produceLive({
    ...{ brokers: [environment.PARLEY_KAFKA_BROKERS!], topics, schemaIds, ratePerSecond: 500, lateShare: 0 },
    signal: enough.signal,
    onProduced: (events) => {
      produced += events;
      if (produced >= 500) enough.abort();
    },
  });
  const all = await readAll(produced);
  const partitionOf = new Map<string, number>();
  for (const { topic, partition, message } of all) {
    const { key, value } = message;
    expect(value!.readUInt8(0)).toBe(0);
    expect(value!.readUInt32BE(1)).toBe(schemaIds.get(topic));
    const event = JSON.parse(value!.toString('utf8', 5)) as Record<string, unknown>;
    expect(String(key)).toBe(event[topics.find(({ name }) => name === topic)!.key]);
    const known = partitionOf.get(String(key)) ?? partition;
    expect(partition).toBe(known);
    partitionOf.set(String(key), known);
  }
  expect(new Set(partitionOf.values()).size).toBe(3);
  expect(new Set(all.map(({ topic }) => topic)).size).toBeGreaterThan(3);
});

test.runIf(canRun)(
  'Ctrl-C ends all of it, and a stack started again has what it had',
  async () => {
    const before = await offsets();
    const { PARLEY_SCHEMA_REGISTRY_URL: registry, PARLEY_CLICKHOUSE_URL: clickhouse } = environment;
    expect(await stop()).toBe(0);
    await expect(fetch(`${registry}/subjects`)).rejects.toThrow();
    await expect(fetch(clickhouse!)).rejects.toThrow();
    await start();
    expect(await offsets()).toEqual(before);
    expect(await (await fetch(`${environment.PARLEY_SCHEMA_REGISTRY_URL}/subjects`)).json()).toHaveLength(
      topics.length,
    );
  },
  startMs,
);

test('a value with a quote survives a shell', () => {
  expect(shellLines({ NAME: `it's` })).toBe("export NAME='it'\\''s'\n");
});

interface Read {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

async function readAll(count: number): Promise<Read[]> {
  const consumer = client().consumer({ groupId: 'stack-reader' });
  const all: Read[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: topics.map(({ name }) => name), fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachMessage: async (read) => {
          all.push(read);
          if (all.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return all;
}

async function offsets(): Promise<Record<string, unknown>> {
  const admin = client().admin();
  await admin.connect();
  const found: Record<string, unknown> = {};
  for (const { name } of topics) {
    found[name] = (await admin.fetchTopicOffsets(name)).map(({ partition, high }) => [partition, high]).sort();
  }
  await admin.disconnect();
  return found;
}

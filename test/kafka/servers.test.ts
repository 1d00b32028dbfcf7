import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ITopicConfig, Kafka, type KafkaConfig, logLevel, Partitioners, type SASLOptions } from 'kafkajs';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTopics } from '../../scripts/stack/topics.ts';
import { isAlive } from '../../src/warehouse/embedded/owner.ts';
import { type Broker, saslUser, startBroker } from './broker.ts';
import { hasDocker } from './docker.ts';
import { type Registry, startRegistry } from './registry.ts';

const startMs = 180_000;

function clientOf(brokers: string[], more: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({ clientId: 'stack-test', brokers, logLevel: logLevel.NOTHING, ...more });
}

function as(mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password: string): SASLOptions {
  return { mechanism, username: saslUser.username, password } as SASLOptions;
}

async function createTopic(kafka: Kafka, topic: ITopicConfig): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await createTopics(admin, [topic]);
  await admin.disconnect();
}

/** Sends the values in one transaction, which is committed or aborted. */
async function sendInTransaction(kafka: Kafka, topic: string, values: string[], end: 'commit' | 'abort') {
  const producer = kafka.producer({
    transactionalId: `stack-test-${topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: values.map((value) => ({ key: 'k', value })) });
  await transaction[end]();
  await producer.disconnect();
}

/** The first `count` values of a topic that a new group reads. */
async function read(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: `reader-${topic}-${count}` });
  const values: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value));
          if (values.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

describe('the broker', () => {
  let broker: Broker;
  afterAll(() => broker?.stop());

  test(
    'takes a transaction, hides an aborted one, and keeps both through a restart and a kill',
    async () => {
      broker = await startBroker();
      const kafka = clientOf(broker.brokers);
      await createTopic(kafka, { topic: 'letters', numPartitions: 2 });
      await sendInTransaction(kafka, 'letters', ['a'], 'commit');
      await sendInTransaction(kafka, 'letters', ['never'], 'abort');
      await sendInTransaction(kafka, 'letters', ['b'], 'commit');
      expect(await read(kafka, 'letters', 2)).toEqual(['a', 'b']);

      await broker.restart();
      await sendInTransaction(kafka, 'letters', ['c'], 'commit');
      expect(await read(kafka, 'letters', 3)).toEqual(['a', 'b', 'c']);

      broker.kill();
      await broker.restart();
      await sendInTransaction(kafka, 'letters', ['d'], 'commit');
      expect(await read(kafka, 'letters', 4)).toEqual(['a', 'b', 'c', 'd']);
    },
    startMs,
  );

  test('is silent while it is paused, and answers afterwards', async () => {
    const admin = clientOf(broker.brokers, { retry: { retries: 0 }, requestTimeout: 500 }).admin();
    await admin.connect();
    broker.pause();
    try {
      await expect(admin.listTopics()).rejects.toThrow();
    } finally {
      broker.resume();
    }
    await admin.disconnect();
    const later = clientOf(broker.brokers).admin();
    await later.connect();
    expect(await later.listTopics()).toContain('letters');
    await later.disconnect();
  });

  test('makes no topic that nobody created', async () => {
    const admin = clientOf(broker.brokers).admin();
    await admin.connect();
    await expect(admin.fetchTopicMetadata({ topics: ['unknown'] })).rejects.toThrow();
    expect(await admin.listTopics()).not.toContain('unknown');
    await admin.disconnect();
  });
});

describe.each(['sasl', 'tls'] as const)('a broker with %s', (security) => {
  let broker: Broker;
  afterAll(() => broker?.stop());

  test(
    'lets its user in by every mechanism, and nobody else',
    async () => {
      broker = await startBroker({ security });
      const ssl = broker.authority === undefined ? {} : { ssl: { ca: [broker.authority] } };
      await createTopic(clientOf(broker.plainBrokers), { topic: 'secrets' });
      const quick = { ...ssl, retry: { retries: 0 } };
      for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
        const admin = clientOf(broker.brokers, { ...ssl, sasl: as(mechanism, saslUser.password) }).admin();
        await admin.connect();
        expect(await admin.listTopics()).toContain('secrets');
        await admin.disconnect();
        const wrong = clientOf(broker.brokers, {
          ...quick,
          sasl: as(mechanism, 'wrong'),
        }).admin();
        await expect(wrong.connect()).rejects.toThrow(/authentication/i);
      }
      const nobody = clientOf(broker.brokers, quick).admin();
      await expect(nobody.connect().then(() => nobody.listTopics())).rejects.toThrow();
      await nobody.disconnect();
      if (security === 'tls') {
        const sasl = as('plain', saslUser.password);
        const distrusting = clientOf(broker.brokers, { ssl: true, sasl, retry: { retries: 0 } }).admin();
        await expect(distrusting.connect()).rejects.toThrow(/self-signed/i);
      }
    },
    startMs,
  );
});

describe('the registry', () => {
  let registry: Registry;
  afterAll(() => registry?.stop());

  const schema = JSON.stringify({ type: 'object', properties: { id: { type: 'string' } }, required: ['id'] });
  const request = async (path: string, body?: unknown) => {
    const response = await fetch(`${registry.url}${path}`, {
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };

  test(
    'registers a JSON Schema, reads it by its id, and keeps it through a restart and a kill',
    async () => {
      registry = await startRegistry();
      const { id } = await request('/subjects/letters-value/versions', { schemaType: 'JSON', schema });
      const readBack = async () => {
        const found = await request(`/schemas/ids/${id}`);
        return [found.schemaType, JSON.parse(String(found.schema))];
      };
      expect(await readBack()).toEqual(['JSON', JSON.parse(schema)]);
      await registry.restart();
      expect(await readBack()).toEqual(['JSON', JSON.parse(schema)]);
      registry.kill();
      await expect(fetch(`${registry.url}/subjects`)).rejects.toThrow();
      await registry.restart();
      expect(await readBack()).toEqual(['JSON', JSON.parse(schema)]);
    },
    startMs,
  );
});

// A container's end is testcontainers' own matter.
test.skipIf(hasDocker())(
  'no broker outlives a parent that was killed',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'parley-orphan-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const parent = fileURLToPath(new URL('./orphan.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', parent, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const broker = { pid: Number(line) };
    expect(isAlive(broker)).toBe(true);
    child.kill('SIGKILL');
    for (const deadline = Date.now() + 10_000; isAlive(broker) && Date.now() < deadline; ) await delay(20);
    expect(isAlive(broker)).toBe(false);
  },
  startMs,
);

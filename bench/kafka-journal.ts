import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { createKafkaJournal } from '../src/state/kafka/journal.ts';
import { journalTopic } from '../src/state/kafka/names.ts';
import { ensureTopics } from '../src/state/kafka/topics.ts';
import { openLevelStore } from '../src/state/level-store.ts';
import type { Change } from '../src/state/store.ts';
import { startBroker } from '../test/kafka/broker.ts';
import { peakMemoryBytes } from './support/process.ts';

/**
 * Measures the Kafka journal against a broker of its own: `tsx bench/kafka-journal.ts [keys, in thousands, default 1000]`.
 * CPU is that of this process, without the broker's, which is on the same cores.
 */
const keyCount = Number(process.argv[2] ?? 1000) * 1000;
const checkpointKeys = 20_000;
const stage = 'bench.stage';
const app = 'bench';
let appended = 0;

const broker = await startBroker();
const kafka = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
await ensureTopics(admin, {
  app,
  stages: [{ name: stage, partitions: 1 }],
  forwards: [{ topic: 'counts', partitions: 1 }],
});
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const options = {
  kafka,
  app,
  stage,
  partition: 0,
  forwardPartitions: { counts: 1 },
  log: { info: () => undefined },
  clock: Date.now,
};

try {
  const journal = createKafkaJournal(options);
  await journal.fence();
  let plan = 1;
  await journal.append({ plan: planOf(plan) });
  const append = async () => {
    await journal.append({ commit: plan, forwards: forwards(), plan: planOf(plan + 1) });
    plan++;
  };
  for (let warm = 0; warm < 20; warm++) await append();
  const appends = await measured(async () => {
    for (let count = 0; count < 200; count++) await append();
  });
  print(
    'append (plan, position, 20 forwards)',
    `${(appends.wall * 5).toFixed(1)} ms, CPU ${(appends.cpu * 5).toFixed(2)} ms`,
  );

  const total = { cpu: 0, wall: 0 };
  for (let at = 0; at < keyCount; at += checkpointKeys) {
    await append();
    const changes = changesFrom(at, Math.min(checkpointKeys, keyCount - at));
    const one = await measured(() => journal.checkpoint({ plan: plan - 1, positions: {} }, changes));
    total.cpu += one.cpu;
    total.wall += one.wall;
  }
  const perKey = (seconds: number) => `${((seconds / keyCount) * 1e6).toFixed(2)} us a key`;
  const count = Math.ceil(keyCount / checkpointKeys);
  print(
    `checkpoint of ${checkpointKeys} keys`,
    `${((total.wall / count) * 1000).toFixed(0)} ms, CPU ${perKey(total.cpu)}`,
  );

  const other = createKafkaJournal(options);
  const beside = await measured(async () => {
    // Appends while checkpoints are written: what these add to the way of a batch.
    let isWriting = true;
    const writing = journal.checkpoint({ plan: plan - 1, positions: {} }, changesFrom(0, checkpointKeys)).then(() => {
      isWriting = false;
    });
    for (appended = 0; isWriting; appended++) await append();
    await writing;
  });
  print('append beside a checkpoint', `${((beside.wall / appended) * 1000).toFixed(1)} ms`);
  await journal.close();

  await compareWithKafkaJs();

  const store = await openLevelStore(join(folder, 'restored'));
  const restore = await measured(() => other.fence(store).then(() => undefined));
  print(`restore of ${keyCount} keys`, `${restore.wall.toFixed(1)} s, CPU ${perKey(restore.cpu)}`);
  const again = await measured(() => other.fence(store).then(() => undefined));
  print('fence with a store in step', `${(again.wall * 1000).toFixed(0)} ms`);
  print('peak memory', `${Math.round((peakMemoryBytes(process.pid) ?? 0) / 1e6)} MB`);
  await other.close();
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
  await admin.disconnect();
  await broker.stop();
}

/** The same changes by kafkajs' own transactional producer. */
async function compareWithKafkaJs(): Promise<void> {
  const producer = kafka.producer({
    transactionalId: 'comparison',
    idempotent: true,
    maxInFlightRequests: 1,
    retry: { initialRetryTime: 5, retries: 20 },
  });
  await producer.connect();
  const changes = changesFrom(0, checkpointKeys);
  const send = async () => {
    const transaction = await producer.transaction();
    for (let at = 0; at < changes.length; at += 1_500) {
      const messages = changes.slice(at, at + 1_500).map(([key, value]) => ({ key: `state/${key}`, value: value! }));
      await transaction.send({ topic: journalTopic(app, 'comparison'), messages });
    }
    await transaction.commit();
  };
  await ensureTopics(admin, { app, stages: [{ name: 'comparison', partitions: 1 }], forwards: [] });
  await send();
  const theirs = await measured(async () => {
    for (let count = 0; count < 5; count++) await send();
  });
  const cpu = (theirs.cpu / (5 * checkpointKeys)) * 1e6;
  print('the same by kafkajs’ producer', `${((theirs.wall / 5) * 1000).toFixed(0)} ms, CPU ${cpu.toFixed(2)} us a key`);
  await producer.disconnect();
}

function changesFrom(at: number, count: number): Change[] {
  return Array.from({ length: count }, (_, index): Change => {
    const number = at + index;
    const id = `conversation-${(Math.imul(number, 2_654_435_761) >>> 0).toString(36)}-${number}`;
    const messages = Array.from({ length: 14 }, (__, n) => [
      1_700_000_000_000 + number * 7 + n,
      `m-${number}${n}`,
      'in',
    ]);
    return [`c${id}`, `1 0 ${JSON.stringify(messages)}`];
  });
}

function planOf(number: number) {
  const ranges = ['a', 'b', 'c'].map((name) => ({
    shard: `kafka/${name}/0`,
    topic: name,
    from: number,
    to: number + 1,
  }));
  return { number, ranges, now: Date.now(), marks: {} };
}

function forwards() {
  return Array.from({ length: 20 }, (_, index) => ({
    topic: 'counts',
    key: `k${index}`,
    time: 1,
    value: { count: index },
  }));
}

async function measured(work: () => Promise<void>): Promise<{ cpu: number; wall: number }> {
  const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  await work();
  return { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 };
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(44)} ${value}\n`);
}

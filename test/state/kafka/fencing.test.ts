import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openPartitionReader } from '../../../src/source/kafka/partition-reader.ts';
import { troublesOf } from '../../../src/source/kafka/troubles.ts';
import { deadLetterTopic, forwardTopic, journalTopic, transactionalIds } from '../../../src/state/kafka/names.ts';
import { planOf } from '../journal-suite.ts';
import { Cluster, stage } from './support.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 120_000);

afterAll(() => cluster?.stop());

const isFenced = { code: 'PARLEY_FENCED' };

test('two owners: all that the older one writes is refused, whatever it writes first', async () => {
  for (const first of ['append', 'checkpoint'] as const) {
    const app = await cluster.app();
    const old = cluster.journal(app);
    await old.fence();
    await old.append({ plan: planOf(1) });
    await old.append({ commit: 1 });
    const owner = cluster.journal(app);
    await owner.fence();
    const before = await cluster.records(journalTopic(app, stage), 0);
    if (first === 'checkpoint') {
      await expect(old.checkpoint({ plan: 1, positions: {} }, [['k', 'zombie']])).rejects.toMatchObject(isFenced);
    }
    const forwards = [{ topic: 'counts', key: 'k', time: 1, value: 'zombie' }];
    await expect(old.append({ plan: planOf(2) })).rejects.toMatchObject(isFenced);
    await expect(old.append({ plan: planOf(2) })).rejects.toMatchObject(isFenced);
    await expect(old.append({ commit: 2, forwards })).rejects.toMatchObject(isFenced);
    await expect(old.checkpoint({ plan: 1, positions: {} }, [['k', 'zombie']])).rejects.toMatchObject(isFenced);
    await owner.append({ plan: planOf(2) });
    await owner.append({ commit: 2, plan: planOf(3) });
    await owner.checkpoint({ plan: 2, positions: {} }, [['k', 'owner']]);
    const found = await cluster.records(journalTopic(app, stage), 0);
    expect(found.slice(0, before.length)).toEqual(before);
    expect(found.some(({ value }) => value?.includes('zombie'))).toBe(false);
    const successor = cluster.journal(app);
    expect(await successor.fence()).toEqual({ committed: 2, plans: [planOf(3)], isNew: false });
  }
});

test('many owners at once: one of them has it in the end, and nothing is lost of what was acknowledged', async () => {
  const app = await cluster.app();
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, async () => {
      const journal = cluster.journal(app);
      const { committed, plans } = await journal.fence();
      const next = planOf(committed + plans.length + 1);
      await journal.append(plans.length === 0 ? { plan: next } : { commit: committed + 1, plan: next });
      return next.number;
    }),
  );
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(isFenced);
  const acknowledged = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  const found = await cluster.journal(app).fence();
  expect(found.committed + found.plans.length).toBeGreaterThanOrEqual(Math.max(0, ...acknowledged));
});

test('a transaction that an owner left open, with a plan and forwards in it, is aborted by the next one', async () => {
  const app = await cluster.app();
  const owner = cluster.journal(app);
  await owner.fence();
  await owner.append({ plan: planOf(1) });
  const ids = transactionalIds(app, stage, 0);
  // As an owner that is killed in the middle leaves them, under both ids.
  for (const [id, key] of [
    [ids.append, 'plan/2'],
    [ids.checkpoint, 'state/left'],
  ] as const) {
    const dying = await (await cluster.producer(id)).transaction();
    await dying.send({ topic: journalTopic(app, stage), messages: [{ partition: 0, key, value: '1{}' }] });
    await dying.send({
      topic: forwardTopic(app, 'counts'),
      messages: [{ partition: 0, key: 'k', value: 'left open' }],
    });
  }
  const next = cluster.journal(app);
  expect(await next.fence()).toEqual({ committed: 0, plans: [planOf(1)], isNew: false });
  await next.append({ commit: 1, forwards: [{ topic: 'counts', key: 'a', time: 3, value: { n: 1 } }] });
  const forwards = (
    await Promise.all([0, 1, 2].map((partition) => cluster.records(forwardTopic(app, 'counts'), partition)))
  ).flat();
  expect(forwards.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([['a', '[3,{"n":1}]']]);
});

test('a transaction that ran out of its time is not taken for a newer owner', async () => {
  const app = await cluster.app();
  const owner = cluster.journal(app);
  await owner.fence();
  await owner.append({ plan: planOf(1) });
  // Nobody else reads as an owner here: the id alone was taken by someone who wrote no owner record.
  await (await cluster.producer(transactionalIds(app, stage, 0).append)).transaction();
  await expect(owner.append({ commit: 1 })).rejects.toMatchObject({ code: 'PARLEY_JOURNAL_UNAVAILABLE' });
  await expect(owner.checkpoint({ plan: 0, positions: {} }, [])).rejects.toMatchObject({
    code: 'PARLEY_JOURNAL_UNAVAILABLE',
  });
  // Opened again, it goes on.
  expect(await owner.fence()).toEqual({ committed: 0, plans: [planOf(1)], isNew: false });
  await owner.append({ commit: 1 });
}, 60_000);

test('forwards and dead letters come with the commit: as they were, in the partition of their key', async () => {
  const app = await cluster.app();
  const owner = cluster.journal(app);
  await owner.fence();
  await owner.append({ plan: planOf(1) });
  const keys = Array.from({ length: 40 }, (_, index) => `key é ${index}`);
  const forwards = keys.map((key, time) => ({ topic: 'counts', key, time, value: { of: key } }));
  const bytes = Buffer.from([0, 255, 1, 254]);
  const origin = { message: 'not é', topic: 'a.b', shard: 'kafka/a.b/1', offset: 12, bytes };
  const key = Buffer.from([1, 200]);
  const schema = Buffer.from([0, 0, 0, 1, 255]);
  const deadLetters = [
    { ...origin, code: 'INVALID_JSON' as const, envelope: { key: null, schema: null } },
    { ...origin, code: 'SCHEMA_UNKNOWN' as const, offset: 13, envelope: { key, schema } },
  ];
  await owner.append({ commit: 1, forwards, deadLetters, plan: planOf(2) });
  const producer = cluster.kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const expected = await cluster.app();
  await producer.send({ topic: forwardTopic(expected, 'counts'), messages: keys.map((key) => ({ key, value: key })) });
  await producer.disconnect();
  for (const partition of [0, 1, 2]) {
    const found = await cluster.records(forwardTopic(app, 'counts'), partition);
    const theirs = await cluster.records(forwardTopic(expected, 'counts'), partition);
    expect(found.map(({ key }) => key?.toString())).toEqual(theirs.map(({ key }) => key?.toString()));
    expect(found.length).toBeGreaterThan(3);
    for (const { key, value } of found) {
      const text = key!.toString();
      expect(JSON.parse(value!.toString())).toEqual([keys.indexOf(text), { of: text }]);
    }
  }
  const letters = await cluster.records(deadLetterTopic(app), 0);
  expect(letters).toMatchObject([
    { key: null, value: bytes },
    { key, value: bytes, headers: { __value_schema_id: schema } },
  ]);
  const headers = Object.entries(letters[0]!.headers).map(([name, value]) => [name, String(value)]);
  expect(Object.fromEntries(headers)).toEqual({
    'parley-code': 'INVALID_JSON',
    'parley-message': 'not é',
    'parley-topic': 'a.b',
    'parley-shard': 'kafka/a.b/1',
    'parley-offset': '12',
    'parley-stage': stage,
    'parley-plan': '1',
  });
  await expect(
    owner.append({ commit: 2, forwards: [{ topic: 'unknown', key: 'k', time: 1, value: 1 }] }),
  ).rejects.toMatchObject({ code: 'PARLEY_INTERNAL' });
});

test('an idle owner marks its last partitions again when brokers were in trouble, once', async () => {
  const app = await cluster.app();
  const owner = cluster.journal(app);
  await owner.fence();
  await owner.append({ plan: planOf(1) });
  await owner.append({ commit: 1, forwards: [{ topic: 'counts', key: 'k', time: 1, value: 'once' }] });
  const reader = await openPartitionReader(cluster.kafka, journalTopic(app, stage), 0);
  onTestFinished(() => reader.close());
  // Markers come after the acknowledgement, and once more where the first request already met trouble.
  const settled = async () => {
    for (let last = -1; ; ) {
      const { end } = await reader.bounds();
      if (end === last) return end;
      last = end;
      await sleep(2_500);
    }
  };
  const end = await settled();
  const before = await cluster.records(journalTopic(app, stage), 0);
  troublesOf(cluster.kafka).count++;
  await vi.waitFor(async () => expect((await reader.bounds()).end).toBe(end + 1), { timeout: 15_000, interval: 100 });
  expect(await cluster.records(journalTopic(app, stage), 0)).toEqual(before);
  await owner.append({ plan: planOf(2) });
  expect(await settled()).toBe(end + 4);
});

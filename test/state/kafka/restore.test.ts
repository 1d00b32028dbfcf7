import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { recover } from '../../../src/runtime/recovery.ts';
import type { Journal, RestoreProgress } from '../../../src/state/journal.ts';
import type { KafkaJournalOptions } from '../../../src/state/kafka/journal.ts';
import { journalTopic } from '../../../src/state/kafka/names.ts';
import { ensureTopics } from '../../../src/state/kafka/topics.ts';
import { openLevelStore } from '../../../src/state/level-store.ts';
import type { Change, StateStore } from '../../../src/state/store.ts';
import { temporaryFolder } from '../folders.ts';
import { planOf } from '../journal-suite.ts';
import { MadeUpTask } from './made-up-task.ts';
import { changesBetween, stateAt } from './model.ts';
import { Cluster, counting, stage } from './support.ts';

let cluster: Cluster;

beforeAll(async () => {
  // The cleaner looks often, so that compaction can be waited for.
  cluster = await Cluster.start({ properties: { 'log.cleaner.backoff.ms': '200' } });
}, 120_000);

afterAll(() => cluster?.stop());

interface Member {
  readonly folder: string;
  readonly store: StateStore;
  readonly journal: Journal;
  readonly task: MadeUpTask;
  readonly restored: { keys: number; times: boolean[] };
  close(): Promise<void>;
}

/** Opens the task with the store in a folder. */
async function member(
  app: string,
  folder = temporaryFolder(),
  options: Partial<KafkaJournalOptions> = {},
): Promise<Member> {
  const { store, restored } = counting(await openLevelStore(folder));
  const journal = cluster.journal(app, options);
  const task = new MadeUpTask(journal, store);
  const close = async () => {
    await journal.close();
    await store.close();
  };
  onTestFinished(close);
  await task.open().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { folder, store, journal, task, restored, close };
}

async function expectState(store: StateStore, plan: number): Promise<void> {
  expect((await store.checkpoint())?.plan).toBe(plan);
  expect(await store.scan('', 100_000)).toEqual(stateAt(plan));
}

test('a member without state gets all of it; one with its own, exactly what is newer, or nothing', async () => {
  const app = await cluster.app();
  const first = await member(app);
  await first.task.run(40, 1_000);
  await first.task.checkpoint();
  await first.close();
  const at = first.task.committed;

  const same = await member(app, first.folder);
  expect(same.restored).toEqual({ keys: 0, times: [] });
  await expectState(same.store, at);
  await same.close();

  const other = await member(app);
  expect(other.restored.times).toEqual([true]);
  await expectState(other.store, at);
  await other.task.run(5, 1_000);
  await other.task.checkpoint();
  const between = other.task.committed;
  await other.task.run(3, 1_000);
  await other.task.checkpoint();
  await other.task.run(3, 1_000);
  await other.close();

  const back = await member(app, first.folder);
  const last = (await back.store.checkpoint())!.plan;
  expect(last).toBeGreaterThan(between);
  expect(back.restored).toEqual({
    keys: changesBetween(at, between).length + changesBetween(between, last).length,
    times: [false],
  });
  await expectState(back.store, last);
  expect(back.task.committed).toBe(last + 3);
});

test('a crash between the journal and the store in step 6: that store gets what it lacks, another one all', async () => {
  const app = await cluster.app();
  const first = await member(app);
  await first.task.run(10, 1_000);
  await first.task.checkpoint();
  const stored = first.task.committed;
  await first.task.run(10, 1_000);
  const covered = first.task.committed;
  first.task.onJournalled = () => Promise.reject(new Error('the crash'));
  await expect(first.task.checkpoint()).rejects.toThrow('the crash');
  await first.close();
  const same = await member(app, first.folder);
  expect(same.restored).toEqual({ keys: changesBetween(stored, covered).length, times: [false] });
  await expectState(same.store, covered);
  await same.task.run(4, 1_000);
  await same.task.checkpoint();
  await same.close();
  const other = await member(app);
  expect(other.restored.times).toEqual([true]);
  await expectState(other.store, same.task.committed);
});

/**
 * A regression: with the store written first, a store that was ahead went on from there, and the changes between the
 * journal's checkpoint and the store's were in no checkpoint of the journal, so the next member had a wrong state.
 */
test('a store ahead of the journal’s checkpoint is restored as a whole; one ahead of the commits is refused', async () => {
  for (const isCommitted of [true, false]) {
    const app = await cluster.app();
    const first = await member(app);
    await first.task.run(10, 1_000);
    await first.task.checkpoint();
    const covered = first.task.committed;
    await first.task.run(10, 1_000);
    const ahead = first.task.committed + (isCommitted ? 0 : 1);
    const checkpoint = { plan: ahead, positions: {} };
    await first.store.write(changesBetween(covered, ahead), first.journal.stamp!(checkpoint));
    await first.close();
    if (!isCommitted) {
      await expect(member(app, first.folder)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
      continue;
    }
    const same = await member(app, first.folder);
    expect(same.restored.times).toEqual([true]);
    await expectState(same.store, covered);
    await same.task.run(6, 1_000);
    await same.task.checkpoint();
    await same.close();
    const other = await member(app);
    await expectState(other.store, same.task.committed);
  }
});

test('plans and position written while a checkpoint was on its way are found by its own store', async () => {
  const app = await cluster.app();
  let folder = temporaryFolder();
  for (let life = 0; life < 6; life++) {
    const one = await member(app, folder);
    await one.task.run(7, 2);
    // Plans go on while the last checkpoint is written; the owner is gone before the next one.
    const checkpoint = one.task.checkpoint();
    await one.task.run(4, 1_000);
    await checkpoint;
    await one.task.run(life, 1_000);
    const { committed } = one.task;
    await one.close();
    const back = await member(app, folder);
    expect(back.restored.times).toEqual([]);
    expect(back.task.committed).toBe(committed);
    await back.close();
    if (life === 3) folder = temporaryFolder();
  }
});

test('a journal that was deleted is refused beside a state; one that others made anew is taken whole', async () => {
  const app = await cluster.app();
  const first = await member(app);
  await first.task.run(10, 1_000);
  await first.task.checkpoint();
  await first.close();
  const topic = journalTopic(app, stage);
  await cluster.admin.deleteTopics({ topics: [topic] });
  await expect.poll(async () => (await cluster.admin.listTopics()).includes(topic)).toBe(false);
  await ensureTopics(cluster.admin, { app, stages: [{ name: stage, partitions: 2 }], forwards: [] });
  await expect(member(app, first.folder)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
  const other = await member(app);
  await other.task.run(5, 1_000);
  await other.task.checkpoint();
  await other.close();
  const back = await member(app, first.folder);
  expect(back.restored.times).toEqual([true]);
  await expectState(back.store, other.task.committed);
});

test('a state that says nothing of a journal, or is left of a restoration that broke off, is restored as a whole', async () => {
  const app = await cluster.app();
  const first = await member(app);
  await first.task.run(10, 1_000);
  await first.task.checkpoint();
  const { committed } = first.task;
  await first.close();

  const foreign = temporaryFolder();
  const store = await openLevelStore(foreign);
  await store.write([['foreign', '1']], { plan: 3, positions: {} });
  await store.close();
  const second = await member(app, foreign);
  expect(second.restored.times).toEqual([true]);
  await expectState(second.store, committed);
  await second.close();

  const broken = temporaryFolder();
  const unfinished = await openLevelStore(broken);
  const journal = cluster.journal(app);
  const stop: RestoreProgress = () => {
    throw new Error('stopped');
  };
  await expect(journal.fence(unfinished, stop)).rejects.toMatchObject({ code: 'PARLEY_JOURNAL_UNAVAILABLE' });
  expect(await unfinished.checkpoint()).toBeUndefined();
  await unfinished.close();
  const third = await member(app, broken);
  await expectState(third.store, committed);
});

test('left over from a restoration, a state is emptied when the journal has none', async () => {
  const app = await cluster.app();
  const folder = temporaryFolder();
  const store = await openLevelStore(folder);
  async function* broken(): AsyncGenerator<Change[]> {
    yield [['left', 'over']];
    throw new Error('the crash');
  }
  const restoration = { isWhole: true, changes: broken(), checkpoint: () => ({ plan: 1, positions: {} }) };
  await expect(store.restore(restoration)).rejects.toThrow('the crash');
  await store.close();
  const first = await member(app, folder);
  expect(await first.store.scan('', 10)).toEqual([]);
});

test('a store older than the deletions that the topic keeps: as it is when nothing is newer, else whole', async () => {
  const app = await cluster.app();
  let time = 1_700_000_000_000;
  const clock = () => time;
  const first = await member(app, undefined, { clock });
  await first.task.run(10, 1_000);
  await first.task.checkpoint();
  await first.close();
  time += 6.5 * 24 * 3_600_000;
  const same = await member(app, first.folder, { clock });
  expect(same.restored.times).toEqual([]);
  await same.close();
  const other = await member(app, undefined, { clock });
  await other.task.run(5, 1_000);
  await other.task.checkpoint();
  await other.close();
  const back = await member(app, first.folder, { clock });
  expect(back.restored.times).toEqual([true]);
  await expectState(back.store, other.task.committed);
});

test('what a later version wrote is PARLEY_STATE_VERSION, and what no version wrote PARLEY_STATE_CORRUPT', async () => {
  const producer = cluster.kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  for (const [key, value, code] of [
    ['position', '2{"committed":1}', 'PARLEY_STATE_VERSION'],
    ['state/k', '2anything', 'PARLEY_STATE_VERSION'],
    ['state/k', '1', 'PARLEY_STATE_CORRUPT'],
    ['position', '1{"committed":-1}', 'PARLEY_STATE_CORRUPT'],
    ['plan/1', '1{"number":2}', 'PARLEY_STATE_CORRUPT'],
    ['plan/1', '1not json', 'PARLEY_STATE_CORRUPT'],
    ['unheard of', '1{}', 'PARLEY_STATE_CORRUPT'],
    ['position', '1{"committed":1,"planned":1}', 'PARLEY_STATE_CORRUPT'],
  ]) {
    const app = await cluster.app();
    const topic = journalTopic(app, stage);
    await producer.send({ topic, messages: [{ partition: 0, key: key!, value: value! }] });
    const store = await openLevelStore(temporaryFolder());
    onTestFinished(() => store.close());
    const where = expect.stringContaining(topic);
    await expect(cluster.journal(app).fence(store)).rejects.toMatchObject({ code, detail: { where } });
  }
});

test('a large journal is restored in portions, with progress up to the end', async () => {
  const app = await cluster.app();
  const journal = cluster.journal(app);
  await journal.fence();
  const keys = 60_000;
  const value = 'v'.repeat(300);
  for (let plan = 1; plan <= 3; plan++) {
    await journal.append({ ...(plan > 1 ? { commit: plan - 1 } : {}), plan: planOf(plan) });
    if (plan === 1) continue;
    const changes = Array.from({ length: keys }, (_, index): Change => [`k${index}`, `${plan} ${value}`]);
    changes.push([`gone${plan - 1}`, undefined], [`gone${plan}`, '1']);
    await journal.checkpoint({ plan: plan - 1, positions: { s: { topic: 't', offset: plan } } }, changes);
  }
  await journal.close();
  const { store, restored } = counting(await openLevelStore(temporaryFolder()));
  onTestFinished(() => store.close());
  const told: { records: number; total: number }[] = [];
  const state = await cluster.journal(app).fence(store, (progress) => told.push({ ...progress }));
  expect(state).toEqual({ committed: 2, plans: [planOf(3)], isNew: false });
  expect(told.length).toBeGreaterThan(5);
  expect(told.map(({ records }) => records)).toEqual(told.map(({ records }) => records).sort((a, b) => a - b));
  expect(told.at(-1)!.records).toBe(told.at(-1)!.total);
  expect(restored.keys).toBe(2 * keys + 4);
  expect(recover('t', state, await store.checkpoint()).pending?.number).toBe(3);
  const entries = await store.scan('', keys + 10);
  expect(entries.length).toBe(keys + 1);
  expect(entries.filter(([, text]) => !text.startsWith('3 ')).map(([key]) => key)).toEqual(['gone3']);
}, 120_000);

test('after compaction: restored whole, from a store, and from one older than the deletions; all exact', async () => {
  const often = {
    'segment.ms': '100',
    'min.compaction.lag.ms': '0',
    'max.compaction.lag.ms': '200',
    'min.cleanable.dirty.ratio': '0.01',
  };
  for (const life of ['604800000', '100']) {
    const app = await cluster.app({ journalSettings: { ...often, 'delete.retention.ms': life } });
    const topic = journalTopic(app, stage);
    const first = await member(app);
    await first.task.run(30, 5);
    await first.task.checkpoint();
    await first.close();
    const stored = first.task.committed;
    let other = await member(app);
    await other.task.run(100, 5);
    const count = async () => (await cluster.records(topic, 0)).length;
    const before = await count();
    // Segments end, and are cleaned, while it goes on.
    const deletions = async () => {
      await other.task.run(4, 5);
      const found = await cluster.records(topic, 0);
      const plans = found.filter(({ key, value }) => value !== null && /^plan\/[1-9]$/.test(String(key)));
      const tombstones = found.filter(({ key, value }) => value === null && String(key) === 'state/only5');
      return [plans.length, tombstones.length];
    };
    await expect.poll(deletions, { timeout: 60_000, interval: 300 }).toEqual([0, life === '100' ? 0 : 1]);
    expect(await count()).toBeLessThan(before + 4 * 200);
    await other.task.checkpoint();
    await other.close();
    const last = other.task.committed;
    other = await member(app);
    expect(other.restored.times).toEqual([true]);
    await expectState(other.store, last);
    await other.close();
    const back = await member(app, first.folder);
    expect(back.restored.times).toEqual([life === '100']);
    await expectState(back.store, last);
    expect(stored).toBeLessThan(last);
    await back.close();
  }
}, 180_000);

import { describe, expect, test } from 'vitest';
import { BatchRun } from '../../src/runtime/batch.ts';
import { defaultLimits, type Step, Task, type TaskLimits, type TaskObserver } from '../../src/runtime/task.ts';
import type { SourceRecord } from '../../src/source/source.ts';
import { StateCache } from '../../src/state/cache.ts';
import type { Change, Checkpoint } from '../../src/state/store.ts';
import {
  JournalLog,
  MemoryDelivery,
  MemoryJournal,
  MemorySource,
  MemoryStore,
  MemoryTopics,
  MemoryWarehouse,
  StoreDisk,
} from '../../src/testing/index.ts';
import { Life } from '../../src/testing/life.ts';
import { NoCargo } from '../../src/warehouse/delivery.ts';
import { countingDomain, event } from './counting.ts';

/** One task of the counting domain over ports in memory; every `newOwner` is a process of its own over the same disks. */
function house() {
  const topics = new MemoryTopics();
  const forwards: unknown[] = [];
  const log = new JournalLog('count', (forward) => forwards.push(forward.value));
  const disk = new StoreDisk('count');
  const warehouse = new MemoryWarehouse();
  const stage = countingDomain().stages[0]!;
  let now = Date.UTC(2026, 0, 1);
  const send = (...keys: string[]) => {
    for (const key of keys) {
      const bytes = JSON.stringify(event(key));
      const value = JSON.parse(bytes) as object;
      topics.append('counting.events', bytes, { event: { topic: 'counting.events', key, time: 0, value } });
    }
  };
  const taskOn = (store: MemoryStore, life: Life, observer: TaskObserver, limits: Partial<TaskLimits>) =>
    new Task({
      app: 'test',
      name: 'counting.count',
      stage,
      partition: 0,
      source: new MemorySource(topics, stage.topics, life),
      store,
      cache: new StateCache(store, stage.spaces),
      journal: new MemoryJournal(log, life),
      delivery: new MemoryDelivery(warehouse, life),
      limits: { ...defaultLimits, batchEventsMax: 2, ...limits },
      clock: () => now,
      observer,
    });
  const newOwner = (observer: TaskObserver = {}, limits: Partial<TaskLimits> = {}) => {
    const life = new Life();
    return taskOn(new MemoryStore(disk, life), life, observer, limits);
  };
  newOwner.slow = (observer: TaskObserver, limits: Partial<TaskLimits>) => {
    const life = new Life();
    const store = new SlowStore(disk, life);
    return { task: taskOn(store, life, observer, limits), mostAtOnce: () => store.mostAtOnce };
  };
  const advance = (milliseconds: number) => {
    now += milliseconds;
  };
  const counts = () =>
    Object.fromEntries(warehouse.rows('landing_counts').map((row) => [row.key as string, row.count as number]));
  return { topics, forwards, log, disk, warehouse, send, newOwner, advance, counts };
}

/** A store whose disk is slower than everything else, and that knows how many writes were under way at once. */
class SlowStore extends MemoryStore {
  mostAtOnce = 0;
  #atOnce = 0;

  override async write(changes: readonly Change[], checkpoint: Checkpoint): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await super.write(changes, checkpoint);
    this.#atOnce--;
  }
}

async function drain(task: Task): Promise<void> {
  while (await task.step());
}

class Stop extends Error {}

function stopAfter(step: Step, plan: number): TaskObserver {
  return {
    onStep(reached, number) {
      if (reached === step && number === plan) throw new Stop(`after step ${step} of plan ${plan}`);
    },
  };
}

describe('the commit path, ended after each step of plan 2 (of 3)', () => {
  // What the journal then has is the table of docs/commit-path.md.
  test.each([
    { step: 3 as const, committed: 0, plans: [1], repeated: 1 },
    { step: 2 as const, committed: 1, plans: [1, 2], repeated: 0 },
    { step: 4 as const, committed: 1, plans: [1, 2], repeated: 1 },
    { step: 5 as const, committed: 2, plans: [1, 2, 3], repeated: 0 },
  ])('step $step: committed $committed, plans $plans', async ({ step, committed, plans, repeated }) => {
    const { send, newOwner, log, counts, forwards, warehouse } = house();
    send('a', 'b', 'a', 'c', 'a', 'c');
    const first = newOwner(stopAfter(step, 2));
    await first.open();
    await expect(drain(first)).rejects.toThrow(Stop);
    await first.close(); // What is being inserted is waited for; it is neither committed nor checkpointed.
    expect(log.committed).toBe(committed);
    expect(log.plans.map((text) => (JSON.parse(text) as { number: number }).number)).toEqual(plans);
    const second = newOwner();
    await second.open();
    await drain(second);
    await second.settle();
    await second.close();
    expect(counts()).toEqual({ a: 3, b: 1, c: 2 });
    expect(forwards).toEqual([{ by: 1 }, { by: 1 }, { by: 1 }, { by: 1 }, { by: 1 }, { by: 1 }]);
    expect(warehouse.repeated).toBeGreaterThanOrEqual(repeated);
    expect(log.plans).toEqual([]);
  });

  test('step 6: the store is ahead of the journal, and nothing is done twice', async () => {
    const { send, newOwner, log, counts, disk, warehouse } = house();
    send('a', 'b', 'a', 'c');
    const first = newOwner(stopAfter(6, 2));
    await first.open();
    await drain(first);
    await expect(first.settle()).rejects.toThrow(Stop);
    await first.close();
    expect(JSON.parse(disk.checkpoint!)).toMatchObject({ plan: 2 });
    expect(log.plans).toHaveLength(2);
    send('a');
    const second = newOwner();
    await second.open();
    await drain(second);
    await second.settle();
    expect(counts()).toEqual({ a: 3, b: 1, c: 1 });
    expect(warehouse.repeated).toBe(0);
    expect(log.plans).toEqual([]);
    await second.close();
  });
});

test('plans after the checkpoint are processed again with their own time, and deliver and forward nothing', async () => {
  const { send, newOwner, counts, forwards, warehouse, advance } = house();
  send('a', 'b', 'a');
  const first = newOwner();
  await first.open();
  await drain(first);
  await first.close(); // Without a checkpoint.
  const before = warehouse.signedRows('landing_counts').length;
  advance(3_600_000);
  const second = newOwner();
  await second.open();
  expect(warehouse.signedRows('landing_counts')).toHaveLength(before);
  expect(forwards).toHaveLength(3);
  send('a');
  await drain(second);
  // Its retraction names the time of the first owner's batch: `rows` would fail if it did not.
  expect(counts()).toEqual({ a: 3, b: 1 });
  await second.close();
});

test('an owner that was replaced cannot commit, and what it still inserts counts once', async () => {
  const { send, newOwner, counts, forwards, warehouse } = house();
  send('a', 'b', 'a', 'c');
  const zombie = newOwner();
  await zombie.open();
  await zombie.step();
  const successor = newOwner();
  await successor.open();
  await drain(successor);
  await expect(drain(zombie)).rejects.toMatchObject({ code: 'PARLEY_FENCED' });
  expect(counts()).toEqual({ a: 2, b: 1, c: 1 });
  expect(forwards).toHaveLength(4);
  expect(warehouse.repeated).toBe(1);
  await successor.settle();
  await successor.close();
  await zombie.close();
});

test('a clean stop leaves nothing to do again', async () => {
  const { send, newOwner, log } = house();
  send('a', 'b', 'c');
  const first = newOwner();
  await first.open();
  await drain(first);
  await first.settle();
  await first.close();
  let again = -1;
  const second = newOwner({
    onRecovered(recovery) {
      again = recovery.again.length;
    },
  });
  await second.open();
  expect(again).toBe(0);
  expect(await second.step()).toBe(false);
  expect(log.committed).toBe(2);
  await second.close();
});

test('input that is gone stops the task with its own code', async () => {
  const { send, newOwner, topics } = house();
  send('a', 'b');
  const first = newOwner(stopAfter(2, 1));
  await first.open();
  await expect(drain(first)).rejects.toThrow(Stop);
  await first.close();
  topics.records('counting.events').length = 1;
  await expect(newOwner().open()).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
});

test('a checkpoint is taken at its bound of keys, while batches go on', async () => {
  const { send, newOwner, disk, counts } = house();
  const checkpoints: number[] = [];
  const observer: TaskObserver = { onCheckpoint: ({ plan }) => void checkpoints.push(plan) };
  for (let count = 0; count < 40; count++) send(`k${count % 11}`);
  const task = newOwner(observer, { checkpointKeysMax: 3 });
  await task.open();
  await drain(task);
  expect(checkpoints.length).toBeGreaterThan(2);
  expect(checkpoints).toEqual([...checkpoints].sort((left, right) => left - right));
  await task.settle();
  expect(JSON.parse(disk.checkpoint!)).toMatchObject({ plan: 20 });
  expect(Object.values(counts()).reduce((sum, count) => sum + count)).toBe(40);
  await task.close();
});

test('old states expire by plan, and come to the same when the plan is done again', async () => {
  const { send, newOwner, advance, disk } = house();
  const day = 86_400_000;
  send('a', 'b');
  const first = newOwner();
  await first.open();
  await drain(first);
  await first.settle();
  advance(8 * day);
  send('b');
  await drain(first);
  advance(8 * day);
  expect(await first.tick()).toBe(true);
  await first.close(); // The plan is committed, the checkpoint is not taken.
  expect([...disk.values.keys()]).toEqual(['ca', 'cb']);
  const second = newOwner();
  await second.open();
  await second.settle();
  expect([...disk.values.keys()]).toEqual(['cb']);
  await second.close();
});

// The checkpoint of a full batch was still being written when the timed one began: two at a time.
test('checkpoints are written one after the other, the timed ones too', async () => {
  const { send, newOwner, advance, log } = house();
  const order: number[] = [];
  const observer: TaskObserver = { onCheckpoint: ({ plan }) => void order.push(plan) };
  const { task, mostAtOnce } = newOwner.slow(observer, { checkpointKeysMax: 1 });
  await task.open();
  send('a', 'b', 'c', 'd');
  await task.step();
  await task.step();
  advance(60_000);
  await task.tick();
  await task.settle();
  expect(mostAtOnce()).toBe(1);
  expect(order).toEqual([1, 2, 3]);
  expect(log.plans).toEqual([]);
  await task.close();
});

test('a batch is a function of its records and the state, not of the portions in which they come', async () => {
  const { topics, send } = house();
  send('a', 'b', 'a');
  const stage = countingDomain().stages[0]!;
  const life = new Life();
  const run = async (portions: (records: readonly SourceRecord[]) => (readonly SourceRecord[])[]) => {
    const store = new MemoryStore(new StoreDisk('x'), life);
    const batch = await new MemorySource(topics, stage.topics, life).next({ eventsMax: 10, bytesMax: 1e9 });
    const run = new BatchRun(stage, new StateCache(store, stage.spaces), 5, new NoCargo());
    for (const portion of portions(batch!.records)) await run.add(portion);
    return run.finish(undefined);
  };
  const first = await run((records) => [records]);
  expect(await run((records) => records.map((record) => [record]))).toEqual(first);
  expect(first.events).toBe(3);
  expect(first.forwards).toHaveLength(2);
});

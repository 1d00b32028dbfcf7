import { afterEach, expect, test } from 'vitest';
import type { Domain } from '../../src/runtime/domain.ts';
import type { Reach } from '../../src/runtime/task.ts';
import { type CountedBatch, type Watermark, Watermarks, type WatermarkTable } from '../../src/runtime/watermarks.ts';
import { countingDomain } from './counting.ts';

/** A stage that producers feed, over two partitions, and one that the first stage feeds too. */
const counting = countingDomain();
const domain: Domain = {
  ...counting,
  name: 'counting',
  stages: [
    { ...counting.stages[0]!, name: 'first', topics: [counting.topics[0]!.name] },
    { ...counting.stages[0]!, name: 'fed', topics: [counting.topics[0]!.name, 'counting.internal'] },
  ],
};
const partitions = new Map([
  ['counting.first', 2],
  ['counting.fed', 1],
]);
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A table as ClickHouse keeps it: of two rows of a task the later time holds. */
class Table implements WatermarkTable {
  readonly rows = new Map<string, number>();
  readonly writes: (readonly Watermark[])[] = [];
  isAway = false;

  async write(watermarks: readonly Watermark[]): Promise<void> {
    if (this.isAway) throw new Error('away');
    this.writes.push(watermarks);
    for (const { stage, partition, completeThrough } of watermarks) {
      const key = `${stage}/${partition}`;
      this.rows.set(key, Math.max(this.rows.get(key) ?? 0, completeThrough));
    }
  }

  async newest(): Promise<ReadonlyMap<string, number>> {
    return new Map([['counting', Math.max(...this.rows.values())]]);
  }

  /** What the view says: nothing while a task is not known. */
  get completeThrough(): number {
    return Math.min(...this.rows.values());
  }
}

const opened: Watermarks[] = [];

function watermarksOn(table: Table, isShared = false): Watermarks {
  const watermarks = new Watermarks({
    ...{ app: 'test', domains: [domain], partitions, isShared, table },
    log: silent as never,
    flushMs: 3_600_000,
  });
  opened.push(watermarks);
  return watermarks;
}

/** A batch whose source gave so much. */
const through = (time: number, more: Partial<Reach> = {}): CountedBatch => ({
  reach: { through: time, isLast: false, newest: Number.NEGATIVE_INFINITY, ...more },
  outcome: { newest: time },
  plan: { now: Number.POSITIVE_INFINITY },
});

/** A batch that an owner before left. */
const left = (newest: number, now = Number.POSITIVE_INFINITY): CountedBatch => ({ outcome: { newest }, plan: { now } });

afterEach(async () => {
  for (const watermarks of opened.splice(0)) await watermarks.close();
});

test('every task is there before the first one counts, so that one that nobody opened holds the domain back', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  watermarks.task('counting.first', 0).committed(through(100));
  await watermarks.write();
  expect(table.writes[0]!.map(({ completeThrough }) => completeThrough)).toEqual([0, 0, 0]);
  expect(table.rows.get('counting.first/0')).toBe(100);
  expect(table.completeThrough).toBe(0);
});

test('a task at its end counts as far as the domain had come before it looked, and no further', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  const [busy, idle, fed] = [
    watermarks.task('counting.first', 0),
    watermarks.task('counting.first', 1),
    watermarks.task('counting.fed', 0),
  ];
  busy.committed(through(100));
  const looked = idle.newest();
  busy.committed(through(200));
  idle.onIdle(looked);
  fed.onIdle(looked);
  await watermarks.write();
  expect(table.completeThrough).toBe(100);
  idle.onIdle(idle.newest());
  fed.onIdle(fed.newest());
  await watermarks.write();
  expect(table.completeThrough).toBe(200);
});

test('a stage that others feed goes by what they had counted before a batch that took all there was', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  const fed = watermarks.task('counting.fed', 0);
  fed.committed(through(900));
  await watermarks.write();
  expect(table.rows.get('counting.fed/0')).toBe(0);
  fed.committed(through(900, { isLast: true, newest: 300 }));
  fed.committed(through(950, { newest: 400 }));
  await watermarks.write();
  expect(table.rows.get('counting.fed/0')).toBe(300);
});

test('what cannot be told, a batch of an earlier owner and an older batch change nothing', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  const task = watermarks.task('counting.first', 0);
  for (const time of [500, 400, Number.NEGATIVE_INFINITY, Number.NaN]) task.committed(through(time));
  task.committed(left(Number.NEGATIVE_INFINITY));
  task.onIdle(Number.NEGATIVE_INFINITY);
  await watermarks.write();
  expect(table.rows.get('counting.first/0')).toBe(500);
});

test('what a batch of an earlier owner counted is known to those who then find nothing, and to none before', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  const tasks = [
    watermarks.task('counting.first', 0),
    watermarks.task('counting.first', 1),
    watermarks.task('counting.fed', 0),
  ] as const;
  tasks[0].committed(through(100));
  tasks[0].committed(left(300));
  await watermarks.write();
  expect(table.rows.get('counting.first/0')).toBe(100);
  for (const task of tasks) task.onIdle(task.newest());
  await watermarks.write();
  expect(table.completeThrough).toBe(300);
  // No further than the time of its plan, whatever its events say.
  tasks[0].committed(left(5_000, 400));
  for (const task of tasks) task.onIdle(task.newest());
  await watermarks.write();
  expect(table.completeThrough).toBe(400);
});

test('what could not be written is written later, the declaration of the tasks first', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  table.isAway = true;
  watermarks.task('counting.first', 0).committed(through(100));
  await watermarks.write();
  expect(table.rows.size).toBe(0);
  table.isAway = false;
  await watermarks.close();
  expect(table.writes[0]).toHaveLength(3);
  expect(table.rows.get('counting.first/0')).toBe(100);
});

test('an idle task of another process follows the domain, as the table tells it', async () => {
  const table = new Table();
  const here = watermarksOn(table, true);
  const there = watermarksOn(table, true);
  here.task('counting.first', 0).committed(through(700));
  await here.write();
  await there.write();
  const idle = there.task('counting.first', 1);
  expect(idle.newest()).toBe(700);
  idle.onIdle(idle.newest());
  there.task('counting.fed', 0).onIdle(idle.newest());
  await there.write();
  expect(table.completeThrough).toBe(700);
});

test('a process that has all tasks and has drained them is complete through the newest event', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  watermarks.task('counting.first', 0).committed(through(800));
  watermarks.drained();
  await watermarks.write();
  expect(table.completeThrough).toBe(800);
});

test('what producers wrote last may be an event of a stage that others feed: the others reach it when they are idle', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  const [first, second, fed] = [
    watermarks.task('counting.first', 0),
    watermarks.task('counting.first', 1),
    watermarks.task('counting.fed', 0),
  ];
  first.committed(through(100));
  fed.committed(through(800));
  await watermarks.write();
  // Forwards of between may be on their way.
  expect(table.rows.get('counting.fed/0')).toBe(0);
  for (const task of [first, second, fed]) task.onIdle(task.newest());
  await watermarks.write();
  expect(table.completeThrough).toBe(800);
});

test('what cannot be written holds up no end for longer than it is told to', async () => {
  const table = new Table();
  const watermarks = watermarksOn(table);
  table.isAway = true;
  watermarks.task('counting.first', 0).committed(through(100));
  const closed = await Promise.race([
    watermarks.close(50).then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 5_000, false)),
  ]);
  expect(closed).toBe(true);
  expect(table.rows.size).toBe(0);
});

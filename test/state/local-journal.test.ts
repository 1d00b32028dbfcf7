import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Forward } from '../../src/state/journal.ts';
import { openLocalJournal } from '../../src/state/local-journal.ts';
import { smallDisk, temporaryFolder } from './folders.ts';
import { journalSuite, planOf } from './journal-suite.ts';
import { runAndKill } from './killed-child.ts';

journalSuite('LocalJournal', (folder) => openLocalJournal(folder, 'test'));

function forward(topic: string, value: unknown): Forward {
  return { topic, key: `key of ${JSON.stringify(value)}`, time: 5, value };
}

/** Everything in a queue from an offset on. */
async function values(queue: { read: (from: number, limit: number) => Promise<{ value: unknown }[]> }, from = 0) {
  return (await queue.read(from, 1000)).map(({ value }) => value);
}

test('forwards are in their queues, in order, with the commit and not before', async () => {
  const folder = temporaryFolder();
  const journal = await openLocalJournal(folder, 'test');
  const task = journal.task('a', 0);
  const other = journal.task('a', 1);
  const queue = journal.queue('counts');
  let calls = 0;
  const unsubscribe = queue.onAppend(() => calls++);
  await task.fence();
  await other.fence();
  await Promise.all([task.append({ plan: planOf(1) }), other.append({ plan: planOf(1) })]);
  const first = task.append({
    commit: 1,
    forwards: [forward('counts', 1), forward('others', 'x'), forward('counts', { n: 2 })],
    plan: planOf(2),
  });
  const second = other.append({ commit: 1, forwards: [forward('counts', 3)] });
  expect(queue.end()).toBe(0);
  expect(await queue.read(0, 10)).toEqual([]);
  await Promise.all([first, second]);
  expect(calls).toBe(2);
  unsubscribe();
  await task.append({ commit: 2, forwards: [forward('counts', null)] });
  expect(calls).toBe(2);
  const check = async (opened: typeof journal) => {
    expect(await values(opened.queue('counts'))).toEqual([1, { n: 2 }, 3, null]);
    expect(await values(opened.queue('others'))).toEqual(['x']);
    expect(opened.queue('counts').end()).toBe(4);
    expect(await opened.queue('counts').read(1, 2)).toMatchObject([
      { offset: 1, key: 'key of {"n":2}', time: 5, value: { n: 2 } },
      { offset: 2, key: 'key of 3', time: 5, value: 3 },
    ]);
    expect(opened.queue('none').end()).toBe(0);
  };
  await check(journal);
  await journal.close();
  const again = await openLocalJournal(folder, 'test');
  await check(again);
  await again.close();
});

test('a queue is trimmed by whole commits, keeps its offsets, and says when its reader comes too late', async () => {
  const folder = temporaryFolder();
  let journal = await openLocalJournal(folder, 'test');
  const task = journal.task('a', 0);
  await task.fence();
  for (let number = 1; number <= 4; number++) {
    await task.append({ plan: planOf(number) });
    await task.append({ commit: number, forwards: [forward('counts', `${number}a`), forward('counts', `${number}b`)] });
  }
  for (const [before, begin] of [
    [0, 0],
    [1, 0],
    [2, 2],
    [5, 4],
    [5, 4],
  ] as const) {
    await journal.queue('counts').trim(before);
    expect(journal.queue('counts').begin()).toBe(begin);
  }
  await journal.close();
  journal = await openLocalJournal(folder, 'test');
  const queue = journal.queue('counts');
  expect(await values(queue, 4)).toEqual(['3a', '3b', '4a', '4b']);
  expect(await values(queue, 7)).toEqual(['4b']);
  await expect(queue.read(3, 1)).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
  await expect(queue.read(9, 1)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
  await queue.trim(8);
  expect([queue.begin(), queue.end()]).toEqual([8, 8]);
  await journal.close();
  journal = await openLocalJournal(folder, 'test');
  expect([journal.queue('counts').begin(), journal.queue('counts').end()]).toEqual([8, 8]);
  await journal.close();
});

test('killed while it appends: a commit is there with its forwards and the next plan, or not at all', async () => {
  const folder = temporaryFolder();
  let reached = 0;
  for (const afterMs of [0, 2, 5, 11, 23, 47, 90, 150]) {
    const acknowledged = await runAndKill('append-plans.ts', folder, afterMs);
    const journal = await openLocalJournal(folder, 'test');
    const state = await journal.task('conversation', 0).fence();
    expect(state.committed).toBeGreaterThanOrEqual(acknowledged);
    expect(state.committed).toBeGreaterThan(reached);
    reached = state.committed;
    expect(state.plans.at(-1)?.number).toBe(reached + 1);
    const expected = Array.from({ length: reached }, (_, index) => index + 1).flatMap((number) =>
      Array.from({ length: number % 10 }, (_, value) => `${number}/${value}`),
    );
    const found = await journal.queue('counts').read(0, 10_000_000);
    expect(found.map(({ key, value }) => `${key}/${value}`)).toEqual(expected);
    await journal.close();
  }
}, 60_000);

test('a folder of another app is refused: its tokens would not be the same', async () => {
  const folder = temporaryFolder();
  await (await openLocalJournal(folder, 'one')).close();
  await expect(openLocalJournal(folder, 'two')).rejects.toMatchObject({ code: 'PARLEY_CONFIGURATION' });
  await (await openLocalJournal(folder, 'one')).close();
});

test('a second process, or a second opening, is PARLEY_DATA_DIR_IN_USE', async () => {
  const folder = temporaryFolder();
  const journal = await openLocalJournal(folder, 'test');
  await expect(openLocalJournal(folder, 'test')).rejects.toMatchObject({ code: 'PARLEY_DATA_DIR_IN_USE' });
  await expect(runAndKill('append-plans.ts', folder, 1000)).rejects.toThrow(/PARLEY_DATA_DIR_IN_USE/);
  await journal.close();
});

test('after a failed append nothing more is written, and a new owner finds what is on the disk', async () => {
  const disk = smallDisk('1m');
  const journal = await openLocalJournal(join(disk, 'journal'), 'test');
  const task = journal.task('a', 0);
  await task.fence();
  await task.append({ plan: planOf(1) });
  let committed = 0;
  const fill = async () => {
    for (let number = 1; number < 10_000; number++) {
      await task.append({ commit: number, forwards: [forward('counts', 'x'.repeat(5000))], plan: planOf(number + 1) });
      committed = number;
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'PARLEY_DISK_FULL' });
  expect(journal.queue('counts').end()).toBe(committed);
  await expect(task.append({ commit: committed + 2 })).rejects.toMatchObject({ code: 'PARLEY_DISK_FULL' });
  await journal.close();
  execFileSync('mount', ['-o', 'remount,size=20m', disk]);
  const again = await openLocalJournal(join(disk, 'journal'), 'test');
  const state = await again.task('a', 0).fence();
  expect([committed, committed + 1]).toContain(state.committed);
  expect(again.queue('counts').end()).toBe(state.committed);
  await again.close();
});

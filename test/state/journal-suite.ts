import { describe, expect, test } from 'vitest';
import type { Journal, Plan } from '../../src/state/journal.ts';
import { temporaryFolder } from './folders.ts';

export interface JournalsUnderTest {
  /** A new owner of a task's journal. */
  task(stage: string, partition: number): Journal;
  /** Ends the process's use of it; the same place is then opened again. */
  close(): Promise<void>;
}

export function planOf(number: number): Plan {
  const ranges = [{ shard: 'file/1', topic: 'a.b', from: number * 10 - 10, to: number * 10 }];
  return { number, ranges, now: 1_700_000_000_000 + number, marks: { 'file/1': { line: number } } };
}

/** What every Journal does. `open` opens the journals in a folder, or makes them. */
export function journalSuite(name: string, open: (folder: string) => Promise<JournalsUnderTest>): void {
  describe(`${name} as a Journal`, () => {
    test('a new task is new until something was journalled', async () => {
      const folder = temporaryFolder();
      const journals = await open(folder);
      const task = journals.task('customer', 2);
      expect(await task.fence()).toEqual({ committed: 0, plans: [], isNew: true });
      await task.append({ plan: planOf(1) });
      await journals.close();
      const again = await open(folder);
      expect(await again.task('customer', 2).fence()).toEqual({ committed: 0, plans: [planOf(1)], isNew: false });
      expect(await again.task('customer', 1).fence()).toEqual({ committed: 0, plans: [], isNew: true });
      expect(await again.task('custom', 2).fence()).toEqual({ committed: 0, plans: [], isNew: true });
      await again.close();
    });

    test('keeps the plans since the checkpoint, and one that is not committed', async () => {
      const folder = temporaryFolder();
      const journals = await open(folder);
      const task = journals.task('conversation', 0);
      await task.fence();
      await task.append({ plan: planOf(1) });
      for (let number = 1; number < 12; number++) await task.append({ commit: number, plan: planOf(number + 1) });
      const check = async (owner: Journal, from: number, to: number, committed: number) => {
        const plans = Array.from({ length: to - from + 1 }, (_, index) => planOf(from + index));
        expect(await owner.fence()).toEqual({ committed, plans, isNew: false });
      };
      await check(task, 1, 12, 11);
      await task.checkpoint({ plan: 10, positions: {} }, []);
      await check(task, 11, 12, 11);
      await task.append({ commit: 12 });
      await check(task, 11, 12, 12);
      await task.checkpoint({ plan: 12, positions: {} }, []);
      await journals.close();
      const again = await open(folder);
      await check(again.task('conversation', 0), 13, 12, 12);
      await again.close();
    });

    test('refuses what is out of order, and is as before', async () => {
      const journals = await open(temporaryFolder());
      const task = journals.task('clinic', 0);
      await task.fence();
      const wrong = { code: 'PARLEY_INTERNAL' };
      const forwards = [{ topic: 'c', key: 'k', time: 1, value: 1 }];
      await expect(task.append({ plan: planOf(2) })).rejects.toMatchObject(wrong);
      await expect(task.append({ commit: 1 })).rejects.toMatchObject(wrong);
      await expect(task.append({ forwards })).rejects.toMatchObject(wrong);
      await task.append({ plan: planOf(1) });
      await expect(task.append({ plan: planOf(2) })).rejects.toMatchObject(wrong);
      await expect(task.append({ commit: 2 })).rejects.toMatchObject(wrong);
      await expect(task.checkpoint({ plan: 1, positions: {} }, [])).rejects.toMatchObject(wrong);
      await task.append({ commit: 1 });
      await expect(task.append({ commit: 1 })).rejects.toMatchObject(wrong);
      await task.checkpoint({ plan: 1, positions: {} }, []);
      await expect(task.checkpoint({ plan: 0, positions: {} }, [])).rejects.toMatchObject(wrong);
      expect(await task.fence()).toEqual({ committed: 1, plans: [], isNew: false });
      await journals.close();
    });

    test('a forward or a dead letter without a commit is refused', async () => {
      const journals = await open(temporaryFolder());
      const task = journals.task('clinic', 0);
      await task.fence();
      const letter = {
        message: 'm',
        topic: 't',
        shard: 's',
        offset: 1,
        bytes: Buffer.from('x'),
        envelope: { key: null, schema: null },
      };
      const wrong = { code: 'PARLEY_INTERNAL' };
      await expect(task.append({ deadLetters: [{ ...letter, code: 'INVALID_JSON' }] })).rejects.toMatchObject(wrong);
      expect(await task.fence()).toEqual({ committed: 0, plans: [], isNew: true });
      await journals.close();
    });

    test('appends and checkpoints that are asked for at once do not disturb each other', async () => {
      const folder = temporaryFolder();
      const journals = await open(folder);
      const task = journals.task('conversation', 1);
      await task.fence();
      await task.append({ plan: planOf(1) });
      const writes: Promise<void>[] = [];
      for (let number = 1; number <= 30; number++) {
        writes.push(task.append({ commit: number, plan: planOf(number + 1) }));
        if (number % 4 === 0)
          writes.push(Promise.all(writes).then(() => task.checkpoint({ plan: number, positions: {} }, [])));
      }
      await Promise.all(writes);
      await journals.close();
      const again = await open(folder);
      const found = await again.task('conversation', 1).fence();
      expect(found).toEqual({ committed: 30, plans: [planOf(29), planOf(30), planOf(31)], isNew: false });
      await again.close();
    });

    test('a new owner fences the one before, and sees what that one wrote', async () => {
      const journals = await open(temporaryFolder());
      const old = journals.task('clinic', 0);
      await expect(old.append({ plan: planOf(1) })).rejects.toMatchObject({ code: 'PARLEY_FENCED' });
      await old.fence();
      const fenced = { code: 'PARLEY_FENCED' };
      // A write that is under way is whole and seen, or refused and without a trace.
      const lastWrite = old.append({ plan: planOf(1) }).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject(fenced);
          return false;
        },
      );
      const owner = journals.task('clinic', 0);
      const found = await owner.fence();
      const isWritten = await lastWrite;
      expect(found).toEqual({ committed: 0, plans: isWritten ? [planOf(1)] : [], isNew: !isWritten });
      if (!isWritten) await owner.append({ plan: planOf(1) });
      await expect(old.append({ commit: 1 })).rejects.toMatchObject(fenced);
      await expect(old.checkpoint({ plan: 0, positions: {} }, [])).rejects.toMatchObject(fenced);
      await owner.append({ commit: 1, plan: planOf(2) });
      await owner.close();
      await expect(owner.append({ commit: 2 })).rejects.toMatchObject(fenced);
      await journals.close();
    });
  });
}

import { expect, test } from 'vitest';
import type { Positions, Range, Source, SourceBatch } from '../../src/source/source.ts';
import { type LocalJournal, openLocalJournal } from '../../src/state/local-journal.ts';
import { combineSources, QueueSource } from '../../src/state/queue-source.ts';
import { temporaryFolder } from './folders.ts';
import { planOf } from './journal-suite.ts';

const limits = { eventsMax: 4, bytesMax: 1_000_000 };

/** A journal whose queue `counts` has the values 0 to 9, in commits of three. */
async function filled(): Promise<LocalJournal> {
  const journal = await openLocalJournal(temporaryFolder(), 'test');
  const task = journal.task('a', 0);
  await task.fence();
  for (let number = 1; number <= 4; number++) {
    await task.append({ plan: planOf(number) });
    const values = [0, 1, 2].map((index) => number * 3 - 3 + index).filter((value) => value < 10);
    const forwards = values.map((value) => ({
      topic: 'counts',
      key: `k${value}`,
      time: 1000 + value,
      value: { value },
    }));
    await task.append({ commit: number, forwards });
  }
  return journal;
}

function offsets(batch: SourceBatch | undefined): number[] | undefined {
  return batch?.records.map(({ offset }) => offset);
}

test('a queue is read in batches, and a range again as it was', async () => {
  const journal = await filled();
  const source = new QueueSource(journal.queue('counts'));
  await source.seek(new Map());
  const first = await source.next(limits);
  expect(first).toMatchObject({ ranges: [{ shard: 'queue/counts', topic: 'counts', from: 0, to: 4 }] });
  expect(first!.records[2]).toMatchObject({
    topic: 'counts',
    shard: 'queue/counts',
    offset: 2,
    time: 1002,
    event: { topic: 'counts', key: 'k2', time: 1002, value: { value: 2 } },
  });
  expect(first!.records[2]!.bytes().toString()).toBe('{"value":2}');
  expect(offsets(await source.next(limits))).toEqual([4, 5, 6, 7]);
  expect(offsets(await source.next(limits))).toEqual([8, 9]);
  expect(await source.next(limits)).toBeUndefined();
  expect((await source.read(first!.ranges)).records.map(({ event }) => event)).toEqual(
    first!.records.map(({ event }) => event),
  );
  expect(await source.read([])).toMatchObject({ records: [], ranges: [] });
  await journal.close();
});

test('it goes on where a position says, holds to the bytes, and says when its input is gone', async () => {
  const journal = await filled();
  const source = new QueueSource(journal.queue('counts'));
  await source.seek(new Map([['queue/counts', { topic: 'counts', offset: 7 }]]));
  expect(offsets(await source.next({ eventsMax: 10, bytesMax: 1 }))).toEqual([7]);
  expect(offsets(await source.next(limits))).toEqual([8, 9]);
  const gone = { code: 'PARLEY_INPUT_GONE' };
  const range = { shard: 'queue/counts', topic: 'counts' };
  await expect(source.read([{ ...range, from: 8, to: 11 }])).rejects.toMatchObject(gone);
  await journal.queue('counts').trim(6);
  await expect(source.read([{ ...range, from: 5, to: 8 }])).rejects.toMatchObject(gone);
  expect(offsets(await source.read([{ ...range, from: 6, to: 8 }]))).toEqual([6, 7]);
  await journal.close();
});

/** The other source of a task: gives one batch, and keeps what it was told. */
class OtherSource implements Source {
  positions: Positions = new Map();
  isRead = false;
  isClosed = false;
  readonly batch: SourceBatch = {
    records: [],
    ranges: [{ shard: 'file/1', topic: 'a.b', from: 0, to: 5 }],
    marks: new Map(),
  };

  async next(): Promise<SourceBatch | undefined> {
    if (this.isRead) return undefined;
    this.isRead = true;
    return this.batch;
  }

  async read(ranges: readonly Range[]): Promise<SourceBatch> {
    return { ...this.batch, ranges };
  }

  async seek(positions: Positions): Promise<void> {
    this.positions = positions;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

test('a batch takes from one source only, queues first, and ranges find their source again', async () => {
  const journal = await filled();
  const other = new OtherSource();
  const queues = [new QueueSource(journal.queue('counts')), new QueueSource(journal.queue('empty'))];
  const source = combineSources(queues, other);
  const filePosition = { topic: 'a.b', offset: 3 };
  await source.seek(
    new Map([
      ['queue/counts', { topic: 'counts', offset: 8 }],
      ['file/1', filePosition],
    ]),
  );
  expect(other.positions).toEqual(new Map([['file/1', filePosition]]));
  const first = await source.next(limits);
  expect(offsets(first)).toEqual([8, 9]);
  const second = await source.next(limits);
  expect(second).toBe(other.batch);
  expect(await source.next(limits)).toBeUndefined();
  expect(offsets(await source.read(first!.ranges))).toEqual([8, 9]);
  expect((await source.read(second!.ranges)).ranges).toEqual(second!.ranges);
  expect((await source.read([])).records).toEqual([]);
  await expect(source.read([...first!.ranges, ...second!.ranges])).rejects.toMatchObject({ code: 'PARLEY_INTERNAL' });
  expect(combineSources([], other)).toBe(other);
  await source.close();
  expect(other.isClosed).toBe(true);
  await journal.close();
});

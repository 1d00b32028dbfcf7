import { describe, expect, test, vi } from 'vitest';
import { Offsets } from '../../../src/runtime/group/offsets.ts';
import { PacedSource } from '../../../src/runtime/group/paced-source.ts';
import { Shares } from '../../../src/runtime/group/shares.ts';
import { Turns } from '../../../src/runtime/group/turns.ts';
import { defaultLimits } from '../../../src/runtime/task.ts';
import type { Source, SourceBatch, SourceRecord } from '../../../src/source/source.ts';

describe('shares', () => {
  const limits = { ...defaultLimits, batchEventsMax: 40_000, checkpointKeysMax: 20_000 };

  test('follow the tasks that are at work, and are never too small', () => {
    let now = 0;
    const shares = new Shares({ limits, turns: 3, clock: () => now, cacheEntriesMax: 20_000 });
    const one = shares.limits(1);
    expect(one.batchEventsMax).toBe(40_000);
    for (let task = 0; task < 20; task++) shares.add(`t${task}`);
    expect(one.batchEventsMax).toBe(40_000);
    for (let task = 0; task < 2; task++) shares.worked(`t${task}`);
    expect(one.batchEventsMax).toBe(20_000);
    expect(one.checkpointKeysMax).toBe(10_000);
    for (let task = 0; task < 20; task++) shares.worked(`t${task}`);
    expect(one.batchEventsMax).toBe(13_333);
    expect(one.checkpointKeysMax).toBe(4_000);
    expect(shares.cache().entriesMax).toBe(1_000);
    now = 60_000;
    expect(one.batchEventsMax).toBe(40_000);
    for (let task = 0; task < 18; task++) shares.remove(`t${task}`);
    expect(shares.cache().entriesMax).toBe(10_000);
  });

  test('never exceed what the operator allows', () => {
    const small = new Shares({ limits: { ...limits, batchEventsMax: 100 }, turns: 2, clock: () => 0 });
    small.add('a');
    small.worked('a');
    expect(small.limits(0).batchEventsMax).toBe(100);
  });

  test('spread checkpoints over a quarter of the interval', () => {
    const shares = new Shares({ limits, turns: 2, clock: () => 0 });
    expect([0, 0.5, 1].map((spread) => shares.limits(spread).checkpointIntervalMs)).toEqual([22_500, 26_250, 30_000]);
  });
});

describe('a paced source', () => {
  function paced(sizes: number[], clock: () => number): PacedSource {
    const source: Source = {
      isContinuous: true,
      next: async () => {
        const size = sizes.shift();
        if (size === undefined) return undefined;
        const records = Array.from({ length: size }, () => ({}) as SourceRecord);
        return { records, ranges: [], marks: new Map() } satisfies SourceBatch;
      },
      read: async () => ({ records: [], ranges: [], marks: new Map() }),
      seek: async () => undefined,
      close: async () => undefined,
    };
    return new PacedSource(source, { lingerMs: 100, clock, turn: new Turns().claim() });
  }

  const limits = { eventsMax: 100, bytesMax: 1 };

  test('waits after a small batch, and not after one that is half full, in however many portions', async () => {
    let now = 1_000;
    const source = paced([10, 10, 40, 10, 10], () => now);
    const take = async (portions: number) => {
      const sizes: (number | undefined)[] = [];
      for (let portion = 0; portion < portions; portion++) {
        sizes.push((await source.next({ ...limits, isContinued: portion > 0 }))?.records.length);
      }
      if (sizes[0] !== undefined) source.processed(100);
      return sizes;
    };
    expect(await take(1)).toEqual([10]);
    expect(await take(1)).toEqual([undefined]);
    expect(source.waitMs).toBe(100);
    now += 100;
    expect(await take(3)).toEqual([10, 40, 10]);
    expect(await take(1)).toEqual([10]);
  });

  test('waits longer where inserts are slow', async () => {
    let now = 1_000;
    const source = paced([10, 10, 10], () => now);
    const waits = async (insertMs: number) => {
      await source.next(limits);
      source.processed(100);
      now += insertMs;
      source.delivered(insertMs);
      const { waitMs } = source;
      now += waitMs;
      return insertMs + waitMs;
    };
    expect(await waits(10)).toBe(100);
    expect(await waits(50)).toBe(400);
    expect(await waits(800)).toBe(1_100);
  });

  test('does not wait longer than it should when the clock is set back', async () => {
    let now = 1_000_000;
    const source = paced([1, 1], () => now);
    await source.next(limits);
    source.processed(100);
    now = 0;
    expect(source.waitMs).toBe(1_100);
  });

  test('gives nothing new once it is to end', async () => {
    const source = paced([1], () => 0);
    source.end();
    expect(await source.next(limits)).toBeUndefined();
  });
});

describe('turns', () => {
  test('are taken by so many at a time, in the order of asking', async () => {
    const turns = new Turns(2);
    const claims = ['a', 'b', 'c', 'd'].map((name) => ({ name, claim: turns.claim() }));
    const began: string[] = [];
    const all = claims.map(({ name, claim }) => claim.begin().then(() => began.push(name)));
    await all[1];
    expect(began).toEqual(['a', 'b']);
    claims[1]!.claim.end();
    await all[2];
    expect(began).toEqual(['a', 'b', 'c']);
    // One that lets go of its place in the queue holds nobody up, and has no turn to give back.
    claims[3]!.claim.end();
    await all[3];
    claims[3]!.claim.end();
    const late = turns.claim();
    const waiting = late.begin().then(() => began.push('late'));
    claims[0]!.claim.end();
    await waiting;
    expect(began).toEqual(['a', 'b', 'c', 'd', 'late']);
  });

  test('are not waited for beyond reason', async () => {
    const turns = new Turns(1, 5);
    const [one, other] = [turns.claim(), turns.claim()];
    await one.begin();
    await other.begin();
    other.end();
    one.end();
    await turns.claim().begin();
  });
});

describe('offsets', () => {
  test('are told one message at a time, the newest only, and again after a failure', async () => {
    const told: Record<string, number>[] = [];
    const failures: unknown[] = [];
    const open: (() => void)[] = [];
    const offsets = new Offsets(
      async (positions) => {
        told.push(Object.fromEntries([...positions].map(([shard, { offset }]) => [shard, offset])));
        await new Promise<void>((resolve) => open.push(resolve));
        if (told.length === 1) throw new Error('not now');
      },
      (error) => failures.push(error),
    );
    const at = (shard: string, offset: number) => offsets.add([[shard, { topic: 't', offset }]]);
    at('a', 1);
    at('a', 2);
    at('b', 5);
    at('a', 3);
    expect(told).toEqual([{ a: 1 }]);
    open[0]!();
    await Promise.resolve();
    for (let turns = 0; open.length < 2 && turns < 20; turns++) await Promise.resolve();
    open[1]!();
    await offsets.settled();
    expect(told).toEqual([{ a: 1 }, { a: 3, b: 5 }]);
    expect(failures).toHaveLength(1);
  });

  test('that could not be told are told again, though nothing comes after them', async () => {
    const told: string[][] = [];
    const offsets = new Offsets(
      async (positions) => {
        told.push([...positions.keys()]);
        if (told.length < 3) throw new Error('not now');
      },
      () => undefined,
      5,
    );
    offsets.add([['a', { topic: 't', offset: 1 }]]);
    await vi.waitFor(() => expect(told).toEqual([['a'], ['a'], ['a']]));
    await offsets.settled();
    expect(told).toHaveLength(3);
  });

  test('of shards that the next batch does not have are kept through a failure', async () => {
    const last = new Map<string, number>();
    let isDown = true;
    const offsets = new Offsets(
      async (positions) => {
        if (isDown) throw new Error('not now');
        for (const [shard, { offset }] of positions) last.set(shard, offset);
      },
      () => undefined,
      60_000,
    );
    offsets.add([['a', { topic: 't', offset: 1 }]]);
    await offsets.settled();
    isDown = false;
    offsets.add([['b', { topic: 't', offset: 2 }]]);
    await offsets.settled();
    expect(Object.fromEntries(last)).toEqual({ a: 1, b: 2 });
    offsets.close();
  });
});

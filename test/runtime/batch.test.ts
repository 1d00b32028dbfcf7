import { expect, test } from 'vitest';
import { BatchRun, CHUNK_EVENTS } from '../../src/runtime/batch.ts';
import type { Context, Stage, StateSpace } from '../../src/runtime/domain.ts';
import type { SourceRecord } from '../../src/source/source.ts';
import { StateCache } from '../../src/state/cache.ts';
import { openLevelStore } from '../../src/state/level-store.ts';
import { NoCargo } from '../../src/warehouse/delivery.ts';
import { temporaryFolder } from '../state/folders.ts';

interface Tally {
  count: number;
}

/** What happened, in the order in which it did. */
interface Calls {
  readonly settled: string[];
  readonly encoded: string[];
  readonly decoded: string[];
}

function tallyStage(calls: Calls, settle: (key: string, state: Tally, context: Context) => void): Stage {
  const space: StateSpace<Tally> = {
    prefix: 't',
    name: 'tally',
    version: 1,
    encode: ({ count }) => {
      calls.encoded.push(String(count));
      return String(count);
    },
    decode: (text) => {
      calls.decoded.push(text);
      return { count: Number(text) };
    },
    settle,
  };
  return {
    name: 'tally',
    topics: ['events'],
    spaces: [space as StateSpace<unknown>],
    processor: {
      reads: (event, read) => read(space, event.key),
      process(event, context) {
        const state = context.get(space, event.key) ?? { count: 0 };
        state.count++;
        context.put(space, event.key, state);
      },
    },
  };
}

async function start(settle?: (key: string, state: Tally, context: Context) => void) {
  const calls: Calls = { settled: [], encoded: [], decoded: [] };
  const stage = tallyStage(calls, (key, state, context) => {
    calls.settled.push(`${key} ${state.count}`);
    settle?.(key, state, context);
  });
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, stage.spaces);
  return { calls, cache, store, begin: () => new BatchRun(stage, cache, 0, new NoCargo()) };
}

/** A chunk in which the first events have these keys, and all others the key `rest`. */
function chunk(...keys: string[]): SourceRecord[] {
  return Array.from({ length: CHUNK_EVENTS }, (_, offset) => ({
    topic: 'events',
    shard: 'events/0',
    offset,
    time: 0,
    size: 1,
    event: { topic: 'events', key: keys[offset] ?? 'rest', time: 0, value: {} },
    bytes: () => Buffer.alloc(0),
  }));
}

test('a burst is settled once, after the first chunk without the key; a lasting one after every four', async () => {
  const { calls, begin, store } = await start();
  const run = begin();
  const seen: string[][] = [];
  const add = async (...keys: string[]) => {
    calls.settled.length = 0;
    await run.add(chunk(...keys));
    seen.push([...calls.settled]);
  };
  await add('burst', 'once');
  await add('burst', 'burst');
  await add();
  await add('again');
  await add();
  calls.settled.length = 0;
  await run.finish(undefined);
  const ofRest = CHUNK_EVENTS * 4 - 5;
  // A chunk is processed when the next one has come: its states are on their way until then.
  expect(seen).toEqual([[], [], ['once 1'], ['burst 3'], [`rest ${ofRest}`]]);
  expect(calls.settled).toEqual(['again 1', `rest ${ofRest + CHUNK_EVENTS}`]);
  await store.close();
});

test('what is settled when does not depend on the portions in which records come', async () => {
  const records = [chunk('a', 'b'), chunk('b'), chunk('c', 'a'), chunk(), chunk('b')].flat();
  const settledBy = async (portion: number): Promise<string[]> => {
    const { calls, begin, store } = await start();
    const run = begin();
    for (let at = 0; at < records.length; at += portion) await run.add(records.slice(at, at + portion));
    await run.finish(undefined);
    await store.close();
    return calls.settled;
  };
  const whole = await settledBy(records.length);
  expect(whole).toEqual(['a 1', 'b 2', 'rest 3995', 'c 1', 'a 2', 'b 3', 'rest 4994']);
  expect(await settledBy(1)).toEqual(whole);
  expect(await settledBy(1_700)).toEqual(whole);
});

test('a state that two chunks did not use rests as its text, which a snapshot takes as it is', async () => {
  const { calls, begin, cache, store } = await start();
  const run = begin();
  await run.add(chunk('early'));
  await run.add(chunk());
  await run.add(chunk());
  expect(calls.encoded).toEqual([]);
  await run.add(chunk());
  expect(calls.encoded).toEqual(['1']);
  await run.finish(undefined);
  expect(calls.encoded).toEqual(['1']);
  const snapshot = [...cache.snapshot()];
  expect(snapshot).toEqual([
    ['tearly', '1 0 1'],
    ['trest', `1 0 ${4 * CHUNK_EVENTS - 1}`],
  ]);
  expect(calls.encoded).toEqual(['1', String(4 * CHUNK_EVENTS - 1)]);
  // It is asked for again: decoded once, and changed from there.
  const next = begin();
  await next.add(chunk('early', 'early'));
  await next.finish(undefined);
  expect(calls.decoded).toEqual(['1']);
  expect([...cache.snapshot()][0]).toEqual(['tearly', '1 0 3']);
  await store.close();
});

test('settling a state cannot look at another one, which may be out of memory by then', async () => {
  const { begin, store } = await start((key, _state, context) => {
    if (key === 'a') context.get({ name: 'tally' } as StateSpace<Tally>, 'b');
  });
  const run = begin();
  await run.add(chunk('a', 'b'));
  await expect(run.finish(undefined)).rejects.toMatchObject({ code: 'PARLEY_INTERNAL' });
  await store.close();
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StateSpace } from '../../src/runtime/domain.ts';
import { StateCache } from '../../src/state/cache.ts';
import { compareKeys } from '../../src/state/key-order.ts';
import { openLevelStore } from '../../src/state/level-store.ts';
import { dayMs } from '../../src/state/state-record.ts';
import type { Change, Changes, StateStore } from '../../src/state/store.ts';
import { temporaryFolder } from './folders.ts';

interface Tally {
  list: number[];
}

function spaceOf(prefix: string, version = 1): StateSpace<Tally> {
  return {
    prefix,
    name: `space ${prefix}`,
    version,
    encode: (state) => JSON.stringify(state.list),
    decode: (text) => ({ list: JSON.parse(text) }),
    /** After 3 days the last number alone is kept, changed in place; after 6 nothing. */
    expire: (_key, state, idleMs) => {
      if (idleMs >= 6 * dayMs) return undefined;
      if (idleMs >= 3 * dayMs) state.list.splice(0, state.list.length - 1);
      return state;
    },
  };
}

const left = spaceOf('l');
const right = spaceOf('r');
const spaces = [left, right] as StateSpace<unknown>[];

async function write(store: StateStore, plan: number, changes: Changes): Promise<void> {
  await store.write(changes, { plan, positions: {} });
}

async function load(cache: StateCache, space: StateSpace<Tally>, ...keys: string[]): Promise<(Tally | undefined)[]> {
  for (const key of keys) cache.want(space, key);
  await cache.fetch();
  return keys.map((key) => cache.get(space, key));
}

test('states are found in whatever order they are asked for, some twice and some not at all', async () => {
  const store = await openLevelStore(temporaryFolder());
  const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
  await write(
    store,
    1,
    keys.map((key, index): Change => [`l${key}`, `1 0 [${index}]`]),
  );
  const cache = new StateCache(store, spaces);
  // In the first chunk they come from the store, then they are in memory, new ones among them.
  for (const extra of ['x', 'y', 'z']) {
    for (const order of [[...keys, extra], [extra, ...keys].reverse(), ['k7', 'k0', 'k7', extra, 'k11', 'k1', 'k1']]) {
      cache.begin(0);
      for (const key of [...keys, 'k3', extra]) cache.want(left, key);
      await cache.fetch();
      for (const key of order) {
        const expected = key === extra ? undefined : { list: [keys.indexOf(key)] };
        expect(cache.get(left, key)).toEqual(expected);
      }
    }
  }
  await store.close();
});

test('states are read, changed in place, deleted, and found again by a new cache', async () => {
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, spaces);
  cache.begin(0);
  expect(await load(cache, left, 'a', 'b')).toEqual([undefined, undefined]);
  const state = { list: [1] };
  cache.put(left, 'a', state);
  cache.put(right, 'a', { list: [9] });
  cache.put(left, 'b', { list: [2] });
  state.list.push(5);
  expect(cache.get(left, 'a')).toBe(state);
  expect(cache.dirtyCount).toBe(3);
  expect(cache.dirtyBytes).toBeGreaterThan(0);
  const changes = cache.snapshot();
  expect([...changes]).toEqual([
    ['la', '1 0 [1,5]'],
    ['lb', '1 0 [2]'],
    ['ra', '1 0 [9]'],
  ]);
  expect([cache.dirtyCount, cache.dirtyBytes]).toEqual([0, 0]);
  await write(store, 1, changes);
  cache.written();
  cache.begin(36 * 1000 * dayMs);
  cache.delete(left, 'b');
  cache.put(left, 'a', state);
  expect([...cache.snapshot()]).toEqual([
    ['lb', undefined],
    ['la', '1 rs0 [1,5]'],
  ]);
  const again = new StateCache(store, spaces);
  again.begin(0);
  expect(await load(again, left, 'a', 'b', 'c')).toEqual([{ list: [1, 5] }, { list: [2] }, undefined]);
  expect(await load(again, right, 'a')).toEqual([{ list: [9] }]);
  await store.close();
});

test('a state let go while its snapshot is being written is found in the snapshot, not as the store has it', async () => {
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, spaces, { entriesMax: 2 });
  cache.begin(0);
  cache.put(left, 'a', { list: [1] });
  cache.put(left, 'gone', { list: [1] });
  await write(store, 1, cache.snapshot());
  cache.written();
  cache.put(left, 'a', { list: [2] });
  cache.delete(left, 'gone');
  const first = cache.snapshot();
  const letGo = async () => {
    for (const key of ['x', 'y', 'z', 'u', 'v', 'w']) {
      cache.begin(0);
      await load(cache, left, key);
    }
  };
  await letGo();
  cache.begin(0);
  expect(await load(cache, left, 'a', 'gone')).toEqual([{ list: [2] }, undefined]);
  cache.put(left, 'a', { list: [3] });
  const second = cache.snapshot();
  await letGo();
  cache.begin(0);
  expect(await load(cache, left, 'a')).toEqual([{ list: [3] }]);
  await write(store, 2, first);
  cache.written();
  await letGo();
  cache.begin(0);
  expect(await load(cache, left, 'a', 'gone')).toEqual([{ list: [3] }, undefined]);
  await write(store, 3, second);
  cache.written();
  await letGo();
  cache.begin(0);
  expect(await load(cache, left, 'a', 'gone')).toEqual([{ list: [3] }, undefined]);
  expect(() => cache.written()).toThrow(/No snapshot/);
  await store.close();
});

test('what a batch wanted stays in memory for all of it, however small the cache', async () => {
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, spaces, { entriesMax: 4 });
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
  for (let round = 0; round < 3; round++) {
    cache.begin(0);
    for (const state of await load(cache, left, ...keys)) expect(state).toBeUndefined();
    for (const key of keys) expect(cache.get(left, key)).toBeUndefined();
  }
  expect(() => cache.get(left, 'never named')).toThrow(/had not named/);
  await store.close();
});

test('records of older code are decoded with their version, of newer code refused, and damage is named', async () => {
  const store = await openLevelStore(temporaryFolder());
  const changes: Change[] = [
    ['lold', '1 0 [7]'],
    ['lnew', 'b 0 [7]'],
    ['lbad', '2 0 [7'],
    ['lnone', '[7]'],
  ];
  await write(store, 1, changes);
  const versions: number[] = [];
  const newer = {
    ...spaceOf('l', 10),
    decode(text: string, version: number, key: string) {
      versions.push(version);
      expect(key).toMatch(/^(old|bad)$/);
      return { list: JSON.parse(text) };
    },
  };
  const open = () => new StateCache(store, [newer as StateSpace<unknown>]);
  expect(await load(open(), newer, 'old')).toEqual([{ list: [7] }]);
  await expect(load(open(), newer, 'new')).rejects.toMatchObject({ code: 'PARLEY_STATE_VERSION' });
  await expect(load(open(), newer, 'bad')).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
  await expect(load(open(), newer, 'none')).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
  expect(versions).toEqual([1, 2]);
  await store.close();
});

test('prefixes that do not tell spaces apart are refused', async () => {
  const store = await openLevelStore(temporaryFolder());
  for (const prefixes of [['c', 'cu'], ['cu', 'c'], ['c', 'c'], ['']]) {
    expect(() => new StateCache(store, prefixes.map((prefix) => spaceOf(prefix)) as StateSpace<unknown>[])).toThrow(
      /tell them apart/,
    );
  }
  await store.close();
});

test('keys compare as their UTF-8 bytes do', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\ue000', '\uffff', '😀', '\u{10ffff}'), maxLength: 4 });
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('expiry sees the logical state: in the store, in a snapshot, changed since, and neither', async () => {
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, spaces, { entriesMax: 2 });
  const letGo = async () => {
    for (const key of ['x', 'y', 'z']) {
      cache.begin(0);
      await load(cache, right, key);
    }
  };
  cache.begin(dayMs / 2);
  for (const key of ['a', 'd', 'touched']) cache.put(left, key, { list: [1, 2] });
  await write(store, 1, cache.snapshot());
  cache.written();
  cache.put(left, 'b', { list: [1, 2] });
  const snapshot = cache.snapshot();
  await letGo();
  cache.begin(0);
  await load(cache, left, 'touched');
  cache.put(left, 'c', { list: [1, 2] });
  cache.put(left, 'single', { list: [1] });
  cache.put(right, 'beyond', { list: [1, 2] });
  cache.begin(2 * dayMs);
  cache.put(left, 'touched', { list: [1, 2] });
  cache.snapshot();

  expect(await cache.expire('', 'lz', 3 * dayMs - 1)).toBe(0);
  expect(await cache.expire('la', 'lz', 3 * dayMs)).toBe(3);
  expect(await cache.expire('', 'la', 3 * dayMs)).toBe(1);
  // They keep the day on which they were last touched.
  const changes = Object.fromEntries([...cache.snapshot()]);
  expect(changes).toEqual({ la: '1 0 [2]', lb: '1 0 [2]', lc: '1 0 [2]', ld: '1 0 [2]' });
  expect([...snapshot]).toEqual([['lb', '1 0 [1,2]']]);
  expect(await cache.expire('', 'lz', 5 * dayMs)).toBe(1);
  expect([...cache.snapshot()]).toEqual([['ltouched', '1 2 [2]']]);
  expect(await cache.expire('', 'lz', 6 * dayMs)).toBe(5);
  expect(await cache.expire('', 'lz', 6 * dayMs)).toBe(0);
  const deleted = cache.snapshot();
  expect(Object.fromEntries([...deleted])).toEqual(
    Object.fromEntries(['a', 'b', 'c', 'd', 'single'].map((key) => [`l${key}`, undefined])),
  );
  cache.begin(0);
  expect(await load(cache, right, 'beyond')).toEqual([{ list: [1, 2] }]);
  await store.close();
});

test('expiry finds what changed and was never in a snapshot', async () => {
  const store = await openLevelStore(temporaryFolder());
  const cache = new StateCache(store, spaces);
  cache.begin(0);
  cache.put(left, 'a', { list: [1, 2] });
  cache.put(left, 'b', { list: [1, 2] });
  expect(await cache.expire('la', 'lb', 3 * dayMs)).toBe(1);
  expect([...cache.snapshot()]).toEqual([
    ['la', '1 0 [1,2]'],
    ['lb', '1 0 [2]'],
  ]);
  await store.close();
});

/** What the states are, whatever is in memory and what on the disk. */
class Model {
  readonly states = new Map<string, { list: number[]; day: number }>();

  constructor(from: Model | undefined) {
    for (const [key, { list, day }] of from?.states ?? []) this.states.set(key, { list: [...list], day });
  }

  put(storeKey: string, number: number, day: number): void {
    const list = [...(this.states.get(storeKey)?.list ?? []), number];
    this.states.set(storeKey, { list, day });
  }

  expire(after: string, until: string, today: number): void {
    for (const [key, { list, day }] of this.states) {
      if (compareKeys(key, after) <= 0 || compareKeys(key, until) > 0) continue;
      if (today - day >= 6) this.states.delete(key);
      else if (today - day >= 3) this.states.set(key, { list: list.slice(-1), day });
    }
  }
}

const keys = ['a', 'b', 'c', 'd', 'e', 'é', '😀', '\ue000', 'f', 'g', 'h', 'i'];
const anyKey = fc.tuple(fc.constantFrom(left, right), fc.constantFrom(...keys));
const change = fc.record({ at: anyKey, what: fc.constantFrom('read', 'put', 'inPlace', 'delete') });
const bound = fc.oneof(
  fc.constantFrom('', 'l', 'r', 's'),
  anyKey.map(([space, key]) => space.prefix + key),
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('batch'), changes: fc.array(change, { maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('days'), days: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire'), from: bound, to: bound }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash'), isWritten: fc.boolean() }) },
);

test('whatever is read, changed, let go, written, expired or lost in a crash: it is as a plain map says', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      async (actions, entriesMax) => {
        const store = await openLevelStore(temporaryFolder());
        let cache = new StateCache(store, spaces, { entriesMax });
        let model = new Model(undefined);
        let onDisk = new Model(undefined);
        let pending: { changes: Changes; model: Model }[] = [];
        let day = 0;
        let number = 0;
        let plan = 0;
        for (const step of actions) {
          if (step.kind === 'days') day += (step as { days: number }).days;
          if (step.kind === 'snapshot') pending.push({ changes: cache.snapshot(), model: new Model(model) });
          if (step.kind === 'write' && pending.length > 0) {
            const { changes, model: written } = pending.shift()!;
            await write(store, ++plan, changes);
            onDisk = written;
            cache.written();
          }
          if (step.kind === 'crash') {
            // It may come between the write and the news of it.
            if ((step as { isWritten: boolean }).isWritten && pending.length > 0) {
              await write(store, ++plan, pending[0]!.changes);
              onDisk = pending[0]!.model;
            }
            pending = [];
            model = new Model(onDisk);
            cache = new StateCache(store, spaces, { entriesMax });
          }
          if (step.kind === 'expire') {
            const { from, to } = step as { from: string; to: string };
            await cache.expire(from, to, day * dayMs);
            model.expire(from, to, day);
          }
          if (step.kind === 'batch') {
            const { changes } = step as { changes: { at: [StateSpace<Tally>, string]; what: string }[] };
            cache.begin(day * dayMs + 5);
            for (const { at } of changes) cache.want(at[0], at[1]);
            await cache.fetch();
            for (const {
              at: [space, key],
              what,
            } of changes) {
              const storeKey = space.prefix + key;
              const state = cache.get(space, key);
              expect(state?.list).toEqual(model.states.get(storeKey)?.list);
              if (what === 'read') continue;
              number++;
              if (what === 'delete') {
                cache.delete(space, key);
                model.states.delete(storeKey);
                continue;
              }
              if (what === 'inPlace' && state !== undefined) {
                state.list.push(number);
                cache.put(space, key, state);
              } else cache.put(space, key, { list: [...(state?.list ?? []), number] });
              model.put(storeKey, number, day);
            }
          }
        }
        cache.begin(day * dayMs);
        for (const space of [left, right]) {
          const states = await load(cache, space, ...keys);
          expect(states.map((state) => state?.list)).toEqual(
            keys.map((key) => model.states.get(space.prefix + key)?.list),
          );
        }
        await store.close();
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

import { expect, test } from 'vitest';
import { type EntryKind, EntryOrder, type OrderedEntries, TOO_LATE } from '../../src/processors/ordered-entries.ts';

/** The smallest kind of entry: each gets its number, and stretches are told by their start and their length. */
interface Numbered {
  readonly id: string;
  readonly time: number;
  number: number;
}

interface Count {
  last: number;
  lastId: string;
  number: number;
  start: number;
}

type Stretch = readonly [start: number, end: number];
type State = OrderedEntries<Numbered, string, Count, Stretch>;

const kind: EntryKind<Numbered, string, Count, Stretch> = {
  form: { aboutOf: () => 'all', write: () => '', read: (id, time) => ({ id, time, number: 0 }) },
  newPass: () => ({ last: Number.NEGATIVE_INFINITY, lastId: '', number: 0, start: 0 }),
  copyPass: (pass) => ({ ...pass }),
  advance(pass, entry, gapMs) {
    if (entry.time - pass.last > gapMs) pass.start = entry.time;
    entry.number = ++pass.number;
    pass.last = entry.time;
    pass.lastId = entry.id;
  },
  isPlaced: ({ number }) => number > 0,
  isSameDerived: (left, right) => left.number === right.number,
  stretchOf: ({ start, last }) => [start, last],
  startOf: ([start]) => start,
  isSameStretch: (left, right) => left[1] === right[1],
};

const rules = { gapMs: 10, latenessMs: 1_000, entriesMax: 3 };

function take(
  order: EntryOrder<Numbered, string, Count, Stretch>,
  state: State,
  ...times: readonly number[]
): number[] {
  return times.map((time) => order.take(state, { id: `e${time}`, time, number: 0 }));
}

/** What settling tells: entries as `time=number`, old ones with a minus; stretches as `start..end`. */
function settle(order: EntryOrder<Numbered, string, Count, Stretch>, state: State): string[] {
  const told: string[] = [];
  order.settle(state, {
    onEntry(entry, old) {
      if (old !== null) told.push(`-${old.time}=${old.number}`);
      told.push(`${entry.time}=${entry.number}`);
    },
    onStretch: (sign, [start, end]) => told.push(`${sign < 0 ? '-' : ''}${start}..${end}`),
  });
  return told;
}

test('an entry that follows costs one row; a late one moves those after it and joins stretches', () => {
  const order = new EntryOrder(kind, rules);
  const state = order.empty();
  expect(take(order, state, 100, 120)).toEqual([0, 0]);
  expect(settle(order, state)).toEqual(['100=1', '120=2', '100..100', '120..120']);
  expect(take(order, state, 125)).toEqual([0]);
  expect(settle(order, state)).toEqual(['125=3', '-120..120', '120..125']);
  expect(take(order, state, 110)).toEqual([2]);
  expect(settle(order, state)).toEqual([
    '110=2',
    '-120=2',
    '120=3',
    '-125=3',
    '125=4',
    '-100..100',
    '100..125',
    '-120..125',
  ]);
});

test('nothing is placed before more entries than are kept, however seldom they are folded', () => {
  const order = new EntryOrder(kind, rules);
  for (const settlesOften of [true, false]) {
    const state = order.empty();
    for (let time = 100; time <= 150; time += 10) {
      take(order, state, time);
      if (settlesOften) settle(order, state);
    }
    expect(take(order, state, 125, 115)).toEqual([3, TOO_LATE]);
    settle(order, state);
    expect(state.pack.count).toBeLessThanOrEqual(2 * rules.entriesMax);
    expect(order.isRepeat(state, 'e100')).toBe(true);
    expect(order.isRepeat(state, 'e105')).toBe(false);
  }
});

test('with another gap the kept rows move to it, once an entry comes', () => {
  const state = new EntryOrder(kind, rules).empty();
  take(new EntryOrder(kind, rules), state, 100, 108, 116);
  expect(settle(new EntryOrder(kind, rules), state)).toEqual(['100=1', '108=2', '116=3', '100..116']);
  const stricter = new EntryOrder(kind, { ...rules, gapMs: 5 });
  take(stricter, state, 120);
  expect(settle(stricter, state)).toEqual(['120=4', '-100..116', '100..100', '108..108', '116..120']);
});

test('compacted, it knows where it stands and nothing before that', () => {
  const order = new EntryOrder(kind, rules);
  const state = order.empty();
  take(order, state, 100, 105);
  settle(order, state);
  order.compact(state);
  expect(state.pack.count).toBe(0);
  expect(take(order, state, 103, 110)).toEqual([TOO_LATE, 0]);
  expect(settle(order, state)).toEqual(['110=3', '-100..105', '100..110']);
});

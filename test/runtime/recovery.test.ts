import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { recover } from '../../src/runtime/recovery.ts';
import type { Plan } from '../../src/state/journal.ts';
import type { Checkpoint } from '../../src/state/store.ts';

/** Plan n reads offsets [10n-10, 10n) of one shard. */
function plans(...numbers: number[]): Plan[] {
  return numbers.map((number) => ({
    number,
    now: number,
    ranges: [{ shard: 's', topic: 't', from: number * 10 - 10, to: number * 10 }],
    marks: { s: `mark ${number}` },
  }));
}

function checkpoint(plan: number): Checkpoint {
  return {
    plan,
    positions: { s: { topic: 't', offset: plan * 10, mark: `mark ${plan}` }, other: { topic: 'u', offset: 7 } },
  };
}

describe('what a new owner does', () => {
  test('a task without a journal and without a state is new', () => {
    const found = recover('task', { committed: 0, plans: [], isNew: true }, undefined);
    expect(found).toMatchObject({ isNew: true, again: [], pending: undefined });
    expect([...found.positions]).toEqual([]);
  });

  test.each([
    { name: 'a plan and nothing else', committed: 0, kept: [1], reached: undefined, again: [], pending: 1, offset: 10 },
    { name: 'a clean stop', committed: 3, kept: [], reached: 3, again: [], pending: undefined, offset: 30 },
    { name: 'a plan after it', committed: 3, kept: [4], reached: 3, again: [], pending: 4, offset: 40 },
    {
      name: 'plans after the checkpoint',
      committed: 5,
      kept: [4, 5],
      reached: 3,
      again: [4, 5],
      pending: undefined,
      offset: 50,
    },
    { name: 'and one not committed', committed: 5, kept: [4, 5, 6], reached: 3, again: [4, 5], pending: 6, offset: 60 },
    {
      name: 'no checkpoint yet',
      committed: 2,
      kept: [1, 2, 3],
      reached: undefined,
      again: [1, 2],
      pending: 3,
      offset: 30,
    },
    {
      name: 'a store ahead of the journal’s checkpoint (crash within step 6)',
      committed: 5,
      kept: [4, 5, 6],
      reached: 5,
      again: [],
      pending: 6,
      offset: 60,
    },
  ])('$name', ({ committed, kept, reached, again, pending, offset }) => {
    const state = { committed, plans: plans(...kept), isNew: false };
    const found = recover('task', state, reached === undefined ? undefined : checkpoint(reached));
    expect(found.again.map(({ number }) => number)).toEqual(again);
    expect(found.pending?.number).toBe(pending);
    expect(found.positions.get('s')).toEqual({ topic: 't', offset, mark: `mark ${offset / 10}` });
    expect(found.positions.get('other')?.offset).toBe(reached === undefined ? undefined : 7);
    expect(found.isNew).toBe(false);
  });

  test.each([
    { name: 'a state that the journal has not committed', committed: 3, kept: [4], reached: 4 },
    { name: 'a state beside an empty journal', committed: 0, kept: [], reached: 2 },
    { name: 'a state older than the plans kept', committed: 6, kept: [5, 6], reached: 3 },
    {
      name: 'no state, and plans were dropped (a task with a journal is never new)',
      committed: 6,
      kept: [5, 6],
      reached: undefined,
    },
    { name: 'no state, and all plans were dropped', committed: 6, kept: [], reached: undefined },
    { name: 'no state, and only the open plan is left', committed: 6, kept: [7], reached: undefined },
    { name: 'a hole', committed: 6, kept: [4, 6], reached: 3 },
    { name: 'the last ones missing', committed: 6, kept: [4, 5], reached: 3 },
  ])('$name: PARLEY_STATE_CORRUPT', ({ committed, kept, reached }) => {
    const state = { committed, plans: plans(...kept), isNew: committed === 0 && kept.length === 0 };
    const attempt = () => recover('task', state, reached === undefined ? undefined : checkpoint(reached));
    expect(attempt).toThrow(ParleyError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'PARLEY_STATE_CORRUPT' }));
  });
});

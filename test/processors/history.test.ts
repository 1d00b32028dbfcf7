import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attributesAt,
  type Change,
  emptyHistory,
  FAR_FUTURE,
  splice,
  versionsOf,
} from '../../src/processors/history.ts';

const isSame = (left: string, right: string) => left === right;

/** `A@10 -@20`: A from 10 on, deleted at 20; in the order of arrival. */
function historyOf(text: string) {
  const history = emptyHistory<string>();
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const [name, at] = word.split('@') as [string, string];
    splice(history, { at: Number(at), attributes: name === '-' ? null : name }, 100);
  }
  return history;
}

/** `A[10,20)1`: from, to (* for the current one), number. */
function versions(text: string, firstSeen: number | null = null): string {
  return versionsOf(historyOf(text), isSame, firstSeen)
    .map(({ attributes, validFrom, validTo, number }) => {
      return `${attributes}[${validFrom},${validTo === FAR_FUTURE ? '*' : validTo})${number}`;
    })
    .join(' ');
}

describe('versions of a dimension', () => {
  test.each([
    ['nothing known', '', ''],
    ['one', 'A@10', 'A[10,*)1'],
    ['two', 'A@10 B@20', 'A[10,20)1 B[20,*)2'],
    ['no tracked attribute changed', 'A@10 A@20 A@30', 'A[10,*)1'],
    ['back to what it was', 'A@10 B@20 A@30', 'A[10,20)1 B[20,30)2 A[30,*)3'],
    ['late, at the front', 'B@20 A@10', 'A[10,20)1 B[20,*)2'],
    ['late, in the middle', 'A@10 C@30 B@20', 'A[10,20)1 B[20,30)2 C[30,*)3'],
    ['late, and the last', 'A@10 C@30 B@40', 'A[10,30)1 C[30,40)2 B[40,*)3'],
    ['late, of no consequence', 'A@10 B@30 A@20', 'A[10,30)1 B[30,*)2'],
    ['late, and it makes a change that was none into one', 'A@10 A@30 B@20', 'A[10,20)1 B[20,30)2 A[30,*)3'],
    ['late, and it takes a version away by starting it earlier', 'A@10 B@30 B@20', 'A[10,20)1 B[20,*)2'],
    ['same instant: the later arrival holds', 'A@10 B@20 C@20', 'A[10,20)1 C[20,*)2'],
    ['same instant, back to the one before: no version', 'A@10 B@20 A@20', 'A[10,*)1'],
    ['delete closes', 'A@10 -@20', 'A[10,20)1'],
    ['delete and return', 'A@10 -@20 A@30', 'A[10,20)1 A[30,*)2'],
    ['delete, repeated', 'A@10 -@20 -@25 B@30', 'A[10,20)1 B[30,*)2'],
    ['delete first', '-@10 A@20', 'A[20,*)1'],
    ['delete alone', '-@10', ''],
    ['delete, late, between two of the same', 'A@10 A@30 -@20', 'A[10,20)1 A[30,*)2'],
    ['delete at the instant of a change', 'A@10 B@20 -@20', 'A[10,20)1'],
  ])('%s: %s', (_, changes, expected) => {
    expect(versions(changes)).toBe(expected);
  });

  test('the first one reaches back to the first fact', () => {
    expect(versions('A@10 B@20', 5)).toBe('A[5,20)1 B[20,*)2');
    expect(versions('A@10 B@20', 15)).toBe('A[10,20)1 B[20,*)2');
  });

  test('hold one after the other and lie where a walk through all changes finds them', () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: 12 }),
      attributes: fc.constantFrom<(string | null)[]>('A', 'B', 'C', null),
    });
    const property = fc.property(fc.array(change, { maxLength: 12, size: 'max' }), (changes: Change<string>[]) => {
      const history = emptyHistory<string>();
      for (const one of changes) splice(history, one, 100);
      const found = versionsOf(history, isSame);
      for (let time = 0; time <= 13; time++) {
        const held = changes
          .filter(({ at }) => at <= time)
          .reduce<Change<string> | undefined>(
            (best, one) => (best === undefined || one.at >= best.at ? one : best),
            undefined,
          );
        const now = found.filter(({ validFrom, validTo }) => validFrom <= time && time < validTo);
        expect(now.map(({ attributes }) => attributes)).toEqual(held?.attributes ? [held.attributes] : []);
      }
      expect(found.map(({ number }) => number)).toEqual(found.map((_, index) => index + 1));
      for (const [index, next] of found.slice(1).entries()) {
        const before = found[index]!;
        expect(before.validTo <= next.validFrom).toBe(true);
        expect(before.validTo === next.validFrom && before.attributes === next.attributes).toBe(false);
      }
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('attributes at a time', () => {
  test.each([
    ['A@10 B@20', 15, 'A'],
    ['A@10 B@20', 20, 'B'],
    ['A@10 B@20', 5, 'A'],
    ['A@10 -@20', 25, 'A'],
    ['-@10 A@20', 5, 'A'],
    ['-@10 -@15 A@20 B@30', 12, 'A'],
    ['-@10', 12, null],
  ])('%s at %i: %s', (changes, time, expected) => {
    expect(attributesAt(historyOf(changes), time)).toBe(expected);
  });
});

test('a change before more known ones than are kept is refused', () => {
  const history = emptyHistory<string>();
  for (const at of [10, 20]) expect(splice(history, { at, attributes: 'A' }, 2)).toBe(true);
  expect(splice(history, { at: 15, attributes: 'B' }, 2)).toBe(true);
  expect(splice(history, { at: 5, attributes: 'B' }, 2)).toBe(false);
  expect(history.changes.map(({ at }) => at)).toEqual([10, 15, 20]);
});

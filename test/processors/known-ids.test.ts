import { expect, test } from 'vitest';
import { checkKnown, isFull, isKnown, remember, shortId } from '../../src/processors/known-ids.ts';

test('a short id is the same for ever: it is stored with the state', () => {
  expect(['', 'a', 'm00001', '3f2b8c1e-0000-4000-8000-00000000002a', 'ключ 🙂'].map(shortId)).toEqual([
    'Gu6NSIvc',
    'gsl5UBwr',
    '0eL8z2xo',
    'WtRgJl-s',
    'rtOlAq7Q',
  ]);
});

test('ids that look alike have different short ids', () => {
  const alike = Array.from({ length: 60_000 }, (_, index) => [
    `m${index}`,
    `msg-${String(index).padStart(12, '0')}`,
    `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    `0000-${index}`,
  ]).flat();
  expect(new Set(alike.map(shortId)).size).toBe(new Set(alike).size);
  for (const id of alike.slice(0, 100)) expect(shortId(id)).toMatch(/^[A-Za-z0-9_-]{8}$/);
});

test('exactly the newest are known, whenever the others were forgotten for good', () => {
  const idsMax = 20;
  let known = '';
  for (let index = 0; index < 200; index++) {
    const short = shortId(`m${index}`);
    expect(isKnown(known, short, idsMax), `${index} before it came`).toBe(false);
    expect(isFull(known, idsMax)).toBe(index >= idsMax);
    known = remember(known, short, idsMax);
    for (let other = 0; other <= index; other++) {
      expect(isKnown(known, shortId(`m${other}`), idsMax), `${other} after ${index}`).toBe(other > index - idsMax);
    }
    expect(known.length / 8).toBeLessThanOrEqual(26);
  }
});

test('what stands across two short ids is none', () => {
  expect(isKnown('AAAABBBBCCCCDDDD', 'BBBBCCCC')).toBe(false);
  expect(isKnown('AAAABBBBCCCCDDDDBBBBCCCC', 'BBBBCCCC')).toBe(true);
});

test('a text of another length is refused', () => {
  expect(checkKnown('AAAABBBB')).toBe('AAAABBBB');
  expect(() => checkKnown('AAAABBB')).toThrow('7 characters');
});

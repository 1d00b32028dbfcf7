import { expect, test } from 'vitest';
import { decodeKnown, encodeKnown, isFull, isKnown, remember, shortId } from '../../src/processors/known-ids.ts';

test('a short id is the same for ever: it is stored with the state', () => {
  const ids = ['', 'a', 'm00001', '3f2b8c1e-0000-4000-8000-00000000002a', 'ключ 🙂'];
  const stored = 'Gu6NSIvcgsl5UBwr0eL8z2xoWtRgJl-srtOlAq7Q';
  expect(encodeKnown(ids.map(shortId))).toBe(stored);
  expect(decodeKnown(stored)).toEqual(ids.map(shortId));
});

test('ids that look alike have different short ids, which are stored and read again', () => {
  const alike = Array.from({ length: 60_000 }, (_, index) => [
    `m${index}`,
    `msg-${String(index).padStart(12, '0')}`,
    `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    `0000-${index}`,
  ]).flat();
  const shorts = alike.map(shortId);
  expect(new Set(shorts).size).toBe(new Set(alike).size);
  expect(encodeKnown(shorts.slice(0, 100))).toMatch(/^[A-Za-z0-9_-]{800}$/);
  expect(decodeKnown(encodeKnown(shorts))).toEqual(shorts);
});

test('exactly the newest are known, whenever the others were forgotten for good', () => {
  const idsMax = 20;
  const known: number[] = [];
  for (let index = 0; index < 200; index++) {
    const short = shortId(`m${index}`);
    expect(isKnown(known, short, idsMax), `${index} before it came`).toBe(false);
    expect(isFull(known, idsMax)).toBe(index >= idsMax);
    remember(known, short, idsMax);
    for (let other = 0; other <= index; other++) {
      expect(isKnown(known, shortId(`m${other}`), idsMax), `${other} after ${index}`).toBe(other > index - idsMax);
    }
    expect(known.length).toBeLessThanOrEqual(26);
  }
});

test('a text of another length, or with another character, is refused', () => {
  expect(() => decodeKnown('AAAABBB')).toThrow('7 characters');
  for (const text of ['AAAA BBB', 'AAAAéBBB', 'AAAA漢BBB', 'AAAA+BBB']) {
    expect(() => decodeKnown(text)).toThrow('not a digit');
  }
});

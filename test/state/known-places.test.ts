import { expect, test } from 'vitest';
import { KnownPlaces } from '../../src/state/known-places.ts';

const place = (offset: number) => ({ segment: 1, offset, bytes: 10 });

test('only what is not known is looked up', async () => {
  const known = new KnownPlaces();
  known.remember(['a', 'absent'], [place(1), undefined], known.generation);
  const asked: string[][] = [];
  const lookUp = async (keys: string[]) => {
    asked.push(keys);
    return keys.map((_, index) => place(100 + index));
  };
  expect(await known.complete(['x', 'a', 'absent', 'y'], lookUp)).toEqual([
    place(100),
    place(1),
    undefined,
    place(101),
  ]);
  expect(asked).toEqual([['x', 'y']]);
});

test('a look-up that a write overtook is not remembered, and what was written is forgotten', async () => {
  const known = new KnownPlaces();
  known.remember(['a', 'b'], [place(1), place(2)], known.generation);
  const { generation } = known;
  known.forget(['a']);
  known.remember(['c'], [place(3)], generation);
  const asked: string[] = [];
  const lookUp = async (keys: string[]) => {
    asked.push(...keys);
    return keys.map(() => undefined);
  };
  expect(await known.complete(['a', 'b', 'c'], lookUp)).toEqual([undefined, place(2), undefined]);
  expect(asked).toEqual(['a', 'c']);
});

test('what is read and never written does not pile up', async () => {
  const known = new KnownPlaces();
  for (let round = 0; round < 5; round++) {
    const keys = Array.from({ length: 60_000 }, (_, index) => `${round} ${index}`);
    known.remember(keys, keys.map(place.bind(null, 1)), known.generation);
  }
  let asked = 0;
  const all = Array.from({ length: 300_000 }, (_, index) => `${Math.floor(index / 60_000)} ${index % 60_000}`);
  await known.complete(all, async (keys) => {
    asked = keys.length;
    return keys.map(() => undefined);
  });
  expect(asked).toBeGreaterThanOrEqual(200_000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyFilter } from '../../src/state/key-filter.ts';

test('a key that was added may always be there', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 200 }), (keys) => {
      const filter = new KeyFilter();
      for (const key of keys) filter.add(key);
      for (const key of keys) expect(filter.mayHave(key)).toBe(true);
    }),
  );
});

test('one that was not is seldom taken for one that may, of ids that differ by little', () => {
  const filter = new KeyFilter();
  const idOf = (number: number) => `cconv-1-${String(number).padStart(7, '0')}`;
  expect(filter.mayHave(idOf(1))).toBe(false);
  for (let number = 0; number < 500_000; number++) filter.add(idOf(number));
  let mistaken = 0;
  for (let number = 500_000; number < 600_000; number++) if (filter.mayHave(idOf(number))) mistaken++;
  expect(mistaken).toBeLessThan(600);
  for (let number = 0; number < 500_000; number += 7) expect(filter.mayHave(idOf(number))).toBe(true);
});

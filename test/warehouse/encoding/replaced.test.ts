import { expect, test } from 'vitest';
import { withoutReplaced } from '../../../src/warehouse/encoding/replaced.ts';

const row = (id: string, at: number, count: number) => ({ id, at, count });

test('only a retraction that its own replacement follows at once is left out', () => {
  const rows = [
    row('a', 1, 1), // Replaced by the next.
    row('a', 1, 2),
    row('a', 1, 2), // Another key follows.
    row('a', 2, 2),
    row('b', 1, 1), // A retraction follows.
    row('b', 1, 1),
    row('c', 1, 1), // Nothing follows.
  ];
  const signs = [-1, 1, -1, 1, 1, -1, -1];
  expect(withoutReplaced({ rows, signs }, ['id', 'at'])).toEqual({
    rows: rows.slice(1),
    signs: signs.slice(1),
  });
});

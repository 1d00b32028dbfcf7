import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChartPanel, Unit } from '../../../src/dashboard/contract.ts';
import { type Row, rowsOf, sortedRows } from '../../../src/dashboard/page/data/table.ts';
import { chartsOf, kindOf, SeriesOrder } from '../../../src/dashboard/page/plot/series.ts';
import { describeChart } from '../../../src/dashboard/page/plot/summary.ts';
import { axisFor } from '../../../src/dashboard/page/plot/ticks.ts';

const bars: ChartPanel = {
  kind: 'bars',
  title: 'Messages',
  query: 'q',
  x: { column: 'clinic', label: 'Clinic', unit: 'text' },
  y: [{ column: 'n', label: 'Messages', unit: 'count' }],
};
const rows: Row[] = [
  { clinic: 'a', direction: 'in', n: 3, seconds: 60 },
  { clinic: 'a', direction: 'out', n: 5, seconds: null },
  { clinic: 'b', direction: 'in', n: 1, seconds: 30 },
];

test('columns of one unit share a chart, others have their own', () => {
  const seconds = { column: 'seconds', label: 'Median', unit: 'seconds' } as const;
  const charts = chartsOf({ ...bars, y: [...bars.y, seconds] }, rows);
  expect(charts.map(({ unit, series }) => [unit, series])).toEqual([
    ['count', ['Messages']],
    ['seconds', ['Median']],
  ]);
  expect(charts[1]!.points.map(({ y }) => y)).toEqual([60, undefined, 30]);
});

test('counts of parts are stacked; two measures are not', () => {
  expect(chartsOf({ ...bars, series: 'direction' }, rows)[0]).toMatchObject({ series: ['in', 'out'], isStacked: true });
  const sessions = { column: 'seconds', label: 'Sessions', unit: 'count' } as const;
  expect(chartsOf({ ...bars, y: [...bars.y, sessions] }, rows)[0]!.isStacked).toBe(false);
});

test('what stands along a chart is a time, numbers or names', () => {
  expect(kindOf(bars, rows)).toBe('text');
  expect(kindOf({ ...bars, x: { ...bars.x, column: 'n' } }, rows)).toBe('number');
  expect(kindOf({ ...bars, x: { ...bars.x, unit: 'time' } }, rows)).toBe('time');
});

test('a series keeps its colour when others come and go', () => {
  const order = new SeriesOrder();
  expect(['x', 'y', 'x', 'z'].map((name) => order.indexOf(name))).toEqual([0, 1, 0, 2]);
  expect(order.indexOf('y')).toBe(1);
});

test('a chart is told in words', () => {
  const charts = chartsOf(bars, rows.slice(1));
  expect(describeChart('Messages', 'bars', charts, String)).toBe(
    'Messages. Bar chart. Messages: 2 bars, highest a 5, lowest b 1.',
  );
  expect(describeChart('Messages', 'lines', charts, String)).toBe(
    'Messages. Line chart. Messages: 2 points from 5 (a) to 1 (b), highest 5 (a), lowest 1 (b).',
  );
});

test('an axis holds every value, and its places are round', () => {
  const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e8, noNaN: true })), {
    minLength: 1,
    maxLength: 20,
  });
  const units = fc.constantFrom<Unit>('count', 'seconds', 'hours', 'percent', 'ratio', 'bytes');
  fc.assert(
    fc.property(values, units, fc.integer({ min: 2, max: 7 }), (some, unit, countMax) => {
      const { ticks, domain } = axisFor(unit, some, countMax);
      expect(Math.max(...some)).toBeLessThanOrEqual(domain[1] * (1 + 1e-9));
      expect(ticks.length).toBeLessThanOrEqual(countMax + 2);
      expect(ticks.at(-1)! / domain[1]).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
  expect(axisFor('count', [347], 5).ticks).toEqual([0, 100, 200, 300, 400]);
  expect(axisFor('rating', [4.2], 5).domain).toEqual([1, 5]);
});

test('rows are sorted stably, and those without a value come last either way', () => {
  const some: Row[] = [
    { v: 2, k: 'a' },
    { v: null, k: 'b' },
    { v: 10, k: 'c' },
    { v: 2, k: 'd' },
  ];
  const keys = (isDescending: boolean) => sortedRows(some, { column: 'v', isDescending }).map(({ k }) => k);
  expect(keys(false)).toEqual(['a', 'd', 'c', 'b']);
  expect(keys(true)).toEqual(['c', 'a', 'd', 'b']);
  const names = sortedRows([{ k: 'item 10' }, { k: 'Item 9' }], { column: 'k', isDescending: false });
  expect(names.map(({ k }) => k)).toEqual(['Item 9', 'item 10']);
});

test('rows of an answer are by name', () => {
  const columns = [
    { name: 'a', type: 'String' },
    { name: 'b', type: 'UInt64' },
  ];
  expect(rowsOf({ columns, rows: [['x', 1]], completeThrough: null, elapsedMs: 1 })).toEqual([{ a: 'x', b: 1 }]);
});

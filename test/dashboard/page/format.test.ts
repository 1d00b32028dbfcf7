import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatterOf } from '../../../src/dashboard/page/format/column.ts';
import { durationTicks, formatDuration } from '../../../src/dashboard/page/format/duration.ts';
import { formatDay, formatTime, formatUtc } from '../../../src/dashboard/page/format/time.ts';
import { formatTick, formatValue } from '../../../src/dashboard/page/format/value.ts';

test.each([
  [0, '0 s'],
  [0.35, '350 ms'],
  [0.9996, '1 s'],
  [2.4, '2.4 s'],
  [42, '42 s'],
  [59.7, '1 min'],
  [60, '1 min'],
  [252, '4 min 12 s'],
  [599.6, '10 min'],
  [2880, '48 min'],
  [3599, '1 h'],
  [12_600, '3.5 h'],
  [86_399, '1 d'],
  [172_800, '2 d'],
  [200 * 86_400, '200 d'],
  [-252, '−4 min 12 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('a duration that is written is near to the one that it stands for', () => {
  const seconds = fc.double({ min: 0.001, max: 400 * 86_400, noNaN: true });
  const units: Record<string, number> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };
  fc.assert(
    fc.property(seconds, (one) => {
      const parts = formatDuration(one).matchAll(/([\d.]+) (ms|s|min|h|d)/g);
      const meant = [...parts].reduce((sum, [, value, unit]) => sum + Number(value) * units[unit!]!, 0);
      // Half a millisecond of a few, half a minute of 10, a twentieth of an hour or of a day.
      expect(Math.abs(meant - one)).toBeLessThanOrEqual(Math.max(0.0005, one * 0.051));
    }),
  );
});

test.each([
  [1234567, 'count', '1,234,567'],
  [12.34, 'count', '12.3'],
  [34.56, 'percent', '34.6 %'],
  [4.25, 'rating', '4.3'],
  [0.4567, 'ratio', '0.46'],
  [1.5, 'hours', '1.5 h'],
  [90, 'minutes', '1.5 h'],
  [15_600_000, 'bytes', '15.6 MB'],
  [0, 'bytes', '0 B'],
  [null, 'count', '–'],
  ['', 'text', '–'],
  [['a', 'b'], 'text', 'a, b'],
  [true, 'text', 'yes'],
  [2020, 'text', '2020'],
] as const)('%j as %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('an axis has round numbers of its unit', () => {
  expect(durationTicks(50_000, 5).map((tick) => formatTick(tick, 'seconds'))).toEqual([
    '0',
    '3 h',
    '6 h',
    '9 h',
    '12 h',
  ]);
  expect(formatTick(12_500, 'count')).toBe('12.5K');
  const max = fc.double({ min: 0.01, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(max, fc.integer({ min: 2, max: 8 }), (seconds, countMax) => {
      const ticks = durationTicks(seconds, countMax);
      expect(ticks.length).toBeLessThanOrEqual(countMax + 1);
      expect(ticks.at(-1)).toBeLessThanOrEqual(seconds);
    }),
  );
});

test('a day has no zone, a moment has', () => {
  expect(formatDay('2020-03-01')).toBe('1 Mar 2020');
  expect(formatTime('2020-03-01')).toBe('1 Mar 2020');
  expect(formatUtc('2020-03-01T23:30:05.000Z')).toBe('2020-03-01 23:30:05 UTC');
  expect(formatTime('not a time')).toBe('not a time');
});

test('days that are all the first of a month are months', () => {
  const month = { column: 'month', label: 'Month', unit: 'time' } as const;
  const rows = [{ month: '2020-01-01' }, { month: '2020-03-01' }];
  expect(formatterOf(month, rows)('2020-03-01')).toBe('Mar 2020');
  expect(formatterOf(month, [...rows, { month: '2020-03-02' }])('2020-03-01')).toBe('1 Mar 2020');
  expect(formatterOf(month, rows.slice(0, 1))('2020-01-01')).toBe('1 Jan 2020');
});

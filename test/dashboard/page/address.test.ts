import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Address,
  readAddress,
  spanOf,
  withAllDays,
  withChoice,
  withLastDays,
  withSpan,
  writeAddress,
} from '../../../src/dashboard/page/address.ts';

function read(text: string): Address {
  const { pathname, search } = new URL(text, 'http://parley');
  return readAddress(pathname, search);
}

const days = fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const day = days.map((date) => date.toISOString().slice(0, 10));
const filterName = fc.stringMatching(/^[a-z_]{1,12}$/).filter((name) => !['days', 'from', 'to'].includes(name));
const address: fc.Arbitrary<Address> = fc
  .record({
    path: fc.stringMatching(/^[a-z-]{1,9}\/[a-z-]{1,9}$/),
    time: fc.oneof(
      fc.constant({}),
      fc.record({ lastDays: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ from: day, to: day }),
    ),
    chosen: fc.dictionary(filterName, fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }), { maxKeys: 3 }),
  })
  .map(({ path, time, chosen }) => ({ path, ...time, chosen: { ...chosen } }));

test('what is written is read again, whatever is chosen', () => {
  fc.assert(
    fc.property(address, (one) => {
      expect(read(writeAddress(one))).toEqual(one);
    }),
  );
  expect(read('/a?constructor=x&__proto__=y').chosen).toHaveProperty('constructor', ['x']);
});

test('what nobody can mean is left out', () => {
  expect(read('/a/b/?days=-3&from=2020-02-31&to=tomorrow&clinic=x&clinic=x')).toEqual({
    path: 'a/b',
    chosen: { clinic: ['x'] },
  });
  expect(read('/?days=7&from=2020-01-01')).toEqual({ path: '', lastDays: 7, chosen: {} });
});

test('the last days end with the last day with data, both ends counted', () => {
  const known = { from: '2018-05-02', to: '2020-03-01' };
  const base = { path: 'a', chosen: {} };
  expect(spanOf(withLastDays(base, 7), known)).toEqual({ from: '2020-02-24', to: '2020-03-01' });
  expect(spanOf(withLastDays(base, 1), known)).toEqual({ from: '2020-03-01', to: '2020-03-01' });
  expect(spanOf(base, known)).toEqual(known);
  expect(spanOf({ ...base, from: '2019-01-01' }, known)).toEqual({ from: '2019-01-01', to: known.to });
});

test('a choice of days replaces another, and keeps the filters', () => {
  const chosen = { clinic: ['a', 'b'] };
  const start = withLastDays({ path: 'p', chosen }, 30);
  expect(withSpan(start, { from: '2020-01-01', to: '2020-01-02' })).toEqual({
    path: 'p',
    chosen,
    from: '2020-01-01',
    to: '2020-01-02',
  });
  expect(withAllDays(start)).toEqual({ path: 'p', chosen });
  expect(withChoice(start, 'clinic', [])).toEqual({ path: 'p', lastDays: 30, chosen: {} });
  expect(writeAddress(withChoice(start, 'channel', ['sms']))).toBe('/p?days=30&clinic=a&clinic=b&channel=sms');
});

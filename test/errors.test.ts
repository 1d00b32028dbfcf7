import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS, isDiskFull, ParleyError } from '../src/errors.ts';

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md and the codes are equal, both ways, with whether a retry helps', () => {
  const documented = [...page.matchAll(/^\| `(PARLEY_\w+)` \| (.+) \| (yes|no) \|$/gm)].map(([, code, , retry]) => [
    code,
    retry === 'yes',
  ]);
  expect(documented).toEqual(Object.entries(ERRORS).map(([code, { retryable }]) => [code, retryable]));
});

test('docs/errors.md names every reason for a dead letter', () => {
  const source = readFileSync(new URL('../src/runtime/domain.ts', import.meta.url), 'utf8');
  const union = source.slice(source.indexOf('export type RejectionCode'), source.indexOf('export type ColumnType'));
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(3);
  const documented = [...page.matchAll(/^\| `((?!PARLEY_)[A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(documented.sort()).toEqual(codes.sort());
});

test('an error carries its code, its action, and its cause', () => {
  const cause = new Error('below');
  const error = new ParleyError('PARLEY_DISK_FULL', 'full', { where: 'a file', cause });
  expect(error).toMatchObject({ code: 'PARLEY_DISK_FULL', retryable: true, cause, detail: { where: 'a file' } });
  expect(error.action).toBe(ERRORS.PARLEY_DISK_FULL.action);
});

test('a full disk is recognised through its causes', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  expect(isDiskFull(new Error('outer', { cause: full }))).toBe(true);
  expect(isDiskFull(new Error('IO error: /x/000005.log: No space left on device'))).toBe(true);
  expect(isDiskFull(new Error('other'))).toBe(false);
  expect(isDiskFull(undefined)).toBe(false);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findLogDamage } from '../../src/state/level-log.ts';

/** A log that LevelDB wrote: records from a few bytes to two blocks, and the offset at which the last one begins. */
let folder: string;
let log: Buffer;
let lastWrite: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-state-'));
  const level = new ClassicLevel(folder);
  for (const length of [10, 5_000, 70_000, 100, 30_000, 1]) await level.put(`key${length}`, 'v'.repeat(length));
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.log'))!);
  const whole = readFileSync(file).length;
  await level.put('last', 'l'.repeat(40_000));
  log = readFileSync(file);
  lastWrite = whole;
  await level.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a whole log, and one torn anywhere, is not damaged', () => {
  expect(log.length).toBeGreaterThan(140_000);
  expect(findLogDamage(log)).toBeUndefined();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: log.length }), (length) => {
      expect(findLogDamage(log.subarray(0, length))).toBeUndefined();
      // After a power cut the end may be there, and be zeros.
      const zeros = Buffer.concat([log.subarray(0, length), Buffer.alloc(log.length - length)]);
      if (length >= lastWrite) expect(findLogDamage(zeros)).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

test('garbage for the last write is a torn end', () => {
  const garbled = Buffer.from(log).fill(0xa5, lastWrite + 100);
  expect(findLogDamage(garbled)).toBeUndefined();
});

test('any flipped byte before the last write is damage, at or before that byte', () => {
  const anywhere = fc.integer({ min: 0, max: lastWrite - 1 });
  const nearTheEnd = fc.integer({ min: lastWrite - 60, max: lastWrite - 1 });
  fc.assert(
    fc.property(fc.oneof(anywhere, nearTheEnd), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(log);
      damaged[at] = damaged[at]! ^ flip;
      expect(findLogDamage(damaged)).toBeLessThanOrEqual(at);
    }),
    { numRuns: 200 },
  );
});

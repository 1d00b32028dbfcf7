import { expect, test } from 'vitest';
import { ReadPace } from '../../src/state/read-pace.ts';

/** How many reads are done elsewhere before one is tried at once again. */
function pauseOf(pace: ReadPace): number {
  let count = 0;
  while (!pace.isPrompt()) count++;
  return count;
}

test('what comes from memory is read at once', () => {
  const pace = new ReadPace();
  for (let round = 0; round < 100; round++) {
    expect(pauseOf(pace)).toBe(0);
    pace.took(0.004, 700);
  }
  // A long one takes as long as it takes to copy it.
  pace.took(0.25, 256 * 1024);
  expect(pauseOf(pace)).toBe(0);
});

test('after a slow read others do the next ones, more each time that one is slow again', () => {
  const pace = new ReadPace();
  const pauses = Array.from({ length: 8 }, () => {
    pace.took(8, 700);
    return pauseOf(pace);
  });
  expect(pauses).toEqual([32, 64, 128, 256, 512, 1_024, 1_024, 1_024]);
  pace.took(0.004, 700);
  expect(pauseOf(pace)).toBe(0);
  pace.took(0.3, 700);
  expect(pauseOf(pace)).toBe(32);
});

import { describe, expect, test } from 'vitest';
import { minutesBetween, NEVER, secondsBetween, type Turn, takeTurn } from '../../src/processors/gaps.ts';
import { startsSession } from '../../src/processors/sessions.ts';

const at = (clock: string) => Date.parse(`2025-01-01T${clock}Z`);

describe('time since the last message', () => {
  // REQUIREMENTS 1.4, defect 5: the original counted boundaries.
  test('counts whole minutes elapsed, never minute boundaries crossed', () => {
    expect(minutesBetween(at('10:00:59'), at('10:01:01'))).toBe(0);
    expect(secondsBetween(at('10:00:59'), at('10:01:01'))).toBe(2);
    expect(minutesBetween(at('10:00:01'), at('10:01:00.999'))).toBe(0);
    expect(minutesBetween(at('10:00:01'), at('10:01:01'))).toBe(1);
  });

  test('is null for the first and zero for a tie', () => {
    expect(minutesBetween(null, at('10:00:00'))).toBeNull();
    expect(secondsBetween(null, at('10:00:00'))).toBeNull();
    expect(minutesBetween(at('10:00:00'), at('10:00:00'))).toBe(0);
  });
});

describe('a reply', () => {
  const replies = (messages: readonly (readonly ['in' | 'out', number])[]) => {
    const turn: Turn = { unansweredSince: NEVER, unansweredCount: 0, hasResponse: false };
    return messages.map(([direction, seconds]) => takeTurn(turn, direction === 'in', seconds * 1000));
  };

  test('is measured from the first message that waits', () => {
    expect(replies([['in', 0], ['in', 50], ['out', 60]])).toEqual([null, null, 60]); // biome-ignore format: one line a case
  });

  test('answers once: the second message out in a row answers nothing', () => {
    expect(replies([['in', 0], ['out', 5], ['out', 9], ['in', 10], ['out', 12]])).toEqual([null, 5, null, null, 2]); // biome-ignore format: one line a case
  });

  test('needs a question: a conversation that the clinic starts has none', () => {
    expect(replies([['out', 0], ['in', 3], ['out', 3]])).toEqual([null, null, 0]); // biome-ignore format: one line a case
  });
});

test('a session ends with a silence longer than the gap, not one as long', () => {
  expect(startsSession(NEVER, 0, 1000)).toBe(true);
  expect(startsSession(0, 1000, 1000)).toBe(false);
  expect(startsSession(0, 1001, 1000)).toBe(true);
});

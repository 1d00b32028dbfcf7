import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeldBack } from '../../src/generate/held-back.ts';

it('gives lines in the order in which they arrive, and none too soon', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 0, max: 60 }), (times, now) => {
      const held = new HeldBack();
      for (const at of times) held.add(at, String(at));
      const taken: number[] = [];
      for (let line = held.take(now); line !== undefined; line = held.take(now)) taken.push(Number(line));
      expect(taken).toEqual(times.filter((at) => at <= now).sort((a, b) => a - b));
      expect(held.size).toBe(times.filter((at) => at > now).length);
    }),
  );
});

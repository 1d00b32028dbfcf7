import { expect, test } from 'vitest';
import { LiveEvents } from '../../scripts/stack/live-events.ts';

const options = { ratePerSecond: 100, clinics: 5, seed: 7, lateShare: 0 };
const start = Date.parse('2026-01-05T12:00:00Z');

function timeOf(line: string): number {
  const event = JSON.parse(line) as Record<string, string>;
  return Date.parse(event.message_timestamp ?? event.changed_at ?? event.rated_at ?? '');
}

test('events come when their time has come, once, in its order', () => {
  const live = new LiveEvents(options, start);
  let last = 0;
  let count = 0;
  for (let now = start; now < start + 60_000; now += 100) {
    for (const { line } of live.take(now)) {
      const time = timeOf(line);
      expect(time).toBeLessThanOrEqual(now);
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
      count++;
    }
  }
  // 6,000 messages, and what comes with them.
  expect(count).toBeGreaterThan(5_000);
  expect(count).toBeLessThan(10_000);
});

test('the steps in which they are taken do not matter', () => {
  const inSteps = new LiveEvents(options, start);
  const steps = [1_000, 1_001, 5_000, 30_000].flatMap((after) => inSteps.take(start + after));
  expect(steps).toEqual(new LiveEvents(options, start).take(start + 30_000));
});

test('a world that ends is followed by another, with other conversations', () => {
  const live = new LiveEvents({ ...options, ratePerSecond: 10_000 }, start);
  const conversations = new Set<string>();
  for (let seconds = 1; seconds <= 5; seconds++) {
    const taken = live.take(start + seconds * 1_000);
    expect(taken.length).toBeGreaterThan(5_000);
    for (const { line } of taken) {
      const id = (JSON.parse(line) as { conversation_id?: string }).conversation_id;
      if (id !== undefined) conversations.add(id.slice(0, 'conv-7'.length));
    }
  }
  expect([...conversations]).toEqual(expect.arrayContaining(['conv-7', 'conv-8']));
});

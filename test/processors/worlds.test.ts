import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversationsDomain } from '../../src/processors/conversations/domain.ts';
import type { Arrival } from './oracle.ts';
import { oracle } from './oracle.ts';
import { calm, expectRows, type Feed, feed, grains, play, rough, sorted, sumBy, world } from './worlds.ts';

/** Whatever the order of arrival, the batches, the checkpoints and the crashes: what the oracle computes at once. */
async function check(arrivals: Arrival[], how: Feed): Promise<void> {
  const driver = await play(arrivals, how);
  const expected = oracle(arrivals);
  expectRows(driver, expected);
  const responses: Record<string, number> = {};
  for (const row of expected.landing_messages) {
    if (!row.response_seconds) continue;
    responses[row.clinic_code] = (responses[row.clinic_code] ?? 0) + row.response_seconds;
  }
  expect(sumBy(driver, 'landing_messages', 'clinic_code', 'response_seconds')).toEqual(responses);
  expect(driver.deadLetters()).toEqual([]);
  await driver.close();
}

const numRuns = Number(process.env.PARLEY_PROPERTY_RUNS ?? 150);

describe('the processors come to what the oracle comes to', () => {
  test('with late and repeated messages, in any batches', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(calm), check), { numRuns });
  });

  test('with messages that come too late', async () => {
    await fc.assert(fc.asyncProperty(world(96), feed(calm), check), { numRuns });
  });

  test('through crashes after any step', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(rough), check), { numRuns });
  });

  test('through crashes, with messages that come too late', async () => {
    await fc.assert(fc.asyncProperty(world(96), feed(rough), check), { numRuns });
  });

  test('with few messages kept, the same in any batches', async () => {
    const property = fc.asyncProperty(world(96), feed(calm), async (arrivals, how) => {
      const domain = conversationsDomain({ keptMessagesMax: 2 });
      const split = await play(arrivals, how, { domain });
      const whole = await play(arrivals, { ...how, batchEventsMax: 1000, actions: [{ kind: 'none' }] }, { domain });
      for (const table of Object.keys(grains)) {
        expect(sorted(split.rows(table)), table).toEqual(sorted(whole.rows(table)));
      }
      await split.close();
      await whole.close();
    });
    await fc.assert(property, { numRuns });
  });
});

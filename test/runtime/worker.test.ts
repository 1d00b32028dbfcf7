import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { createTestDriver } from '../../src/testing/index.ts';
import { countingDomain, event } from './counting.ts';

describe('a worker', () => {
  test('drains a domain whose stages feed each other, again and again', async () => {
    const driver = createTestDriver({ domain: countingDomain(), limits: { batchEventsMax: 2 } });
    for (const round of [1, 2, 3]) {
      for (const key of ['a', 'b', 'c', 'a', 'a']) driver.send('counting.events', event(key));
      expect(await driver.drain()).toBe(true);
      expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: round * 5 }]);
    }
    await driver.close();
  });

  // A stage that forwards nothing once left the others waiting for news for ever.
  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'ends whichever task is done last, seed %i',
    async (seed) => {
      const driver = createTestDriver({ domain: countingDomain(), seed, limits: { batchEventsMax: 1 } });
      for (let count = 0; count < 7; count++) driver.send('counting.events', event('a'));
      expect(await driver.drain()).toBe(true);
      expect(await driver.drain()).toBe(true);
      expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 7 }]);
      await driver.close();
    },
  );

  test('fails with what a task failed with, and ends the others', async () => {
    const refusal = new ParleyError('PARLEY_WAREHOUSE_REFUSED', 'no such column');
    let isBroken = true;
    const driver = createTestDriver({
      domain: countingDomain(),
      limits: { batchEventsMax: 1 },
      insertFault(moment, table) {
        if (isBroken && moment === 'before' && table === 'landing_totals') throw refusal;
      },
    });
    for (const key of ['a', 'b', 'c']) driver.send('counting.events', event(key));
    await expect(driver.drain()).rejects.toBe(refusal);
    isBroken = false;
    expect(await driver.restart()).toBe(true);
    await driver.drain();
    expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 3 }]);
    await driver.close();
  });
});

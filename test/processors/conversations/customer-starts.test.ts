import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addStart,
  countBefore,
  removeStart,
  STARTS_MAX,
  type Starts,
  totalOf,
} from '../../../src/processors/conversations/customer-starts.ts';
import { columns, customer, message, ms, newDriver, sendBatches } from './events.ts';

/** The cause of the defect: a closed version counted the earliest thousand of its customer's conversations at most. */
function from(clock: string, count: number, prefix: string) {
  return Array.from({ length: count }, (_, index) =>
    message(clock, 'in', {
      conversation_id: `${prefix}${index}`,
      message_timestamp: new Date(ms(clock) + index).toISOString(),
    }),
  );
}

test('a closed version tells all conversations that its customer had by then, also more than are kept', async () => {
  const driver = newDriver({}, { limits: { batchEventsMax: 700 } });
  await sendBatches(driver, [customer('08:00', 'k1')], from('09:00', 1300, 'a'), [customer('10:00', 'k2')]);
  await sendBatches(driver, from('11:00', 900, 'b'), [customer('12:00', 'k3')], from('13:00', 5, 'c'));
  const totals = () => columns(driver, 'landing_customers', 'valid_from', 'total_conversations').slice(2);
  expect(totals()).toEqual([
    [ms('09:00') + 9, 1300],
    [ms('10:00'), 2200],
    [ms('12:00'), 2205],
  ]);
  // Late ones count where they belong, in closed versions too.
  await sendBatches(driver, from('09:30', 3, 'd'), from('11:30', 2, 'e'));
  expect(totals()).toEqual([
    [ms('09:00') + 9, 1303],
    [ms('10:00'), 2205],
    [ms('12:00'), 2210],
  ]);
  await driver.close();
});

describe('starts past their bound', () => {
  const step = fc.record({ time: fc.integer({ min: 0, max: 4000 }), isRemoved: fc.constantFrom(false, false, true) });

  test('are counted right before each change that was known before them', () => {
    const property = fc.property(
      fc.array(step, { minLength: 1500, maxLength: 2500, size: 'max' }),
      fc.uniqueArray(fc.integer({ min: 0, max: 4000 }), { maxLength: 5 }),
      (steps, times) => {
        const changes = times.toSorted((left, right) => left - right).map((at) => ({ at }));
        const starts: Starts = { kept: [], between: null };
        const all: number[] = [];
        for (const { time, isRemoved } of steps) {
          if (isRemoved && all.length > 0) {
            const [gone] = all.splice(time % all.length, 1) as [number];
            removeStart(starts, gone);
          } else {
            all.push(time);
            addStart(starts, time, changes);
          }
        }
        expect(totalOf(starts)).toBe(all.length);
        expect(starts.kept.length).toBeLessThanOrEqual(STARTS_MAX);
        for (const { at } of changes) expect(countBefore(starts, at)).toBe(all.filter((start) => start < at).length);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  test('are all before a change that comes after them, and all after one that comes before', () => {
    const starts: Starts = { kept: [], between: null };
    for (let time = 1; time <= 3000; time++) addStart(starts, time, []);
    for (const at of [0, 1, 300, 2600, 3000, 9000])
      expect(countBefore(starts, at)).toBe(Math.max(0, Math.min(at - 1, 3000)));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conversationsDomain } from '../../../src/processors/conversations/domain.ts';
import { FAR_FUTURE } from '../../../src/processors/history.ts';
import { createTestDriver } from '../../../src/testing/index.ts';
import type { Arrival } from '../oracle.ts';
import { act, calm, type Feed, feed, finish, grains, play, rough, sorted, world } from '../worlds.ts';
import { change, clinic, columns, customer, message, ms, newDriver, rating, type Sent, sendBatches } from './events.ts';

/**
 * Histories past `keptChangesMax`. The cause of the first defect: what was forgotten was computed again from what was
 * kept, so that rows were taken back that had never been written, and a change of the same instant was replaced or
 * refused by whether the batch had ended.
 */
const two = { keptChangesMax: 2 };
const deletion = { is_deleted: true };
const versions = ['valid_from', 'valid_to', 'version', 'status', 'is_inferred'] as const;

/** The same events as one batch, one by one, and one by one with a new start before each. */
async function inAnyBatches(events: readonly Sent[], check: (driver: ReturnType<typeof newDriver>) => void) {
  for (const batches of [[events], events.map((event) => [event])]) {
    for (const isRestarted of [false, true]) {
      const driver = newDriver(two);
      for (const batch of batches) {
        await sendBatches(driver, batch);
        if (isRestarted) await driver.restart();
      }
      check(driver);
      await driver.close();
    }
  }
}

describe('a history past its bound', () => {
  test('five steps that took back what was never written', async () => {
    const events = [
      change('09:15', 'open'),
      change('09:00:00', 'open', deletion),
      change('09:00:01', 'open'),
      message('09:00:00', 'in'),
      change('09:15', 'open', deletion),
    ];
    await inAnyBatches(events, (driver) => {
      expect(columns(driver, 'landing_conversations', ...versions)).toEqual([
        [ms('09:00:01'), ms('09:15'), 1, 'open', false],
      ]);
    });
  });

  test('the rows of forgotten versions stay, and the numbers go on', async () => {
    const events = [
      change('09:00', 'open'),
      change('09:10', 'done'),
      change('09:20', 'done', deletion),
      change('09:30', 'open'),
      change('09:40', 'snoozed'),
    ];
    await inAnyBatches(events, (driver) => {
      expect(columns(driver, 'landing_conversations', ...versions)).toEqual([
        [ms('09:00'), ms('09:10'), 1, 'open', false],
        [ms('09:10'), ms('09:20'), 2, 'done', false],
        [ms('09:30'), ms('09:40'), 3, 'open', false],
        [ms('09:40'), FAR_FUTURE, 4, 'snoozed', false],
      ]);
    });
  });

  test('a change as late as the bound is refused, also at the instant of a forgotten one', async () => {
    const events = [
      change('09:00', 'open'),
      change('09:10', 'done'),
      change('09:20', 'open'),
      change('09:00', 'snoozed'),
      change('08:00', 'snoozed'),
      change('09:10', 'snoozed'),
    ];
    await inAnyBatches(events, (driver) => {
      expect(columns(driver, 'landing_conversations', ...versions)).toEqual([
        [ms('09:00'), ms('09:10'), 1, 'open', false],
        [ms('09:10'), ms('09:20'), 2, 'snoozed', false],
        [ms('09:20'), FAR_FUTURE, 3, 'open', false],
      ]);
      expect(driver.deadLetters().map(({ code, offset }) => [offset, code])).toEqual([
        [3, 'CHANGE_TOO_LATE'],
        [4, 'CHANGE_TOO_LATE'],
      ]);
    });
  });

  test('the first version is not stretched once its change is forgotten', async () => {
    const changes = [change('09:00', 'open'), change('09:10', 'done'), change('09:20', 'open')];
    for (const batches of [[changes], changes.map((event) => [event])]) {
      const driver = newDriver(two);
      await sendBatches(driver, ...batches, [message('08:00', 'in')]);
      expect(columns(driver, 'landing_conversations', 'valid_from', 'version')).toEqual([
        [ms('09:00'), 1],
        [ms('09:10'), 2],
        [ms('09:20'), 3],
      ]);
      await driver.close();
    }
  });

  test('tags, the rating and the customer stay as the forgotten versions said', async () => {
    const events = [
      message('08:55', 'in', { text: 'urgent' }),
      change('09:00', 'open', { tags: ['billing'] }),
      rating('09:05', 4),
      change('09:10', 'done', { customer_id: 'u2', clinic_code: 'k2' }),
      change('09:20', 'open', { customer_id: 'u3', clinic_code: 'k3', tags: ['billing', 'refund'] }),
      change('09:30', 'done', { customer_id: 'u3', clinic_code: 'k3', tags: ['billing'] }),
      change('09:40', 'open', { customer_id: 'u4', ...deletion }),
      change('09:50', 'open', { customer_id: 'u4', ...deletion }),
      change('09:55', 'open', { customer_id: 'u4', ...deletion }),
    ];
    await inAnyBatches(events, (driver) => {
      expect(columns(driver, 'landing_conversation_tags', 'tag', 'customer_id', 'tagged_at')).toEqual([
        ['billing', 'u1', ms('08:55')],
        ['refund', 'u3', ms('09:20')],
        ['urgent', 'u1', ms('08:55')],
      ]);
      expect(columns(driver, 'landing_ratings', 'rating', 'customer_id', 'clinic_code')).toEqual([[4, 'u1', 'k1']]);
      // Deleted, it still counts for the customer that it was last known to be of, from its first event on.
      expect(columns(driver, 'landing_customers', 'customer_id', 'total_conversations', 'valid_from')).toEqual([
        ['u1', 0, ms('08:55')],
        ['u2', 0, ms('09:10')],
        ['u3', 1, ms('08:55')],
        ['u4', 0, ms('09:40')],
      ]);
    });
  });

  test('customers and clinics: their forgotten rows stay too', async () => {
    const driver = newDriver(two);
    const started = Array.from({ length: 6 }, (_, index) =>
      message(`09:0${index}`, 'in', { conversation_id: `c${index}` }),
    );
    const moves = ['k1', 'k2', 'k3', 'k1', 'k2'].map((code, index) => customer(`1${index}:00`, code));
    const names = ['A LLC', 'B', 'C', 'D', 'E'].map((name, index) => clinic(`1${index}:00`, name));
    for (const event of [...started, ...moves, ...names]) await sendBatches(driver, [event]);
    expect(columns(driver, 'landing_customers', 'valid_from', 'clinic_code', 'customer_segment', 'version')).toEqual([
      [ms('09:00'), 'k1', 'Low Volume', 1],
      [ms('09:04'), 'k1', 'Medium Volume', 2],
      [ms('11:00'), 'k2', 'Medium Volume', 3],
      [ms('12:00'), 'k3', 'Medium Volume', 4],
      [ms('13:00'), 'k1', 'Medium Volume', 5],
      [ms('14:00'), 'k2', 'Medium Volume', 6],
    ]);
    const rows = columns(driver, 'landing_clinics', 'clinic_code', 'clinic_name', 'version');
    expect(rows.filter(([code]) => code === 'k1').map(([, ...rest]) => rest)).toEqual([
      ['A LLC', 1],
      ['B', 2],
      ['C', 3],
      ['D', 4],
      ['E', 5],
    ]);
    // Conversations that started before all of them: what is out of reach stays, what is not takes them in.
    const earlier = Array.from({ length: 4 }, (_, index) =>
      message(`08:0${index}`, 'in', { conversation_id: `d${index}` }),
    );
    await sendBatches(driver, earlier);
    expect(columns(driver, 'landing_customers', 'valid_from', 'customer_segment', 'total_conversations')).toEqual([
      [ms('09:00'), 'Low Volume', 4],
      [ms('09:04'), 'Medium Volume', 6],
      [ms('11:00'), 'Medium Volume', 6],
      [ms('12:00'), 'High Volume', 10],
      [ms('13:00'), 'High Volume', 10],
      [ms('14:00'), 'High Volume', 10],
    ]);
    await driver.close();
  });
});

const numRuns = Number(process.env.PARLEY_PROPERTY_RUNS ?? 150);

describe('whatever comes, with few changes kept', () => {
  /**
   * All is sent before the first batch, so that the order of events is the same in both. What customers and clinics have
   * forgotten by the time that another stage tells them of something depends on how the stages take turns: of their
   * rows only the signs are looked at.
   */
  async function check(arrivals: Arrival[], how: Feed, keptChangesMax: number): Promise<void> {
    const domain = conversationsDomain({ keptChangesMax, keptMessagesMax: 5 });
    const atOnce = { ...how, actions: [{ kind: 'none' } as const] };
    const whole = await play(arrivals, { ...atOnce, batchEventsMax: 1000 }, { domain });
    const limits = { batchEventsMax: how.batchEventsMax, checkpointKeysMax: how.checkpointKeysMax };
    const split = createTestDriver({ domain, limits, cacheEntriesMax: how.cacheEntriesMax, seed: how.seed });
    for (const { topic, value } of arrivals) split.send(topic, value);
    for (const action of how.actions) await act(split, action);
    await finish(split);
    for (const table of Object.keys(grains)) {
      const [left, right] = [sorted(split.rows(table)), sorted(whole.rows(table))];
      if (table !== 'landing_customers' && table !== 'landing_clinics') expect(left, table).toEqual(right);
    }
    const refused = ({ topic, offset, code }: Record<string, unknown>) => `${code} ${topic} ${offset}`;
    expect(split.deadLetters().map(refused).sort()).toEqual(whole.deadLetters().map(refused).sort());
    await split.close();
    await whole.close();
  }

  /** Arrivals in pieces too: then the order of events is another one, and only the signs have to be right. */
  async function checkSigns(arrivals: Arrival[], how: Feed, keptChangesMax: number): Promise<void> {
    const domain = conversationsDomain({ keptChangesMax, keptMessagesMax: 5 });
    const driver = await play(arrivals, how, { domain });
    for (const table of Object.keys(grains)) driver.rows(table);
    await driver.close();
  }

  const bound = fc.integer({ min: 1, max: 3 });

  test('the same rows in any batches, through crashes', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(rough), bound, check), { numRuns });
    await fc.assert(fc.asyncProperty(world(96), feed(rough), bound, check), { numRuns });
  });

  test('each row counts once or not at all, however it arrives', async () => {
    await fc.assert(fc.asyncProperty(world(20), feed(calm), bound, checkSigns), { numRuns });
    await fc.assert(fc.asyncProperty(world(96), feed(rough), bound, checkSigns), { numRuns });
  });
});

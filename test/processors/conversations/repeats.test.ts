import { describe, expect, test } from 'vitest';
import { KNOWN_IDS_MAX } from '../../../src/processors/known-ids.ts';
import { columns, message, ms, newDriver, type Sent, sendBatches } from './events.ts';

/**
 * A repeated message_id counts once, however late the repeat. The cause of the defect: past the kept window a repeat was
 * taken for a message that came too late, and its row without a gap stood beside (in aggregates) or over the right one.
 */
const day = 86_400_000;

function signsOf(driver: ReturnType<typeof newDriver>): number {
  return driver.signedRows('landing_messages').reduce((sum, { sign }) => sum + sign, 0);
}

describe('a repeat counts once', () => {
  const old = [message('1 09:00', 'in'), message('1 09:10', 'out'), message('1 09:20', 'in')];
  const recent = [message('4 09:00', 'in'), message('4 09:05', 'out')];

  test.each([
    ['in one batch', [[...old, ...recent, ...old]]],
    ['the file of three days ago published again', [old, recent, old]],
    ['each in a batch of its own', [...old, ...recent, ...old, ...recent].map((event) => [event])],
  ])('%s', async (_, batches: Sent[][]) => {
    const driver = newDriver();
    for (const batch of batches) {
      await sendBatches(driver, batch);
      await driver.restart();
    }
    expect(columns(driver, 'landing_messages', 'message_timestamp', 'seconds_since_last_message')).toEqual([
      [ms('1 09:00'), null],
      [ms('1 09:10'), 600],
      [ms('1 09:20'), 600],
      [ms('4 09:00'), (3 * day) / 1000 - 1200],
      [ms('4 09:05'), 300],
    ]);
    expect(signsOf(driver)).toBe(5);
    expect(driver.counts()).toMatchObject({ duplicate: batches.flat().length - 5 });
    await driver.close();
  });

  test('also of a message that came too late, and after the conversation was long idle', async () => {
    const driver = newDriver({}, { startAt: ms('4 12:00'), limits: { checkpointIntervalMs: 1 } });
    await sendBatches(driver, recent, [old[0]!]);
    await driver.advance(9 * day);
    await driver.advance(day);
    await sendBatches(driver, [old[0]!], recent);
    expect(driver.rows('landing_messages')).toHaveLength(3);
    expect(signsOf(driver)).toBe(3);
    expect(driver.counts()).toMatchObject({ too_late: 1, duplicate: 3 });
    await driver.close();
  });

  test(`of the last ${KNOWN_IDS_MAX} of a conversation, and of what is still kept`, async () => {
    // One message dated ahead of all that follow it: it is kept for long after its id was forgotten.
    const ahead = message('2 20:00', 'in', { message_id: 'ahead' });
    const many = Array.from({ length: KNOWN_IDS_MAX + 5 }, (_, index) =>
      message('2 08:00', index % 2 === 0 ? 'in' : 'out', {
        message_id: `x${index}`,
        message_timestamp: new Date(ms('2 08:00') + index * 1000).toISOString(),
      }),
    );
    const repeats = [ahead, many[4]!, many[6]!, many.at(-1)!, ahead];
    const found = [];
    for (const batchEventsMax of [1500, 20_000]) {
      const driver = newDriver({}, { limits: { batchEventsMax } });
      await sendBatches(driver, [ahead]);
      await sendBatches(driver, many);
      await sendBatches(driver, repeats);
      found.push([driver.counts().duplicate, driver.counts().too_late, signsOf(driver)]);
      await driver.close();
    }
    // x4 is the newest that is forgotten.
    expect(found).toEqual([
      [4, 1, KNOWN_IDS_MAX + 7],
      [4, 1, KNOWN_IDS_MAX + 7],
    ]);
  });
});

import { expect, test } from 'vitest';
import { change, columns, message, ms, newDriver, sendBatches, time } from './events.ts';

/** Defects of the original that REQUIREMENTS 1.4 lists, each of which must not come back. */

const gaps = ['message_timestamp', 'minutes_since_last_message', 'seconds_since_last_message'] as const;

test('defect 1: the first message of every batch keeps the gap to the message before it', async () => {
  const driver = newDriver();
  await sendBatches(
    driver,
    [message('09:00', 'in'), message('09:10', 'out')],
    [message('09:25', 'in')],
    [message('11:00', 'out'), message('11:01', 'in')],
  );
  expect(columns(driver, 'landing_messages', ...gaps)).toEqual([
    [ms('09:00'), null, null],
    [ms('09:10'), 10, 600],
    [ms('09:25'), 15, 900],
    [ms('11:00'), 95, 5700],
    [ms('11:01'), 1, 60],
  ]);
  await driver.close();
});

test('defect 2: a message older than the newest is counted, and corrects the one after it', async () => {
  const driver = newDriver();
  await sendBatches(driver, [message('09:00', 'in'), message('09:30', 'out')], [message('09:20', 'in')]);
  expect(columns(driver, 'landing_messages', ...gaps, 'response_seconds')).toEqual([
    [ms('09:00'), null, null, null],
    [ms('09:20'), 20, 1200, null],
    [ms('09:30'), 10, 600, 1800],
  ]);
  expect(driver.signedRows('landing_messages').map(({ sign, row }) => [sign, row.message_timestamp])).toEqual([
    [1, ms('09:00')],
    [1, ms('09:30')],
    [1, ms('09:20')],
    [-1, ms('09:30')],
    [1, ms('09:30')],
  ]);
  expect(driver.counts()).toMatchObject({ late: 1 });
  await driver.close();
});

test('defect 2, past the lateness: the message has a row, without a gap, flagged and counted', async () => {
  const driver = newDriver();
  await sendBatches(driver, [message('3 09:00', 'in')], [message('2 08:59:59', 'in'), message('2 09:00', 'out')]);
  expect(columns(driver, 'landing_messages', ...gaps, 'is_too_late', 'session_started_at')).toEqual([
    [ms('2 08:59:59'), null, null, true, null],
    [ms('2 09:00'), null, null, false, ms('2 09:00')],
    [ms('3 09:00'), 1440, 86_400, false, ms('3 09:00')],
  ]);
  expect(driver.counts()).toMatchObject({ late: 1, too_late: 1 });
  await driver.close();
});

test('defect 3: a conversation of several versions has one that holds at each time, so a join never fans out', async () => {
  const driver = newDriver();
  await sendBatches(
    driver,
    [change('09:00', 'open'), message('09:00', 'in'), message('10:30', 'out')],
    [change('10:00', 'done'), change('09:30', 'snoozed')],
    [change('11:00', 'open'), change('11:00', 'done')],
  );
  const versions = columns(driver, 'landing_conversations', 'valid_from', 'valid_to', 'status', 'is_current');
  expect(versions.map(([from, , status, isCurrent]) => [from, status, isCurrent])).toEqual([
    [ms('09:00'), 'open', false],
    [ms('09:30'), 'snoozed', false],
    [ms('10:00'), 'done', true],
  ]);
  for (const [at] of columns(driver, 'landing_messages', 'message_timestamp')) {
    const held = versions.filter(([from, to]) => (from as number) <= (at as number) && (at as number) < (to as number));
    expect(held).toHaveLength(1);
  }
  await driver.close();
});

test('defect 5: minutes are elapsed ones, not boundaries crossed', async () => {
  const driver = newDriver();
  await sendBatches(driver, [message('10:00:59', 'in'), message('10:01:01', 'out')]);
  expect(columns(driver, 'landing_messages', ...gaps)[1]).toEqual([ms('10:01:01'), 0, 2]);
  await driver.close();
});

test('defect 6: a conversation more overwrites the total, and opens no version', async () => {
  const driver = newDriver();
  const from = (id: number) => message(`09:0${id}`, 'in', { conversation_id: `c${id}` });
  await sendBatches(driver, [from(1)], [from(2)], [from(3), from(4)]);
  expect(columns(driver, 'landing_customers', 'version', 'total_conversations', 'valid_from')).toEqual([
    [1, 4, ms('09:01')],
  ]);
  await driver.close();
});

test('an event repeated counts once', async () => {
  const driver = newDriver();
  const sent = message('09:00', 'in');
  await sendBatches(driver, [sent, message('09:05', 'out'), sent], [sent]);
  expect(driver.rows('landing_messages')).toHaveLength(2);
  expect(driver.counts()).toMatchObject({ duplicate: 2 });
  await driver.close();
});

test('a repeated id counts once whatever else the event says: nothing of the second one is taken', async () => {
  const driver = newDriver();
  const first = message('09:00', 'in');
  const other = { customer_id: 'u9', clinic_code: 'k9', message_timestamp: time('08:00'), text: 'urgent' };
  await sendBatches(driver, [first], [{ ...first, value: { ...first.value, ...other } }]);
  expect(columns(driver, 'landing_messages', 'message_timestamp', 'customer_id')).toEqual([[ms('09:00'), 'u1']]);
  expect(columns(driver, 'landing_conversations', 'valid_from', 'customer_id')).toEqual([[ms('09:00'), 'u1']]);
  expect(columns(driver, 'landing_customers', 'customer_id')).toEqual([['u1']]);
  expect(columns(driver, 'landing_clinics', 'clinic_code')).toEqual([['k1']]);
  expect(driver.rows('landing_conversation_tags')).toEqual([]);
  await driver.close();
});

test('a refused event is in the dead letters with its reason and its bytes, and the others count', async () => {
  const driver = newDriver();
  const { value } = message('09:00', 'in');
  driver.send('conversations.messages', { ...value, direction: 'sideways' });
  driver.send('conversations.messages', '{"half": ');
  driver.send('conversations.messages', { ...value, message_timestamp: time('09:00').replace('2025', '2035') });
  driver.send('conversations.messages', { ...value, unknown_field: 1 });
  await driver.drain();
  expect(driver.deadLetters().map(({ code, offset }) => [offset, code])).toEqual([
    [0, 'INVALID_EVENT'],
    [1, 'INVALID_JSON'],
    [2, 'TIME_OUT_OF_RANGE'],
  ]);
  expect(driver.deadLetters()[1]).toMatchObject({ bytes: '{"half": ', topic: 'conversations.messages' });
  expect(driver.rows('landing_messages')).toHaveLength(1);
  await driver.close();
});

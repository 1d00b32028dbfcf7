import { describe, expect, test } from 'vitest';
import { FAR_FUTURE } from '../../../src/processors/history.ts';
import { change, clinic, columns, customer, message, ms, newDriver, rating, sendBatches } from './events.ts';

const dated = ['valid_from', 'valid_to', 'version', 'is_current', 'is_inferred'] as const;

/** One message in each of `count` conversations from `first` on, a minute apart from `hour`:00. */
function conversations(hour: string, count: number, first: number) {
  return Array.from({ length: count }, (_, index) =>
    message(`${hour}:${String(index).padStart(2, '0')}`, 'in', { conversation_id: `c${first + index}` }),
  );
}

describe('customers', () => {
  const shown = [
    'valid_from',
    'clinic_code',
    'customer_segment',
    'total_conversations',
    'version',
    'is_current',
  ] as const;

  test('pass the segments at the fifth and the tenth conversation, with a change of clinic between', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [customer('08:00', 'k1'), ...conversations('09', 4, 1)],
      [...conversations('10', 1, 5)],
      [customer('11:00', 'k2')],
      [...conversations('12', 4, 6), ...conversations('13', 2, 10)],
    );
    expect(columns(driver, 'landing_customers', ...shown)).toEqual([
      [ms('08:00'), 'k1', 'Low Volume', 4, 1, false],
      [ms('10:00'), 'k1', 'Medium Volume', 5, 2, false],
      [ms('11:00'), 'k2', 'Medium Volume', 9, 3, false],
      [ms('13:00'), 'k2', 'High Volume', 11, 4, true],
    ]);
    await driver.close();
  });

  test('keep the segments that they passed before their first event came', async () => {
    const driver = newDriver();
    await sendBatches(driver, conversations('09', 6, 1), [customer('12:00', 'k2')]);
    expect(columns(driver, 'landing_customers', ...shown)).toEqual([
      [ms('09:00'), 'k2', 'Low Volume', 4, 1, false],
      [ms('09:04'), 'k2', 'Medium Volume', 6, 2, true],
    ]);
    await driver.close();
  });

  // Found by worlds.test.ts: in one batch nobody was told of c1; in two batches u1 kept it.
  test('do not count a conversation that a delete at the same instant leaves nothing of, in any batches', async () => {
    const events = [change('09:00', 'open'), change('09:00', 'open', { is_deleted: true })];
    const other = message('10:00', 'in', { conversation_id: 'c2' });
    for (const batches of [[[...events, other]], [...events.map((event) => [event]), [other]]]) {
      const driver = newDriver();
      await sendBatches(driver, ...batches);
      expect(columns(driver, 'landing_customers', 'total_conversations')).toEqual([[1]]);
      await driver.close();
    }
  });

  test('step back over a segment when an earlier conversation becomes known late', async () => {
    const driver = newDriver();
    await sendBatches(driver, conversations('10', 5, 1), conversations('09', 1, 6));
    expect(columns(driver, 'landing_customers', ...shown).map(([from, , segment]) => [from, segment])).toEqual([
      [ms('09:00'), 'Low Volume'],
      [ms('10:03'), 'Medium Volume'],
    ]);
    await driver.close();
  });

  test('a conversation that moves counts for its new customer; the old one keeps a row for its facts', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [message('09:00', 'in'), message('09:30', 'in', { conversation_id: 'c2' })],
      [change('10:00', 'open', { customer_id: 'u2', clinic_code: 'k2' })],
    );
    const totals = ['customer_id', 'total_conversations', 'clinic_code', 'valid_from', 'is_inferred'] as const;
    expect(columns(driver, 'landing_customers', ...totals)).toEqual([
      ['u1', 1, 'k1', ms('09:00'), true],
      ['u2', 1, 'k2', ms('09:00'), true],
    ]);
    await driver.close();
  });

  test('every customer that a fact names has a row, also when its conversation is of another one', async () => {
    const events = [change('08:00', 'open', { customer_id: 'u2' }), message('09:00', 'in'), message('09:05', 'out')];
    for (const batches of [[events], events.map((event) => [event]), [...events].reverse().map((event) => [event])]) {
      const driver = newDriver();
      await sendBatches(driver, ...batches);
      expect(columns(driver, 'landing_customers', 'customer_id', 'total_conversations', 'valid_from')).toEqual([
        ['u1', 0, ms('09:00')],
        ['u2', 1, ms('08:00')],
      ]);
      await driver.close();
    }
  });

  test('delete and return', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [customer('09:00', 'k1'), customer('11:00', 'k1')],
      [customer('10:00', 'k1', { is_deleted: true })],
    );
    expect(columns(driver, 'landing_customers', ...dated)).toEqual([
      [ms('09:00'), ms('10:00'), 1, false, false],
      [ms('11:00'), FAR_FUTURE, 2, true, false],
    ]);
    await driver.close();
  });
});

describe('inferred members', () => {
  test('a conversation, a customer and a clinic have rows before their events, filled in when these come', async () => {
    const driver = newDriver();
    await sendBatches(driver, [message('09:00', 'in')]);
    const inferred = [[ms('09:00'), FAR_FUTURE, 1, true, true]];
    const filled = [[ms('09:00'), FAR_FUTURE, 1, true, false]];
    for (const table of ['landing_conversations', 'landing_customers', 'landing_clinics']) {
      expect(columns(driver, table, ...dated), table).toEqual(inferred);
    }
    await sendBatches(driver, [change('09:05', 'open'), customer('09:06', 'k1'), clinic('09:07', 'Smile LLC')]);
    for (const table of ['landing_conversations', 'landing_customers', 'landing_clinics']) {
      expect(columns(driver, table, ...dated), table).toEqual(filled);
    }
    expect(columns(driver, 'landing_clinics', 'clinic_name', 'clinic_type')).toEqual([['Smile LLC', 'LLC']]);
    await driver.close();
  });

  test('an earlier fact stretches them further back', async () => {
    const driver = newDriver();
    await sendBatches(driver, [message('09:00', 'in')], [change('09:05', 'open')], [message('08:00', 'in')]);
    for (const table of ['landing_conversations', 'landing_customers', 'landing_clinics']) {
      expect(columns(driver, table, 'valid_from', 'valid_to'), table).toEqual([[ms('08:00'), FAR_FUTURE]]);
    }
    await driver.close();
  });
});

describe('conversations', () => {
  test('tags come from versions and from words, each from when it was first there', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [change('09:00', 'open', { tags: ['billing'] }), change('10:00', 'open', { tags: ['urgent', 'billing'] })],
      [message('09:30', 'in', { text: 'I need this URGENTLY.' }), message('09:31', 'in', { text: 'insurgent' })],
      [change('08:00', 'open', { tags: [] })],
    );
    expect(columns(driver, 'landing_conversation_tags', 'tag', 'tagged_at', 'is_urgent')).toEqual([
      ['billing', ms('09:00'), false],
      ['urgent', ms('09:30'), true],
    ]);
    await driver.close();
  });

  test('of several ratings the one given last counts, for who had the conversation then', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [rating('12:00', 2)],
      [rating('11:00', 5)],
      [change('09:00', 'open'), rating('12:00', 3)],
    );
    expect(columns(driver, 'landing_ratings', 'rating', 'rated_at', 'customer_id')).toEqual([[3, ms('12:00'), 'u1']]);
    await sendBatches(driver, [change('11:30', 'open', { customer_id: 'u2' })]);
    expect(columns(driver, 'landing_ratings', 'rating', 'customer_id')).toEqual([[3, 'u2']]);
    await driver.close();
  });

  test('sessions: a late message extends, joins and starts them', async () => {
    const driver = newDriver();
    const shown = ['started_at', 'ended_at', 'message_count', 'in_count'] as const;
    await sendBatches(driver, [message('09:00', 'in'), message('10:00', 'out')]);
    expect(columns(driver, 'landing_sessions', ...shown)).toHaveLength(2);
    await sendBatches(driver, [message('09:30', 'in')]);
    expect(columns(driver, 'landing_sessions', ...shown)).toEqual([[ms('09:00'), ms('10:00'), 3, 2]]);
    await sendBatches(driver, [message('08:00', 'out')]);
    expect(columns(driver, 'landing_sessions', ...shown)).toEqual([
      [ms('08:00'), ms('08:00'), 1, 0],
      [ms('09:00'), ms('10:00'), 3, 2],
    ]);
    await driver.close();
  });

  test('what is kept is bounded, and the bound gives the same rows however the batches fall', async () => {
    const clocks = ['09:00', '09:10', '09:20', '09:05', '09:30', '09:01', '09:25', '09:40', '09:15', '09:35'];
    const events = clocks.map((clock, index) => message(clock, index % 2 ? 'in' : 'out'));
    const whole = newDriver({ keptMessagesMax: 3 });
    await sendBatches(whole, events);
    const single = newDriver({ keptMessagesMax: 3 });
    await sendBatches(single, ...events.map((event) => [event]));
    const shown = ['message_id', 'seconds_since_last_message', 'response_seconds', 'is_too_late'] as const;
    expect(columns(single, 'landing_messages', ...shown)).toEqual(columns(whole, 'landing_messages', ...shown));
    expect(whole.counts().too_late).toBe(2);
    for (const driver of [whole, single]) await driver.close();
  });
});

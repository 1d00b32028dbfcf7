import fc from 'fast-check';
import { expect, test } from 'vitest';
import { change, columns, message, ms, newDriver, type Sent, sendBatches } from './events.ts';
import { Restarting } from './restarting.ts';

const shown = ['waiting_since', 'unanswered_messages', 'channel', 'status', 'is_urgent'] as const;

/** After all of these events in one batch, and in a batch each. */
async function waiting(...events: readonly Sent[]): Promise<unknown[][]> {
  const found: unknown[][][] = [];
  for (const batches of [[events], events.map((event) => [event])]) {
    const driver = newDriver();
    await sendBatches(driver, ...batches);
    found.push(columns(driver, 'landing_waiting', ...shown));
    await driver.close();
  }
  expect(found[1]).toEqual(found[0]);
  return found[0]!;
}

test('since the first of the unanswered messages, on the channel of the last', async () => {
  expect(
    await waiting(
      message('09:00', 'in'),
      message('09:10', 'out'),
      message('10:00', 'in'),
      message('10:05', 'in', { channel: 'email' }),
    ),
  ).toEqual([[ms('10:00'), 2, 'email', '', false]]);
});

test('until an answer, also one that comes late', async () => {
  expect(await waiting(message('09:00', 'in'), message('09:30', 'out'))).toEqual([]);
  expect(await waiting(message('09:00', 'in'), message('10:00', 'in'), message('11:00', 'out'))).toEqual([]);
  // Sent before the last question: what came before it is answered, the last is not.
  expect(await waiting(message('09:00', 'in'), message('10:00', 'in'), message('09:30', 'out'))).toEqual([
    [ms('10:00'), 1, 'sms', '', false],
  ]);
});

test('a question that comes late, from before the answer, does not wait; from after it, it does', async () => {
  const answered = [message('09:00', 'in'), message('10:00', 'out')];
  expect(await waiting(...answered, message('09:30', 'in'))).toEqual([]);
  expect(await waiting(...answered, message('11:00', 'in'), message('10:30', 'in'))).toEqual([
    [ms('10:30'), 2, 'sms', '', false],
  ]);
});

test('an answer that comes too late to be placed answers nothing', async () => {
  expect(await waiting(message('1 09:00', 'in'), message('3 09:00', 'in'), message('1 10:00', 'out'))).toEqual([
    [ms('1 09:00'), 2, 'sms', '', false],
  ]);
});

test('with what holds of the conversation now, and not when it is deleted', async () => {
  const question = message('09:00', 'in');
  expect(await waiting(question, change('08:00', 'open', { tags: ['urgent'] }))).toEqual([
    [ms('09:00'), 1, 'sms', 'open', true],
  ]);
  // The row of one that is done is there: the view leaves it out.
  expect(await waiting(question, change('10:00', 'done'), change('09:30', 'snoozed'))).toEqual([
    [ms('09:00'), 1, 'sms', 'done', false],
  ]);
  const deleted = change('11:00', 'done', { is_deleted: true });
  expect(await waiting(question, change('10:00', 'open'), deleted)).toEqual([]);
  expect(await waiting(question, deleted, change('10:00', 'open'), change('12:00', 'open'))).toEqual([
    [ms('09:00'), 1, 'sms', 'open', false],
  ]);
});

test.each([9, 400, 900])('%i idle days do not end it; the next message does what it would have done', (days) => {
  const rows = (run: Restarting) => run.warehouse.rows('landing_waiting');
  for (const next of ['out', 'in'] as const) {
    const run = new Restarting();
    run.run({}, [message('1 09:00', 'in'), message('1 09:20', 'in', { channel: 'email' })]);
    run.run({}, [], days * 86_400_000);
    expect(rows(run)).toMatchObject([{ waiting_since: ms('1 09:00'), unanswered_messages: 2, channel: 'email' }]);
    run.run({}, [change('2 09:00', 'open')]);
    expect(rows(run)).toMatchObject([{ waiting_since: ms('1 09:00'), unanswered_messages: 2, status: 'open' }]);
    run.run({}, [message('20 09:00', next)]);
    // Its messages were forgotten after 400 days: it starts anew.
    const isForgotten = days >= 400;
    const since = isForgotten ? { waiting_since: ms('20 09:00'), unanswered_messages: 1 } : { unanswered_messages: 3 };
    expect(rows(run)).toMatchObject(next === 'out' ? [] : [since]);
  }
});

test('a conversation that another version of the code stored waits from its next message on, and is never left over', () => {
  // As version 1 stored one that waits: without the number and the channel at the end of its pass.
  const pass = [0, 'm1', 0, 0, 0, 0, 1, 1, 0];
  const stored = JSON.stringify([
    ['u1', 'k1', 'sms', 'initial'],
    ms('09:00'),
    ['m1', 0, 1],
    0,
    [0, 1, 0],
    [0, 0, 1_800_000, pass, 0, []],
  ]);
  for (const [direction, count] of [
    ['in', 1],
    ['out', 0],
  ] as const) {
    const run = new Restarting(`${stored}\n\n`);
    run.run({}, [message('10:00', direction)]);
    expect(run.warehouse.rows('landing_waiting')).toHaveLength(count);
  }
});

test('whatever the order of arrival and the batches: what the messages by time say', async () => {
  const hour = 3_600_000;
  const said = fc.array(fc.record({ quarter: fc.nat(95), isInbound: fc.boolean() }), { minLength: 1, maxLength: 12 });
  const property = fc.asyncProperty(said, fc.nat(4), async (messages, size) => {
    const sent = messages.map(({ quarter, isInbound }, index) => {
      const at = new Date(ms('00:00') + (quarter * hour) / 4).toISOString();
      return message('00:00', isInbound ? 'in' : 'out', { message_id: `p${index}`, message_timestamp: at });
    });
    const byTime = [...messages.entries()].sort(
      ([left, one], [right, other]) => one.quarter - other.quarter || (`p${left}` < `p${right}` ? -1 : 1),
    );
    const questions: number[] = [];
    for (const [, { quarter, isInbound }] of byTime) {
      if (isInbound) questions.push(ms('00:00') + (quarter * hour) / 4);
      else questions.length = 0;
    }
    const driver = newDriver();
    const batches: Sent[][] = [];
    for (let at = 0; at < sent.length; at += size + 1) batches.push(sent.slice(at, at + size + 1));
    await sendBatches(driver, ...batches);
    const wanted = questions.length === 0 ? [] : [[questions[0], questions.length]];
    expect(columns(driver, 'landing_waiting', 'waiting_since', 'unanswered_messages')).toEqual(wanted);
    await driver.close();
  });
  await fc.assert(property, { numRuns: Number(process.env.PARLEY_PROPERTY_RUNS ?? 150) });
});

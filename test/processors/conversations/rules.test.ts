import { expect, test } from 'vitest';
import { message, ms } from './events.ts';
import { Restarting } from './restarting.ts';

/**
 * Options changed over existing state. The cause of the defect: kept messages were derived again by the new gap, so that
 * rows were taken back that had never been written.
 */
const day = ['09:00', '09:20', '10:05', '10:15', '12:00'];
const hour = { sessionGapMinutes: 60 };
const quarter = { sessionGapMinutes: 15 };

test('a longer gap joins the kept sessions with the next message, whatever its time', () => {
  for (const next of ['12:50', '09:40']) {
    const run = new Restarting();
    for (const clock of day) run.run({}, [message(clock, 'in')]);
    expect(run.sessions).toHaveLength(3);
    run.run(hour, [message(next, 'out')]);
    const [last, count] = next === '12:50' ? [next, 2] : ['12:00', 1];
    expect(run.sessions).toEqual([
      [ms('09:00'), ms('10:15'), 6 - count],
      [ms('12:00'), ms(last), count],
    ]);
    expect(run.messages).toBe(6);
  }
});

test('a shorter gap parts them, and back', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run(quarter, [message('12:10', 'out')]);
  expect(run.sessions.map(([start]) => start)).toEqual(['09:00', '09:20', '10:05', '12:00'].map(ms));
  run.run({}, [message('12:11', 'out')]);
  expect(run.sessions.map(([start]) => start)).toEqual(['09:00', '10:05', '12:00'].map(ms));
  expect(run.messages).toBe(7);
});

test('what is not kept any more stays as it was written', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run(hour, [], 9 * 86_400_000);
  run.run(hour, [message('12:45', 'out')]);
  expect(run.sessions).toEqual([
    [ms('09:00'), ms('09:20'), 2],
    [ms('10:05'), ms('10:15'), 2],
    [ms('12:00'), ms('12:45'), 2],
  ]);
  expect(run.messages).toBe(6);
});

test('after 400 idle days a conversation starts anew: no gap, and ids that came before are not known', () => {
  const run = new Restarting();
  const first = message('1 09:00', 'in');
  run.run({}, [first, message('1 09:20', 'out')]);
  run.run({}, [], 400 * 86_400_000);
  run.run({}, [message('3 09:00', 'in'), first]);
  const rows = run.warehouse.rows('landing_messages').filter((row) => row.message_timestamp === ms('3 09:00'));
  expect(rows).toMatchObject([{ previous_message_timestamp: null, is_too_late: false }]);
  expect(run.messages).toBe(4);
});

test('another lateness and another bound take nothing back', () => {
  const run = new Restarting();
  run.run(
    {},
    day.map((clock) => message(clock, 'in')),
  );
  run.run({ allowedLatenessHours: 1, keptMessagesMax: 2 }, [message('12:30', 'out'), message('12:10', 'in')]);
  run.run({ allowedLatenessHours: 48, keptMessagesMax: 1000 }, [message('12:20', 'out'), message('09:10', 'in')]);
  expect(run.sessions.at(-1)).toEqual([ms('12:00'), ms('12:30'), 4]);
  expect(run.messages).toBe(9);
  expect(run.warehouse.rows('landing_messages').filter((row) => row.is_too_late)).toHaveLength(1);
});

import { expect, test } from 'vitest';
import { call, columns, entry, ms, newDriver, result, sendBatches } from './events.ts';

/** Defects of the original that REQUIREMENTS 5.5 lists, each of which must not come back. */

const toolColumns = ['tool_use_id', 'tool_name', 'duration_ms', 'is_success'] as const;

test('a result without a tool name is paired with its call by tool_use_id: tool, duration, success', async () => {
  const driver = newDriver();
  await sendBatches(
    driver,
    [call('09:00', 't1', 'Read'), call('09:00:01', 't2', 'Bash'), call('09:00:02', 't3', 'Edit')],
    [result('09:00:03', 't2', { is_error: true }), result('09:00:05', 't1')],
  );
  expect(columns(driver, 'landing_tool_calls', ...toolColumns)).toEqual([
    ['t1', 'Read', 5000, 1],
    ['t2', 'Bash', 2000, 0],
    ['t3', 'Edit', null, null],
  ]);
  await driver.close();
});

test('a result that comes before its call has a row of its own until the call comes', async () => {
  const driver = newDriver();
  await sendBatches(driver, [result('09:00:05', 't1')]);
  expect(columns(driver, 'landing_tool_calls', ...toolColumns, 'called_at')).toEqual([
    ['t1', 'unknown', null, 1, null],
  ]);
  await sendBatches(driver, [call('09:00', 't1', 'Read')]);
  expect(columns(driver, 'landing_tool_calls', ...toolColumns, 'called_at')).toEqual([
    ['t1', 'Read', 5000, 1, ms('09:00')],
  ]);
  await driver.close();
});

test('the role lies in the entry type, so the message before is known whatever else the entry lacks', async () => {
  const driver = newDriver();
  await sendBatches(driver, [
    entry('09:00', 'user'),
    entry('09:00:10', 'assistant'),
    call('09:00:20', 't1', 'Read'),
    entry('09:00:30', 'assistant'),
    entry('09:01', 'user'),
  ]);
  const names = ['effective_timestamp', 'turn_type', 'previous_role', 'response_time_ms', 'message_sequence'] as const;
  expect(columns(driver, 'landing_entries', ...names)).toEqual([
    [ms('09:00'), 'conversation_start', '', null, 1],
    [ms('09:00:10'), 'response', 'user', 10_000, 2],
    [ms('09:00:20'), '', '', null, null],
    [ms('09:00:30'), 'continuation', 'assistant', null, 3],
    [ms('09:01'), 'follow_up', 'assistant', null, 4],
  ]);
  await driver.close();
});

test('a session that spans projects is one row, of the project with the most entries', async () => {
  const driver = newDriver();
  const p2 = { project_id: 'p2' };
  await sendBatches(
    driver,
    [entry('09:00', 'user'), entry('09:01', 'assistant')],
    [entry('09:02', 'user', p2), entry('09:03', 'assistant', p2), entry('09:04', 'system', p2)],
  );
  expect(columns(driver, 'landing_sessions', 'session_id', 'project_id', 'project_count', 'total_entries')).toEqual([
    ['s1', 'p2', 2, 5],
  ]);
  await driver.close();
});

test('words match whole: an address is no feature, a prefix no bug fix; and the lists are configuration', async () => {
  const messages = [
    entry('09:00', 'user', { content: 'my address has a prefix' }),
    entry('09:01', 'user', { content: 'add a prefix' }),
    entry('09:02', 'user', { content: 'deploy it' }),
  ];
  const driver = newDriver();
  await sendBatches(driver, messages);
  const categories = columns(driver, 'landing_entries', 'effective_timestamp', 'task_category');
  expect(categories.map(([, category]) => category)).toEqual(['other', 'feature', 'other']);
  await driver.close();

  const own = newDriver({ taskPatterns: { operations: ['deploy', 'roll back'] } });
  await sendBatches(own, messages);
  expect(columns(own, 'landing_entries', 'effective_timestamp', 'task_category').at(-1)).toEqual([
    ms('09:02'),
    'operations',
  ]);
  await own.close();
});

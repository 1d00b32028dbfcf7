import { describe, expect, test } from 'vitest';
import { call, columns, entry, ms, newDriver, result, sendBatches } from './events.ts';

/** The rules of docs/semantics.md, one by one. */

const DAY_MS = 86_400_000;

describe('entries', () => {
  test('of an unknown type, of null and of none count as unknown', async () => {
    const driver = newDriver();
    const without = entry('09:03', null);
    delete without.value.entry_type;
    await sendBatches(driver, [entry('09:00', 'user'), entry('09:01', 'hologram'), entry('09:02', null), without]);
    const types = columns(driver, 'landing_entries', 'effective_timestamp', 'entry_type').map(([, type]) => type);
    expect(types).toEqual(['user', 'unknown', 'unknown', 'unknown']);
    expect(driver.deadLetters()).toEqual([]);
    await driver.close();
  });

  test('outside the configured days are counted as such, and nowhere else', async () => {
    const driver = newDriver({ startDate: '2025-06-02', endDate: '2025-06-03' });
    await sendBatches(driver, [
      entry('1 23:59:59', 'user'),
      entry('2 00:00', 'user'),
      entry('3 23:59:59', 'user'),
      entry('4 00:00', 'user'),
    ]);
    const times = columns(driver, 'landing_entries', 'effective_timestamp').map(([time]) => time);
    expect(times).toEqual([ms('2 00:00'), ms('3 23:59:59')]);
    expect(driver.counts()).toMatchObject({ outside_dates: 2 });
    await driver.close();
  });

  test('have their text stored only when that is configured', async () => {
    const said = [entry('09:00', 'user', { content: 'hello\u0001\nworld' }), entry('09:02', 'assistant')];
    const between = entry('09:01', 'user', { content: 'late' });
    for (const storeText of [false, true]) {
      const driver = newDriver({ storeText });
      await sendBatches(driver, said, [between]);
      expect(columns(driver, 'landing_entries', 'effective_timestamp', 'content', 'content_length')).toEqual([
        [ms('09:00'), storeText ? 'hello\u0001\nworld' : null, 12],
        [ms('09:01'), storeText ? 'late' : null, 4],
        [ms('09:02'), null, 0],
      ]);
      await driver.close();
    }
  });

  test('that come late move those after them: -1 with the row as it was, +1 with the row as it is', async () => {
    const driver = newDriver();
    await sendBatches(driver, [entry('09:00', 'user'), entry('09:10', 'assistant')], [entry('09:05', 'user')]);
    const names = ['effective_timestamp', 'message_sequence', 'response_time_ms'] as const;
    const written = driver
      .signedRows('landing_entries')
      .map(({ sign, row }) => [sign, ...names.map((name) => row[name])]);
    expect(written).toEqual([
      [1, ms('09:00'), 1, null],
      [1, ms('09:10'), 2, 600_000],
      [1, ms('09:05'), 2, null],
      [-1, ms('09:10'), 2, 600_000],
      [1, ms('09:10'), 3, 300_000],
    ]);
    expect(columns(driver, 'landing_sessions', 'response_count', 'total_response_ms')).toEqual([[1, 300_000]]);
    expect(driver.counts()).toMatchObject({ late: 1 });
    await driver.close();
  });

  test('that come too late count, have no place, and correct nobody', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [entry('3 09:00', 'user'), call('3 09:01', 't1', 'Read')],
      [entry('2 09:00', 'assistant'), result('2 08:00', 't1')],
    );
    const names = ['message_sequence', 'tool_sequence', 'turn_type', 'retry_count', 'period_started_at'] as const;
    expect(columns(driver, 'landing_entries', 'effective_timestamp', ...names, 'is_too_late')).toEqual([
      [ms('2 08:00'), null, null, '', null, null, true],
      [ms('2 09:00'), null, null, '', null, null, true],
      [ms('3 09:00'), 1, null, 'conversation_start', null, ms('3 09:00'), false],
      [ms('3 09:01'), null, 1, '', 0, ms('3 09:00'), false],
    ]);
    const counted = ['session_start', 'total_entries', 'tool_results', 'too_late_count', 'period_count'] as const;
    expect(columns(driver, 'landing_sessions', ...counted)).toEqual([[ms('2 08:00'), 4, 1, 2, 1]]);
    // Pairs need no place in the order; a result dated before its call has no duration.
    expect(columns(driver, 'landing_tool_calls', 'tool_use_id', 'is_success', 'duration_ms')).toEqual([
      ['t1', 1, null],
    ]);
    await driver.close();
  });

  test('of an id that its session has had are dropped, whatever else they say', async () => {
    const driver = newDriver();
    const said = entry('09:00', 'user');
    const other = { ...said, value: { ...said.value, entry_type: 'assistant', session_id: 's2' } };
    await sendBatches(driver, [said, said], [{ ...said, value: { ...said.value, content: 'x' } }, other]);
    expect(columns(driver, 'landing_entries', 'session_id', 'content_length')).toEqual([
      ['s1', 0],
      ['s2', 0],
    ]);
    expect(driver.counts()).toMatchObject({ duplicate: 2 });
    await driver.close();
  });
});

describe('a retry', () => {
  const retries = async (...batches: readonly (readonly ReturnType<typeof call>[])[]) => {
    const driver = newDriver();
    await sendBatches(driver, ...batches);
    const rows = columns(driver, 'landing_entries', 'effective_timestamp', 'retry_count');
    await driver.close();
    return rows.map(([, count]) => count).filter((count) => count !== null);
  };
  const failed = { is_error: true };

  test('is the same call of the same tool, right after its failure was known; they add up', async () => {
    const tries = [
      [call('09:00', 't1', 'Bash'), result('09:01', 't1', failed)],
      [call('09:02', 't2', 'Bash'), result('09:03', 't2', failed)],
      [call('09:04', 't3', 'Bash'), result('09:05', 't3')],
      [call('09:06', 't4', 'Bash')],
    ];
    expect(await retries(...tries)).toEqual([0, 1, 2, 0]);
    expect(await retries(...tries.toReversed())).toEqual([0, 1, 2, 0]);
  });

  test('is no other input, no other tool, none after another call, and none made before the failure was known', async () => {
    const first = [call('09:00', 't1', 'Bash'), result('09:01', 't1', failed)];
    expect(await retries(first, [call('09:02', 't2', 'Bash', { tool_input: { a: 2 } })])).toEqual([0, 0]);
    expect(await retries(first, [call('09:02', 't2', 'Read')])).toEqual([0, 0]);
    expect(await retries(first, [call('09:02', 't2', 'Read'), call('09:03', 't3', 'Bash')])).toEqual([0, 0, 0]);
    const early = call('09:00:30', 't2', 'Bash');
    expect(await retries(first, [early])).toEqual([0, 0]);
  });
});

describe('pairs', () => {
  test('of one id a call and a result wait at a time; others, and those without an id, stay alone', async () => {
    const driver = newDriver();
    await sendBatches(
      driver,
      [call('09:00', 't1', 'Read'), call('09:01', 't1', 'Edit'), call('09:02', null, 'Bash')],
      [result('09:03', 't1'), result('09:04', 't1'), result('09:05', null)],
    );
    expect(columns(driver, 'landing_tool_calls', 'occurred_at', 'tool_name', 'duration_ms', 'is_success')).toEqual([
      [ms('09:00'), 'Read', 180_000, 1],
      [ms('09:01'), 'Edit', null, null],
      [ms('09:02'), 'Bash', null, null],
      [ms('09:04'), 'unknown', null, 1],
      [ms('09:05'), 'unknown', null, 1],
    ]);
    expect(driver.counts()).toMatchObject({ repeated_tool_use: 1 });
    await driver.close();
  });

  test('the oldest to arrive stops waiting when there are too many; no row is lost', async () => {
    const driver = newDriver({ openCallsMax: 2 });
    await sendBatches(
      driver,
      [call('09:00', 't1', 'Read'), call('09:01', 't2', 'Read')],
      [call('09:02', 't3', 'Read'), result('09:03', 't1'), result('09:04', 't2')],
    );
    expect(columns(driver, 'landing_tool_calls', 'occurred_at', 'tool_use_id', 'duration_ms')).toEqual([
      [ms('09:00'), 't1', null],
      [ms('09:01'), 't2', 180_000],
      [ms('09:02'), 't3', null],
      [ms('09:03'), 't1', null],
    ]);
    expect(driver.counts()).toMatchObject({ given_up_tool_use: 1 });
    await driver.close();
  });
});

describe('activity periods', () => {
  const names = ['started_at', 'ended_at', 'entry_count'] as const;

  test('part a session at silences longer than 30 minutes; a late entry joins two', async () => {
    const driver = newDriver();
    await sendBatches(driver, [entry('09:00', 'user'), entry('09:30', 'assistant')], [entry('10:00:01', 'user')]);
    expect(columns(driver, 'landing_activity_periods', ...names)).toEqual([
      [ms('09:00'), ms('09:30'), 2],
      [ms('10:00:01'), ms('10:00:01'), 1],
    ]);
    await sendBatches(driver, [entry('09:45', 'progress')]);
    expect(columns(driver, 'landing_activity_periods', ...names)).toEqual([[ms('09:00'), ms('10:00:01'), 4]]);
    expect(columns(driver, 'landing_sessions', 'period_count', 'active_ms')).toEqual([[1, 3_601_000]]);
    await driver.close();
  });
});

describe('an idle session', () => {
  test('keeps its place for 400 days and longer, and forgets ids and waiting calls then', async () => {
    const driver = newDriver({}, { startAt: ms('2 00:00') });
    const first = [entry('09:00', 'user'), entry('09:01', 'assistant'), call('09:02', 't1', 'Read')];
    await sendBatches(driver, first);
    await driver.advance(9 * DAY_MS);
    await sendBatches(driver, [entry('09:01:30', 'user'), first[0]!]);
    expect(driver.counts()).toMatchObject({ too_late: 1, duplicate: 1 });
    for (let days = 0; days < 420; days += 30) await driver.advance(30 * DAY_MS);
    const later = { timestamp: new Date(driver.now).toISOString() };
    await sendBatches(driver, [entry('09:00', 'user', later), result('09:00', 't1', later)]);
    const rows = columns(
      driver,
      'landing_entries',
      'effective_timestamp',
      'message_sequence',
      'tool_sequence',
      'turn_type',
    );
    expect(rows.slice(-2).map(([, ...rest]) => rest)).toEqual(
      expect.arrayContaining([
        [3, null, 'follow_up'],
        [null, 2, ''],
      ]),
    );
    expect(columns(driver, 'landing_sessions', 'total_entries', 'period_count')).toEqual([[6, 2]]);
    expect(columns(driver, 'landing_tool_calls', 'tool_use_id', 'is_success')).toEqual([
      ['t1', null],
      ['t1', 1],
    ]);
    await driver.close();
  });
});

test('names beyond 512 of a kind are counted together, and nothing is lost', async () => {
  const driver = newDriver();
  const many = Array.from({ length: 600 }, (_, number) =>
    call('09:00', null, `tool-${String(number).padStart(3, '0')}`, { project_id: `p${number % 520}` }),
  );
  await sendBatches(driver, many, [call('09:01', null, 'tool-599')]);
  expect(
    columns(driver, 'landing_sessions', 'total_entries', 'tool_invocations', 'unique_tools_used', 'primary_tool'),
  ).toEqual([[601, 601, 513, 'tool-000']]);
  await driver.close();
});

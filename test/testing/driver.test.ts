import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import type { Step } from '../../src/runtime/task.ts';
import { createTestDriver, type TestDriver } from '../../src/testing/index.ts';
import { countingDomain, countSpace, event, landingCounts, totalSpace } from '../runtime/counting.ts';

function newDriver(more: Partial<Parameters<typeof createTestDriver>[0]> = {}): TestDriver {
  return createTestDriver({ domain: countingDomain(), limits: { batchEventsMax: 2 }, ...more });
}

function send(driver: TestDriver, ...keys: readonly string[]): void {
  for (const key of keys) driver.send('counting.events', event(key));
}

describe('a test driver', () => {
  test('takes events in and gives rows, signed rows and state out', async () => {
    const driver = newDriver();
    send(driver, 'a', 'b', 'a');
    expect(driver.rows(landingCounts)).toEqual([]);
    expect(await driver.drain()).toBe(true);
    expect(driver.rows<{ key: string; count: number }>('landing_counts').map(({ key, count }) => [key, count])).toEqual(
      [
        ['b', 1],
        ['a', 2],
      ],
    );
    const signed = driver.signedRows(landingCounts);
    expect(signed.map(({ sign, row }) => [sign, row.key, row.count])).toEqual([
      [1, 'a', 1],
      [1, 'b', 1],
      [-1, 'a', 1],
      [1, 'a', 2],
    ]);
    const versions = signed.map(({ rowVersion }) => rowVersion);
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
    expect(driver.state(countSpace, 'a')).toMatchObject({ count: 2 });
    expect(driver.state('total', 'all')).toMatchObject({ total: 3 });
    expect(driver.state(totalSpace, 'other')).toBeUndefined();
    await driver.close();
  });

  test('checks events by their schema, as production does', async () => {
    const driver = newDriver();
    driver.send('counting.events', { key: 7 });
    driver.send('counting.events', 'no JSON');
    driver.send('counting.events', event('a', { fail: true }));
    send(driver, 'a');
    await driver.drain();
    const reasons = driver.deadLetters().map(({ offset, code, bytes }) => [offset, code, bytes]);
    expect(reasons).toEqual([
      [0, 'INVALID_EVENT', '{"key":7}'],
      [1, 'INVALID_JSON', 'no JSON'],
      [2, 'CHANGE_TOO_LATE', JSON.stringify(event('a', { fail: true }))],
    ]);
    expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 1 }]);
    expect(() => driver.send('counting.unknown', {})).toThrow(
      expect.objectContaining({ code: 'PARLEY_TOPIC_UNKNOWN' }),
    );
    expect(() => driver.state('unknown', 'a')).toThrow(ParleyError);
    await driver.close();
  });

  test('moves the clock by itself alone, and old states go', async () => {
    const driver = newDriver({ startAt: Date.UTC(2026, 0, 1) });
    send(driver, 'a');
    await driver.drain();
    await driver.advance(9 * 86_400_000);
    expect(driver.now).toBe(Date.UTC(2026, 0, 10));
    expect(driver.state(countSpace, 'a')).toBeDefined();
    await driver.advance(86_400_000);
    expect(driver.state(countSpace, 'a')).toBeUndefined();
    await driver.close();
  });

  test.each<Step>([2, 3, 4, 5, 6])('ends after step %i and goes on, with nothing lost or doubled', async (step) => {
    for (let occurrence = 1; occurrence <= 4; occurrence++) {
      const driver = newDriver({ limits: { batchEventsMax: 2, checkpointKeysMax: 1 } });
      send(driver, 'a', 'b', 'a', 'c', 'a', 'b', 'c', 'c', 'c');
      driver.crash(step, { occurrence });
      expect(await driver.drain()).toBe(false);
      expect(driver.isRunning).toBe(false);
      expect(await driver.drain()).toBe(false);
      expect(await driver.restart()).toBe(true);
      expect(await driver.drain()).toBe(true);
      expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 9 }]);
      await driver.close();
    }
  });

  test.each<Step>([0, 1])('ends after step %i of a start', async (step) => {
    const driver = newDriver();
    send(driver, 'a', 'b', 'a');
    driver.crash(4);
    await driver.drain();
    driver.crash(step, { occurrence: 2 });
    expect(await driver.restart()).toBe(false);
    expect(await driver.restart()).toBe(true);
    await driver.drain();
    expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 3 }]);
    await driver.close();
  });

  test('a crash at once loses what is only in memory, and nothing else', async () => {
    const driver = newDriver();
    send(driver, 'a');
    driver.crash();
    send(driver, 'a');
    expect(driver.isRunning).toBe(false);
    await driver.restart();
    await driver.drain();
    expect(driver.state(countSpace, 'a')).toMatchObject({ count: 2 });
    await driver.close();
  });

  test('a failed insert is retried under its token, whether or not it took place', async () => {
    for (const broken of ['before', 'after']) {
      const driver = newDriver({
        insertFault(moment, _table, attempt) {
          if (moment === broken && attempt < 3) throw new ParleyError('PARLEY_WAREHOUSE_UNREACHABLE', 'no answer');
        },
      });
      send(driver, 'a', 'b');
      await driver.drain();
      expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 2 }]);
      expect(driver.warehouse.repeated > 0).toBe(broken === 'after');
      await driver.close();
    }
  });

  test('two owners: the old one ends fenced, and what it was inserting counts once', async () => {
    const ends: unknown[] = [];
    for (let seed = 1; seed <= 30; seed++) {
      const driver = newDriver({ seed, limits: { batchEventsMax: 1 } });
      send(driver, 'a', 'b', 'a', 'c', 'a');
      ends.push(((await driver.supersede()) as ParleyError | undefined)?.code);
      await driver.drain();
      expect(driver.rows('landing_totals')).toEqual([{ key: 'all', total: 5 }]);
      await driver.close();
    }
    expect(ends).toContain('PARLEY_FENCED');
    expect(ends.every((code) => code === undefined || code === 'PARLEY_FENCED')).toBe(true);
  });

  test('the same seed gives the same order of everything', async () => {
    const run = async (seed: number) => {
      const driver = newDriver({ seed });
      send(driver, 'a', 'b', 'a', 'c', 'b', 'b');
      await driver.drain();
      const rows = ['landing_counts', 'landing_totals'].map((table) => driver.signedRows(table));
      await driver.close();
      return rows;
    };
    expect(await run(5)).toEqual(await run(5));
  });

  test('a batch that comes out differently the second time is told', async () => {
    const driver = newDriver();
    const row = { key: 'a', count: 1, last_batch_at: 0 };
    const insert = (count: number) => {
      driver.warehouse.insert('t/1', 1, { table: landingCounts, rows: [{ ...row, count }], signs: [1] });
    };
    insert(1);
    insert(1);
    expect(driver.rows(landingCounts)).toEqual([row]);
    expect(() => insert(2)).toThrow(/came out differently/);
    driver.warehouse.insert('t/2', 2, { table: landingCounts, rows: [row], signs: [1] });
    expect(() => driver.rows(landingCounts)).toThrow(/come to 2/);
    await driver.close();
  });
});

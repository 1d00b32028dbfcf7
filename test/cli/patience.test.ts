import { expect, test } from 'vitest';
import { patiently } from '../../src/cli/patience.ts';
import { ParleyError } from '../../src/errors.ts';

function waiting() {
  const told: string[] = [];
  const quiet = { debug: () => undefined, info: () => undefined, error: () => undefined };
  return { told, log: { ...quiet, warn: (_: object, message: string) => void told.push(message) } };
}

test('what may pass is tried again until it succeeds, and each reason is told once', async () => {
  const { told, log } = waiting();
  const failures = [
    new ParleyError('PARLEY_WAREHOUSE_UNREACHABLE', 'no ClickHouse'),
    new ParleyError('PARLEY_WAREHOUSE_UNREACHABLE', 'no ClickHouse'),
    new ParleyError('PARLEY_TOPIC_MISSING', 'no topic', { expected: 'a' }),
    new ParleyError('PARLEY_TOPIC_MISSING', 'no topic', { expected: 'b' }),
  ];
  const work = async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    return 'there';
  };
  const signal = new AbortController().signal;
  expect(await patiently(work, { signal, log, initialMs: 1, maxMs: 2 })).toBe('there');
  expect(told).toEqual(['Waiting: no ClickHouse', 'Waiting: no topic', 'Waiting: no topic']);
});

test('what cannot pass is told at once', async () => {
  const { log } = waiting();
  const refusal = new ParleyError('PARLEY_CONFIGURATION', 'wrong');
  const signal = new AbortController().signal;
  await expect(patiently(() => Promise.reject(refusal), { signal, log })).rejects.toBe(refusal);
  const bug = new TypeError('a bug');
  await expect(patiently(() => Promise.reject(bug), { signal, log })).rejects.toBe(bug);
});

test('a stop ends the waiting', async () => {
  const { log } = waiting();
  const stopping = new AbortController();
  const work = () => {
    queueMicrotask(() => stopping.abort());
    return Promise.reject(new ParleyError('PARLEY_KAFKA_UNREACHABLE', 'away'));
  };
  expect(await patiently(work, { signal: stopping.signal, log, initialMs: 60_000 })).toBeUndefined();
});

import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Workers, type WorkersOptions } from '../../src/cli/workers.ts';

const program = fileURLToPath(new URL('children/worker.mjs', import.meta.url));
const soon = { timeout: 20_000, interval: 20 };

function pool(how: string, more: Partial<WorkersOptions> = {}) {
  const told: string[] = [];
  const tell = (_: object, message: string) => told.push(message);
  const fatal: number[] = [];
  const workers = new Workers({
    count: 2,
    program,
    args: [how],
    log: { debug: tell, info: tell, warn: tell, error: tell },
    onFatal: (code) => fatal.push(code),
    restartMs: 20,
    restartMsMost: 80,
    ...more,
  });
  onTestFinished(() => workers.stop(0));
  workers.start();
  return { workers, told, fatal };
}

test('workers are asked how they are, and their metrics add up', async () => {
  const { workers } = pool('well');
  expect(await workers.readiness()).toEqual({ isReady: true, reasons: [] });
  expect(await workers.metrics()).toContain('parley_events_total 10\n');
  const pids = workers.pids;
  await workers.stop(5_000);
  expect(workers.pids).toEqual([]);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});

test('one that is killed is started again, and the others are left alone', async () => {
  const { workers, told } = pool('well');
  await workers.readiness();
  const [first, second] = workers.pids;
  process.kill(first!, 'SIGKILL');
  await vi.waitFor(() => expect(workers.pids).toHaveLength(1), soon);
  expect((await workers.readiness()).reasons).toEqual(['worker 1 does not answer']);
  await vi.waitFor(() => expect(workers.pids).toHaveLength(2), soon);
  expect(workers.pids[1]).toBe(second);
  expect(told).toContain('worker 1 ended with SIGKILL and is started again');
  expect(await workers.readiness()).toEqual({ isReady: true, reasons: [] });
});

test('one that crashes again and again is started later and later', async () => {
  const delays: number[] = [];
  const log = { debug: () => undefined, info: () => undefined, error: () => undefined };
  pool('crash', {
    count: 1,
    log: { ...log, warn: (fields) => delays.push((fields as { delayMs: number }).delayMs) },
  });
  await vi.waitFor(() => expect(delays.slice(0, 4)).toEqual([20, 40, 80, 80]), soon);
});

test('one whose configuration is refused ends all of it', async () => {
  const { fatal, told } = pool('refused', { count: 1 });
  await vi.waitFor(() => expect(fatal).toEqual([2]), soon);
  expect(told).toEqual([]);
});

test('one that does not stop is ended by force', async () => {
  const { workers } = pool('deaf');
  await workers.readiness();
  const since = performance.now();
  await workers.stop(100);
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(workers.pids).toEqual([]);
});

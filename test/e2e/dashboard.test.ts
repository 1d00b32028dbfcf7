import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer, Pages } from '../../src/dashboard/contract.ts';
import { endOf, parley, removeFolder, sample, start, temporaryFolder, until } from '../cli/program.ts';

/** The dashboard of the program as people start it. */
const dataDir = temporaryFolder();

beforeAll(async () => {
  const { code, err } = await parley(['replay', sample, '--data-dir', dataDir]);
  expect(code, err).toBe(0);
}, 120_000);
afterAll(() => removeFolder(dataDir));

type Running = ReturnType<typeof start>;

async function addressOf(running: Running): Promise<string> {
  const found = () => /^Dashboard: (http:\S+)$/m.exec(running.printed())?.[1];
  await until(() => found() !== undefined || running.exitCode !== null, 60_000);
  return found() ?? running.printed();
}

async function json<Body>(url: string): Promise<Body> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as Body;
}

test('serve answers pages and queries of a folder, and ends at once although somebody listens', async () => {
  const serving = start(['serve', '--data-dir', dataDir]);
  const url = await addressOf(serving);
  const { domains, days } = await json<Pages>(`${url}/api/pages`);
  expect(domains.map(({ domain }) => domain)).toEqual(['conversations', 'assistant', 'orchestrator']);
  expect(days.conversations).toEqual({ first: '2018-05-02', last: '2020-04-02' });
  const { rows } = await json<Answer>(`${url}/api/query/conversations/overview`);
  expect(rows[0]?.[0]).toBe(1_164);
  expect(await json(`${url}/health/ready`)).toEqual({ status: 'ready', reasons: [] });

  const updates = await fetch(`${url}/api/updates`);
  const since = performance.now();
  serving.kill('SIGTERM');
  expect(await endOf(serving)).toBe(0);
  await updates.text().catch(() => undefined);
  expect(performance.now() - since).toBeLessThan(15_000);
});

test('serve tells its address as JSON, and leaves the dashboard out when told so', async () => {
  const serving = start(['serve', '--json', '--no-dashboard', '--data-dir', dataDir]);
  await until(() => serving.printed().trimEnd().endsWith('}'));
  expect(JSON.parse(serving.printed())).toMatchObject({ dataDir, dashboard: null });
  serving.kill('SIGTERM');
  expect(await endOf(serving)).toBe(0);
});

test('a port that was asked for and is taken is an error, and so is one that is none', async () => {
  const serving = start(['serve', '--data-dir', dataDir]);
  const { port } = new URL(await addressOf(serving));
  const other = temporaryFolder();
  try {
    const taken = await parley(['serve', '--port', port, '--data-dir', other]);
    expect([taken.code, taken.err]).toEqual([1, expect.stringMatching(/^PARLEY_PORT_UNAVAILABLE/)]);
    const none = await parley(['serve', '--port', 'http', '--data-dir', other]);
    expect([none.code, none.err]).toEqual([2, expect.stringMatching(/^PARLEY_USAGE.*--port/)]);
  } finally {
    removeFolder(other);
  }
  serving.kill('SIGTERM');
  expect(await endOf(serving)).toBe(0);
});

test('demo serves it before anything is counted', async () => {
  const folder = temporaryFolder();
  try {
    const demo = start(['demo', '--data-dir', folder]);
    const url = await addressOf(demo);
    expect(demo.printed()).not.toContain('events counted');
    expect((await json<Pages>(`${url}/api/pages`)).domains.length).toBe(3);
    await until(() => demo.printed().includes('Press Ctrl-C'), 60_000);
    const { rows } = await json<Answer>(`${url}/api/query/conversations/overview`);
    expect(rows[0]?.[0]).toBe(1_164);
    demo.kill('SIGTERM');
    expect(await endOf(demo)).toBe(0);
  } finally {
    removeFolder(folder);
  }
});

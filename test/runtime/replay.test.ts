import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allDomains } from '../../src/domains.ts';
import type { Log } from '../../src/runtime/log.ts';
import { type ReplayOptions, type ReplaySummary, replay } from '../../src/runtime/replay.ts';
import { queryRows } from '../../src/warehouse/client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../warehouse/scratch-warehouse.ts';

/** What a replay does when its server refuses, falls, or when it is asked to stop. Real server, files and journal. */
let scratch: ScratchWarehouse;

beforeAll(async () => {
  scratch = await startScratchWarehouse();
  await migrate(scratch.client, { domains: ['conversations'] });
});
afterAll(() => scratch.stop());

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A replay of the file of that name; `ownServer`: ClickHouse is its own child, whose end it is told of. */
function run(app: string, options: Partial<ReplayOptions> & { ownServer?: boolean } = {}): Promise<ReplaySummary> {
  const { ownServer = false, ...more } = options;
  const { client, server, dataDir } = scratch;
  const close = async () => {};
  const { url, username, password } = server;
  return replay({
    warehouse: { client, url, username, password, server: ownServer ? server : undefined, close },
    dataDir: join(dataDir, app),
    domains: allDomains({ domains: ['conversations'] }),
    paths: [join(dataDir, 'events', app)],
    app,
    limits: { batchEventsMax: 100 },
    log: silent,
    ...more,
  });
}

function messages(app: string, count: number): void {
  const path = join(scratch.dataDir, 'events', app);
  mkdirSync(path, { recursive: true });
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      message_id: `${app}-${index}`,
      conversation_id: `${app}-${index % 50}`,
      customer_id: 'u',
      clinic_code: 'CL1',
      direction: 'in',
      direction_type: 'initial',
      channel: 'sms',
      message_timestamp: new Date(1_700_000_000_000 + index * 1000).toISOString(),
    }),
  );
  writeFileSync(join(path, 'conversations.messages.ndjson'), `${lines.join('\n')}\n`);
}

async function countOf(app: string): Promise<{ rows: number; ids: number }> {
  const sql = `SELECT count() AS rows, uniqExact(message_id) AS ids FROM conversations.fact_messages
    WHERE startsWith(message_id, {app:String})`;
  return (await queryRows<{ rows: number; ids: number }>(scratch.client, sql, { app }))[0]!;
}

/** Ends ClickHouse as soon as something is counted. */
function killing(): Pick<ReplayOptions, 'onProgress'> & { readonly killed: Promise<void> } {
  let done = () => {};
  const killed = new Promise<void>((resolve) => {
    done = resolve;
  });
  let isFirst = true;
  const onProgress = () => {
    if (isFirst) scratch.kill();
    isFirst = false;
    done();
  };
  return { onProgress, killed };
}

test('a wish to stop that is older than the replay is granted before anything begins', async () => {
  messages('early', 1);
  const summary = await run('early', { signal: AbortSignal.abort() });
  expect(summary).toMatchObject({ events: 0, batches: 0 });
  expect(existsSync(join(scratch.dataDir, 'early', 'journal'))).toBe(false);
});

test('a batch that is refused is a FAILED run with its reason, and a RECOVERED one when it was taken', async () => {
  messages('refused', 300);
  await scratch.client.command({ query: 'DETACH TABLE conversations.landing_messages' });
  await expect(run('refused')).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_REFUSED' });
  const runs = (columns: string) =>
    queryRows<Record<string, unknown>>(
      scratch.client,
      `SELECT ${columns} FROM orchestrator.runs WHERE app = 'refused' AND stage = 'conversations.conversation'
       ORDER BY plan`,
    );
  expect(await runs('plan, status, left(error, 25) AS error')).toEqual([
    { plan: 1, status: 'FAILED', error: 'PARLEY_WAREHOUSE_REFUSED:' },
  ]);
  const logs = await queryRows<{ level: string; component: string; run: string; fields: string }>(
    scratch.client,
    "SELECT level, component, run, fields FROM orchestrator.logs WHERE startsWith(run, 'refused/')",
  );
  expect(logs).toHaveLength(1);
  expect(logs[0]).toMatchObject({ level: 'error', component: 'conversations.conversation' });
  expect(logs[0]!.run).toBe('refused/conversations.conversation/0/1');
  expect(JSON.parse(logs[0]!.fields)).toMatchObject({ code: 'PARLEY_WAREHOUSE_REFUSED' });

  await scratch.client.command({ query: 'ATTACH TABLE conversations.landing_messages' });
  expect(await run('refused')).toMatchObject({ events: 300 });
  expect(await runs('plan, status, error')).toEqual([
    { plan: 1, status: 'RECOVERED', error: null },
    { plan: 2, status: 'COMPLETED', error: null },
    { plan: 3, status: 'COMPLETED', error: null },
  ]);
  expect(await countOf('refused-')).toEqual({ rows: 300, ids: 300 });
});

test('a server that is gone for good ends it with the reason; the rest is counted once when it is back', async () => {
  messages('fallen', 3000);
  const failed = run('fallen', { ownServer: true, ...killing() });
  await expect(failed).rejects.toMatchObject({ code: 'PARLEY_ENGINE_START' });
  await scratch.restart();
  await run('fallen');
  expect(await countOf('fallen-')).toEqual({ rows: 3000, ids: 3000 });
});

test('a wish to stop while ClickHouse is away is granted in bounded time, and costs nothing', async () => {
  messages('stopped', 3000);
  const stopping = new AbortController();
  const { killed, onProgress } = killing();
  const running = run('stopped', { signal: stopping.signal, stopMs: 300, onProgress });
  const settled = running.then(
    () => undefined,
    (error: unknown) => error,
  );
  await killed;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const askedAt = performance.now();
  stopping.abort();
  expect(await settled).toMatchObject({ code: 'PARLEY_WAREHOUSE_UNREACHABLE' });
  expect(performance.now() - askedAt).toBeLessThan(8_000);
  await scratch.restart();
  await run('stopped');
  expect(await countOf('stopped-')).toEqual({ rows: 3000, ids: 3000 });
});

test('standard input is spooled, counted in its order, and let go of when it is in a checkpoint', async () => {
  messages('piped', 250);
  const bytes = readFileSync(join(scratch.dataDir, 'events/piped/conversations.messages.ndjson'));
  const folder = join(scratch.dataDir, 'piped/spool');
  const topic = 'conversations.messages';
  let seen: string[] = [];
  async function* input() {
    yield bytes.subarray(0, 20_000);
    // What came is counted while nothing more comes.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    seen = readdirSync(folder);
    yield bytes.subarray(20_000);
  }
  const progress: number[] = [];
  const onProgress: ReplayOptions['onProgress'] = ({ events, bytesTotal }) => progress.push(events + bytesTotal);
  expect(await run('piped', { paths: [], topic, input: input(), onProgress })).toMatchObject({ events: 250, late: 0 });
  expect(seen.length).toBeGreaterThan(0);
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.at(-1)).toBe(250);
  expect(readdirSync(folder)).toEqual([]);
  // A file with the same lines, cut elsewhere than the pause had cut them: those known by their ids are dropped.
  await run('piped');
  expect(await countOf('piped-')).toEqual({ rows: 250, ids: 250 });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Answer, Pages, Refusal, Update } from '../../src/dashboard/contract.ts';
import { Dashboard } from '../../src/dashboard/dashboard.ts';
import type { LivePort } from '../../src/dashboard/live.ts';
import { pagesOf } from '../../src/dashboard/pages/index.ts';
import { dashboardPlugin } from '../../src/dashboard/plugin.ts';
import { domainNames } from '../../src/domains.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { connect, queryRows } from '../../src/warehouse/client.ts';
import { type DashboardLimits, DashboardReader } from '../../src/warehouse/dashboard-reader.ts';
import { type DashboardQueries, type DashboardQuery, readDashboardQueries } from '../../src/warehouse/dashboard-sql.ts';
import { type ReplayedWarehouse, replayedWarehouse } from './replayed-warehouse.ts';

let replayed: ReplayedWarehouse;
const servers: HttpServer[] = [];

beforeAll(async () => {
  replayed = await replayedWarehouse({ sampleOnly: true });
}, 120_000);
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => replayed?.close());

interface Served extends HttpServer {
  readonly dashboard: Dashboard;
}

interface Options {
  readonly queries?: DashboardQueries;
  readonly limits?: Partial<DashboardLimits>;
  readonly live?: LivePort;
  readonly pageFolder?: string;
  readonly host?: string;
  readonly pollMs?: number;
}

async function serve({
  queries,
  limits,
  live,
  pageFolder = '/nowhere',
  host = '127.0.0.1',
  pollMs = 50,
}: Options = {}): Promise<Served> {
  const own = { ...(queries && { queries }), ...(limits && { limits }) };
  const reader = new DashboardReader(replayed.reader, own);
  const dashboard = new Dashboard({ reader, domains: pagesOf(domainNames), live, pollMs });
  const server = await startHttpServer({
    host,
    port: 0,
    readiness: async () => ({ isReady: true, reasons: [] }),
    plugin: (instance) => dashboardPlugin(instance, { dashboard, host, pageFolder }),
  });
  servers.push(server);
  return { ...server, dashboard };
}

/** A question of the domain `conversations` beside those that there are. */
function withQuestion(sql: string): DashboardQueries {
  const query: DashboardQuery = {
    domain: 'conversations',
    name: 'extra',
    path: 'extra.sql',
    sql,
    parameters: new Map(),
  };
  return new Map([...readDashboardQueries(), ['conversations/extra', query]]);
}

async function refusal(url: string, init?: RequestInit): Promise<[number, Refusal['error']]> {
  const response = await fetch(url, init);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return [response.status, ((await response.json()) as Refusal).error];
}

describe('the API', () => {
  test('tells of all pages, with the days that have data', async () => {
    const { url } = await serve();
    const pages = (await (await fetch(`${url}/api/pages`)).json()) as Pages;
    expect(pages.domains.map(({ domain }) => domain)).toEqual(['conversations', 'assistant', 'orchestrator']);
    expect(pages.days.assistant).toBeNull();
    expect(pages.days.conversations).toEqual({ first: '2018-05-02', last: '2020-04-02' });
    expect(pages.days.orchestrator?.first).toMatch(/^\d{4}-/);
  });

  test('answers a query by days and filters, each of which may be named several times', async () => {
    const { url } = await serve();
    const ask = async (search: string) =>
      (await (await fetch(`${url}/api/query/conversations/overview${search}`)).json()) as Answer;
    const all = await ask('');
    expect(all.columns[0]).toEqual({ name: 'messages', type: 'UInt64' });
    expect(all.rows[0]?.[0]).toBe(1_164);
    expect(all.elapsedMs).toBeGreaterThan(0);
    const [one, other, both] = await Promise.all(
      ['?clinic=Google', '?clinic=TeamYouTube', '?clinic=TeamYouTube&clinic=Google&clinic=Google'].map(ask),
    );
    expect(one?.rows[0]?.[0]).toBeGreaterThan(0);
    expect(both?.rows[0]?.[0]).toBe(Number(one?.rows[0]?.[0]) + Number(other?.rows[0]?.[0]));
    expect((await ask('?from=2001-01-01&to=2001-01-01')).rows[0]?.[0]).toBe(0);
  });

  test.each([
    ['/api/query/nothing/overview', 400, /no such domain/],
    ['/api/query/conversations/nothing', 400, /no such query/],
    ['/api/query/conversations/..%2Foverview', 400, /no such query/],
    ['/api/query/conversations/overview?colour=red', 400, /no such filter/],
    ['/api/query/orchestrator/runs?clinic=Google', 400, /no such filter/],
    ['/api/query/conversations/overview?from=yesterday', 400, /`from` is a day/],
    ['/api/query/conversations/overview?from=2024-02-30', 400, /`from` is a day/],
    ['/api/query/conversations/overview?to=2300-01-01', 400, /`to` is a day/],
    ['/api/query/conversations/overview?from=2020-01-01&from=2020-01-02', 400, /given twice/],
    ['/api/query/conversations/overview?from=2020-01-02&to=2020-01-01', 400, /wrong way round/],
    [`/api/query/conversations/overview?clinic=${'x'.repeat(201)}`, 400, /too long/],
    [`/api/query/conversations/overview?${'clinic=x&'.repeat(501)}`, 400, /too many values/],
    ['/api/nothing', 400, /no such address/],
    ['/api/query/conversations/%zz', 400, /not a valid url/],
    ['/assets/nothing.js', 404, /no such file/],
  ])('refuses %.70s', async (path, status, message) => {
    const { url } = await serve();
    const [received, error] = await refusal(`${url}${path}`);
    expect([received, error.code]).toEqual([status, 'PARLEY_REQUEST_REFUSED']);
    expect(error.message).toMatch(message);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses %s: nothing can be changed', async (method) => {
    const { url } = await serve();
    const [status, error] = await refusal(`${url}/api/pages`, { method });
    expect([status, error.code]).toEqual([405, 'PARLEY_REQUEST_REFUSED']);
  });

  test('an answer that is larger than a page can show, or takes too long, is refused', async () => {
    const large = await serve({ queries: withQuestion('SELECT number FROM numbers(1000)'), limits: { rowsMax: 999 } });
    expect(await refusal(`${large.url}/api/query/conversations/extra`)).toMatchObject([
      422,
      { code: 'PARLEY_ANSWER_TOO_LARGE' },
    ]);
    const slow = await serve({
      queries: withQuestion('SELECT count() FROM numbers(1e13) WHERE sin(number) > 2'),
      limits: { secondsMax: 0.3 },
    });
    expect(await refusal(`${slow.url}/api/query/conversations/extra`)).toMatchObject([
      504,
      { code: 'PARLEY_ANSWER_TOO_SLOW' },
    ]);
  });

  test('a query cannot write, whatever it says', async () => {
    const { url } = await serve({ queries: withQuestion('TRUNCATE TABLE conversations.landing_messages') });
    expect(await refusal(`${url}/api/query/conversations/extra`)).toMatchObject([500, { code: 'PARLEY_QUERY_FAILED' }]);
  });

  test('a warehouse that is away is a refusal with its code', async () => {
    const reader = new DashboardReader({ url: 'http://127.0.0.1:9', username: 'bi' });
    const dashboard = new Dashboard({ reader, domains: pagesOf(domainNames) });
    const server = await startHttpServer({
      host: '127.0.0.1',
      port: 0,
      readiness: async () => ({ isReady: true, reasons: [] }),
      plugin: (instance) => dashboardPlugin(instance, { dashboard, host: '127.0.0.1' }),
    });
    servers.push(server);
    for (const path of ['/api/pages', '/api/query/conversations/overview', '/api/updates']) {
      expect(await refusal(`${server.url}${path}`)).toMatchObject([503, { code: 'PARLEY_WAREHOUSE_UNREACHABLE' }]);
    }
  });

  test('what the process itself knows comes from it, narrowed by the filters', async () => {
    const of = { topic: 't', shard: '0', state: 'restoring' };
    const partitions = [
      { ...of, stage: 'a.b', partition: 1, lag: 7, position: 3, restored: { records: 1, total: 3 } },
      { ...of, stage: 'a.c', partition: 2 },
    ];
    const { url } = await serve({ live: { partitions: async () => partitions } });
    const answer = (await (await fetch(`${url}/api/query/orchestrator/partitions`)).json()) as Answer;
    expect(answer.rows).toEqual([
      ['a.b', 1, 't', '0', 'restoring', 3, 7, 33.3, null, null],
      ['a.c', 2, 't', '0', 'restoring', null, null, null, null, null],
    ]);
    const narrowed = (await (await fetch(`${url}/api/query/orchestrator/partitions?stage=a.c`)).json()) as Answer;
    expect(narrowed.rows.map(([stage]) => stage)).toEqual(['a.c']);
  });
});

describe('one question for all', () => {
  const client = () =>
    connect({ url: replayed.warehouse.url, username: 'parley', password: replayed.warehouse.password });

  async function timesAsked(mark: string): Promise<number> {
    const asking = client();
    try {
      await queryRows(asking, 'SYSTEM FLUSH LOGS').catch(() => undefined);
      const [row] = await queryRows<{ n: number }>(
        asking,
        `SELECT count() AS n FROM system.processes WHERE query LIKE concat('%', {mark:String}, '%') AND query NOT LIKE '%system.processes%'`,
        { mark },
      );
      return row?.n ?? 0;
    } finally {
      await asking.close();
    }
  }

  test('ten who ask at once wait for one answer, and later ones have it from memory', async () => {
    const { url } = await serve({ queries: withQuestion('SELECT rand64() AS number, sleep(0.3) AS slept') });
    const ask = async () =>
      ((await (await fetch(`${url}/api/query/conversations/extra`)).json()) as Answer).rows[0]?.[0];
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    answers.push(await ask());
    expect(answers[0]).toBeTypeOf('number');
    expect(new Set(answers).size).toBe(1);
  });

  test('a question that nobody waits for any more ends on the server; while one waits, it goes on', async () => {
    const mark = `mark-${Date.now()}`;
    const sql = `SELECT count() AS n, '${mark}' AS mark FROM numbers(1e13) WHERE sin(number) > 2`;
    const { url } = await serve({ queries: withQuestion(sql), limits: { secondsMax: 60 } });
    const [first, second] = [new AbortController(), new AbortController()];
    const asking = [first, second].map(({ signal }) =>
      fetch(`${url}/api/query/conversations/extra`, { signal }).then(
        () => 'answered',
        () => 'ended',
      ),
    );
    await vi.waitFor(async () => expect(await timesAsked(mark)).toBe(1), { timeout: 20_000, interval: 50 });
    first.abort();
    expect(await asking[0]).toBe('ended');
    expect(await timesAsked(mark)).toBe(1);
    second.abort();
    expect(await asking[1]).toBe('ended');
    await vi.waitFor(async () => expect(await timesAsked(mark)).toBe(0), { timeout: 20_000, interval: 50 });
  });
});

describe('who may ask', () => {
  function ask(url: string, host: string): Promise<number> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const asking = request({ hostname, port, path: '/api/pages', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asking.once('error', reject).end();
    });
  }

  test('on the loopback interface, those who name this machine', async () => {
    const { url, port } = await serve();
    for (const host of [
      'localhost',
      `localhost:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
      'LOCALHOST:1',
    ]) {
      expect(await ask(url, host), host).toBe(200);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      'a b',
    ]) {
      expect(await ask(url, host), host).not.toBe(200);
    }
    expect(await refusal(`${url}/api/pages`, { headers: { host: 'evil.example' } }).catch(() => [403])).toBeDefined();
    expect(await ask(url, 'evil.example')).toBe(403);
  });

  test('on other interfaces the names are not known, and all may', async () => {
    const { port } = await serve({ host: '0.0.0.0' });
    expect(await ask(`http://127.0.0.1:${port}`, 'parley.example')).toBe(200);
  });

  test('every answer forbids scripts of others, frames and guesses of types', async () => {
    const { url } = await serve();
    for (const path of ['/', '/api/pages', '/api/nothing', '/assets/none.js', '/api/query/conversations/overview']) {
      const { headers } = await fetch(`${url}${path}`);
      expect(headers.get('content-security-policy'), path).toMatch(/^default-src 'self';/);
      expect(headers.get('content-security-policy')).not.toMatch(/script-src|unsafe-eval|https?:|\*/);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('the page', () => {
  test('that was not built is a refusal that says what to do; the API answers all the same', async () => {
    const { url } = await serve();
    const [status, error] = await refusal(`${url}/conversations/overview`);
    expect([status, error.code]).toEqual([503, 'PARLEY_PAGE_NOT_BUILT']);
    expect(error.expected).toContain('npm run build');
    expect((await fetch(`${url}/api/pages`)).status).toBe(200);
  });

  test('stands at every address that is no file; files with hashed names are kept for ever', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-page-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Parley</title>');
    writeFileSync(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(join(folder, 'assets', 'main-Bx3_k9aZ.js'), 'export {};');
    writeFileSync(join(folder, 'secret.js'), 'no');
    const { url } = await serve({ pageFolder: folder });
    try {
      for (const path of [
        '/',
        '/conversations/overview?clinic=Google',
        '/operators/work',
        '/secret.js',
        '/index.html',
      ]) {
        const response = await fetch(`${url}${path}`);
        expect([response.status, response.headers.get('content-type')], path).toEqual([
          200,
          'text/html; charset=utf-8',
        ]);
        expect(response.headers.get('cache-control')).toBe('no-cache');
        expect(await response.text()).toContain('<title>Parley');
      }
      const hashed = await fetch(`${url}/assets/main-Bx3_k9aZ.js`);
      expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(hashed.headers.get('content-type')).toMatch(/javascript/);
      const icon = await fetch(`${url}/icon.svg`);
      expect([icon.status, icon.headers.get('cache-control')]).toEqual([200, 'public, max-age=0']);
      expect((await fetch(`${url}/assets/main-other123.js`)).status).toBe(404);
      expect((await fetch(`${url}/assets/..%2f..%2fpackage.json`)).status).toBeGreaterThanOrEqual(400);
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('updates', () => {
  /** Follows the stream; `next` waits for the next update, and is undefined when the stream has ended. */
  async function follow(url: string): Promise<{ next: () => Promise<Update | undefined>; stop: () => void }> {
    const stop = new AbortController();
    const response = await fetch(`${url}/api/updates`, { signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const next = async (): Promise<Update | undefined> => {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const event = text.slice(0, end);
          text = text.slice(end + 2);
          const data = /^event: update\n(?:id: \d+\n)?data: (.+)$/m.exec(event)?.[1];
          if (data !== undefined) return JSON.parse(data) as Update;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
    };
    return { next, stop: () => stop.abort() };
  }

  test('begin with the version, and tell all of more events, with one look at the warehouse for all', async () => {
    const { url, dashboard } = await serve({ pollMs: 100 });
    const before = ((await (await fetch(`${url}/api/query/conversations/overview`)).json()) as Answer).rows[0]?.[0];
    const listeners = await Promise.all(Array.from({ length: 5 }, () => follow(url)));
    const first = await Promise.all(listeners.map(({ next }) => next()));
    expect(new Set(first.map((update) => update?.version)).size).toBe(1);
    expect(dashboard.changes.listeners).toBe(5);

    const polls = dashboard.changes.polls;
    const since = performance.now();
    const told = Promise.all(listeners.map(({ next }) => next()));
    await replayed.replayGenerated(7, 200);
    for (const update of await told) expect(update?.version).toBeGreaterThan(first[0]?.version ?? Infinity);
    expect(dashboard.changes.polls - polls).toBeLessThanOrEqual(1 + (performance.now() - since) / 100);

    await vi.waitFor(
      async () => {
        const after = ((await (await fetch(`${url}/api/query/conversations/overview`)).json()) as Answer).rows[0]?.[0];
        expect(after).toBe(Number(before) + 200);
      },
      { timeout: 20_000 },
    );
    for (const { stop } of listeners) stop();
    await vi.waitFor(() => expect(dashboard.changes.listeners).toBe(0));
  });

  test('nothing is asked while nobody listens', async () => {
    const { url, dashboard } = await serve({ pollMs: 20 });
    const { next, stop } = await follow(url);
    await next();
    await vi.waitFor(() => expect(dashboard.changes.polls).toBeGreaterThan(3));
    stop();
    await vi.waitFor(() => expect(dashboard.changes.listeners).toBe(0));
    // One may be under way.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { polls } = dashboard.changes;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(dashboard.changes.polls).toBe(polls);
  });

  test('end with the server, which does not wait for them', async () => {
    const served = await serve();
    const { next } = await follow(served.url);
    expect(await next()).toBeDefined();
    const since = performance.now();
    const ended = next();
    await served.close();
    expect(await ended).toBeUndefined();
    expect(performance.now() - since).toBeLessThan(2_000);
  });
});

import { expect, onTestFinished, test } from 'vitest';
import type { Readiness } from '../../src/http/health.ts';
import { type HttpOptions, type HttpServer, startHttpServer } from '../../src/http/server.ts';

async function serve(more: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    readiness: async () => ({ isReady: true, reasons: [] }),
    metrics: async () => 'parley_events_total 1\n',
    ...more,
  });
  onTestFinished(() => server.close());
  return server;
}

test('health and metrics are served on a free port', async () => {
  let readiness: Readiness = { isReady: false, reasons: ['not in the group yet'] };
  const { url, port } = await serve({ readiness: async () => readiness });
  expect(port).toBeGreaterThan(0);
  const live = await fetch(`${url}/health/live`);
  expect([live.status, await live.json()]).toEqual([200, { status: 'live' }]);
  const waiting = await fetch(`${url}/health/ready`);
  expect([waiting.status, await waiting.json()]).toEqual([
    503,
    { status: 'waiting', reasons: ['not in the group yet'] },
  ]);
  readiness = { isReady: true, reasons: [] };
  const ready = await fetch(`${url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', reasons: [] }]);
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await metrics.text()).toBe('parley_events_total 1\n');
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
});

test('on all addresses of the machine, its own is what to open', async () => {
  const { url, port } = await serve({ host: '0.0.0.0' });
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
});

test('a port that is taken is a coded error', async () => {
  const { port } = await serve();
  await expect(serve({ port })).rejects.toMatchObject({ code: 'PARLEY_PORT_UNAVAILABLE', retryable: true });
});

test('a connection that is kept alive does not hold up the end', async () => {
  const { url, close } = await serve();
  await (await fetch(`${url}/health/live`)).text();
  const since = performance.now();
  await close();
  expect(performance.now() - since).toBeLessThan(1_000);
});

test('a port that nobody chose may be taken: the next free one is', async () => {
  const { port } = await serve();
  const moved = await serve({ port, isPortMovable: true });
  expect(moved.port).toBeGreaterThan(port);
  expect((await fetch(`${moved.url}/health/live`)).status).toBe(200);
});

test('without metrics there is no page of them, and an address that cannot be read is refused', async () => {
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    readiness: async () => ({ isReady: true, reasons: [] }),
  });
  onTestFinished(() => server.close());
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  const response = await fetch(`${server.url}/%zz`);
  expect([response.status, await response.json()]).toEqual([
    400,
    { error: { code: 'PARLEY_REQUEST_REFUSED', message: expect.stringContaining('not a valid') } },
  ]);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ParleyError } from '../errors.ts';
import { bundledPage } from './contract.ts';
import type { Dashboard } from './dashboard.ts';
import { checkHost, securityHeaders } from './guard.ts';
import { fileRefusal, methodRefusal, refusalOf, refuse } from './refusal.ts';
import { Streams, streamsMax } from './streams.ts';

export interface DashboardPluginOptions {
  /** Closed with the server. */
  readonly dashboard: Dashboard;
  /** What the server listens on, as configured. */
  readonly host: string;
  /** Where the bundled page is (`bundledPage` of this package). */
  readonly pageFolder?: string;
}

const packagedPage = fileURLToPath(new URL(`../../${bundledPage}`, import.meta.url));
const json = 'application/json; charset=utf-8';
const yearSeconds = 31_536_000;
/** `assets/name-<hash>.js`: another content has another name. */
const hashedName = /^assets\/.*-[\w-]{8,}\.\w+$/;

/** The dashboard as routes: the page, its API and its updates. Nothing here can change anything. */
export async function dashboardPlugin(server: FastifyInstance, options: DashboardPluginOptions): Promise<void> {
  const { dashboard, host, pageFolder = packagedPage } = options;
  const streams = new Streams(dashboard.changes);

  server.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    checkHost(request.headers.host, { address: boundAddress(server) ?? host, host });
  });
  server.setErrorHandler((error, request, reply) => {
    const { status, body } = refusalOf(error);
    // Only a fault of ours says nothing to its asker.
    if (status === 500) request.log.error(error);
    return reply.code(status).headers(securityHeaders).header('cache-control', 'no-store').type(json).send(body);
  });
  server.setNotFoundHandler((request, reply) => {
    const isRead = ['GET', 'HEAD'].includes(request.method);
    const { status, body } = isRead ? fileRefusal(request.url) : methodRefusal(request.method);
    if (!isRead) reply.header('allow', 'GET, HEAD');
    return reply.code(status).headers(securityHeaders).header('cache-control', 'no-store').type(json).send(body);
  });
  // Streams first: a server that waits for its connections to end would wait for them.
  server.addHook('preClose', async () => {
    streams.close();
    await dashboard.close();
  });

  const send = (reply: FastifyReply, text: string) => reply.header('cache-control', 'no-store').type(json).send(text);
  server.get('/api/pages', async (_request, reply) => send(reply, await dashboard.pages(goneSignal(reply))));
  server.get<{ Params: { domain: string; query: string } }>('/api/query/:domain/:query', async (request, reply) => {
    const { domain, query } = request.params;
    const [, search = ''] = /\?(.*)$/s.exec(request.raw.url ?? '') ?? [];
    return send(reply, await dashboard.answer(domain, query, search, goneSignal(reply)));
  });
  server.get('/api/updates', { exposeHeadRoute: false }, async (_request, reply) => {
    if (streams.count >= streamsMax) {
      throw new ParleyError('PARLEY_WAREHOUSE_BUSY', 'Too many listen already', {
        expected: `at most ${streamsMax}`,
        received: 'one more',
      });
    }
    const now = await dashboard.changes.current();
    reply.hijack();
    streams.add(reply.raw, securityHeaders, now);
  });
  server.get('/api/*', async (request) => {
    throw refuse('There is no such address', '/api/pages, /api/query/<domain>/<query> or /api/updates', request.url);
  });
  await servePage(server, pageFolder);
}

/** The files of the page, and the page itself at every other address: which of its pages is shown, it reads there. */
async function servePage(server: FastifyInstance, folder: string): Promise<void> {
  await server.register(fastifyStatic, { root: folder, serve: false });
  server.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const path = request.params['*'];
    if (path.startsWith('assets/') || /^[\w-]+\.(svg|ico|png|webmanifest|txt)$/.test(path)) {
      const isHashed = hashedName.test(path);
      // Kept for ever, or asked for again with its ETag each time.
      return reply.sendFile(path, folder, isHashed ? { maxAge: yearSeconds * 1000, immutable: true } : { maxAge: 0 });
    }
    if (!existsSync(join(folder, 'index.html'))) {
      throw new ParleyError('PARLEY_PAGE_NOT_BUILT', 'The dashboard’s page is not built', {
        expected: 'dist/dashboard/page/index.html, which `npm run build` makes',
        received: 'no such file',
      });
    }
    return reply.header('cache-control', 'no-cache').sendFile('index.html', folder, { cacheControl: false });
  });
}

function boundAddress(server: FastifyInstance): string | undefined {
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.address : undefined;
}

/** Aborted when the asker has gone away before the answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new Error('The asker has gone away.'));
  });
  return gone.signal;
}

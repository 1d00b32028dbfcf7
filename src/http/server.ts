import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { codeOf, messageOf, ParleyError } from '../errors.ts';
import type { Readiness } from './health.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Whether the next free port is taken when this one is not free (false). */
  readonly isPortMovable?: boolean;
  readonly readiness: () => Promise<Readiness>;
  /** The page of metrics, in Prometheus' text format; left out where there are none. */
  readonly metrics?: () => Promise<string>;
  /** More to serve, such as the dashboard. */
  readonly plugin?: ((server: FastifyInstance) => Promise<void>) | undefined;
}

export interface HttpServer {
  /** Where this machine reaches it. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const textFormat = 'text/plain; version=0.0.4; charset=utf-8';
const portTriesMax = 100;

/** Hosts that mean every address of the machine, which is where to listen and not what to open. */
const everywhere: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/**
 * Health, metrics and the dashboard over HTTP, without a password: keep it on the loopback or in a network of one's own.
 *
 * `/health/live` answers as long as the process turns; `/health/ready` with 200 when it does its work, else with 503 and
 * the reasons; `/metrics` for Prometheus. Fails with PARLEY_PORT_UNAVAILABLE.
 */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { host, port, isPortMovable = false } = options;
  const server = fastify({ logger: false, forceCloseConnections: true, frameworkErrors: refuseAddress });
  addHealth(server, options);
  if (options.plugin !== undefined) await server.register(options.plugin);
  await server.ready();
  try {
    await listen(server, host, port, isPortMovable ? Math.min(portTriesMax, 65_535 - port) : 0);
  } catch (error) {
    await server.close();
    throw new ParleyError('PARLEY_PORT_UNAVAILABLE', `Nothing can be served on ${host}:${port}`, {
      expected: 'a port that is free',
      received: messageOf(error),
      where: 'http.host, http.port',
      cause: error,
    });
  }
  const address = server.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const named = everywhere.get(host) ?? host;
  const shown = named.includes(':') ? `[${named}]` : named;
  return { url: `http://${shown}:${bound}`, port: bound, close: () => server.close() };
}

/** An address that cannot be decoded reaches no route, and so nobody's own handler. */
function refuseAddress(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode = 400, message } = error;
  void reply
    .code(statusCode)
    .header('x-content-type-options', 'nosniff')
    .send({ error: { code: 'PARLEY_REQUEST_REFUSED', message } });
}

function addHealth(server: FastifyInstance, { readiness, metrics }: HttpOptions): void {
  server.get('/health/live', async () => ({ status: 'live' }));
  server.get('/health/ready', async (_request, reply) => {
    const { isReady, reasons } = await readiness();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'waiting', reasons });
  });
  if (metrics === undefined) return;
  server.get('/metrics', async (_request, reply) => reply.type(textFormat).send(await metrics()));
}

/** Takes the port, or the next free one of `more` after it. */
async function listen(server: FastifyInstance, host: string, port: number, more: number): Promise<void> {
  for (let next = port; ; next++) {
    try {
      await server.listen({ host, port: next });
      return;
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || next >= port + more) throw error;
    }
  }
}

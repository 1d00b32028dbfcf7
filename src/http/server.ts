import { fastify } from 'fastify';
import { messageOf, ParleyError } from '../errors.ts';
import type { Readiness } from './health.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly readiness: () => Promise<Readiness>;
  /** The page of metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const textFormat = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Health and metrics over HTTP, without a password: keep it on the loopback or in a network of one's own.
 *
 * `/health/live` answers as long as the process turns; `/health/ready` with 200 when it does its work, else with 503 and
 * the reasons; `/metrics` for Prometheus. Fails with PARLEY_PORT_UNAVAILABLE.
 */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { host, port, readiness, metrics } = options;
  const server = fastify({ logger: false, forceCloseConnections: true });
  server.get('/health/live', async () => ({ status: 'live' }));
  server.get('/health/ready', async (_request, reply) => {
    const { isReady, reasons } = await readiness();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'waiting', reasons });
  });
  server.get('/metrics', async (_request, reply) => reply.type(textFormat).send(await metrics()));
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw new ParleyError('PARLEY_PORT_UNAVAILABLE', `Health and metrics cannot be served on ${host}:${port}`, {
      expected: 'a port that is free',
      received: messageOf(error),
      where: 'http.host, http.port',
      cause: error,
    });
  }
  const address = server.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shown}:${bound}`, port: bound, close: () => server.close() };
}

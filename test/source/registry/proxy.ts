import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** Stands before a real registry. `answer` says whether it answered itself; otherwise the registry does. */
export async function startProxy(
  target: string,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Proxy> {
  const requests: IncomingMessage[] = [];
  const { origin, pathname } = new URL(target);
  const server = createServer(async (request, response) => {
    requests.push(request);
    if (answer(request, response)) return;
    const { host: _, connection: __, ...headers } = request.headers;
    try {
      const upstream = await fetch(`${origin}${request.url}`, { headers: headers as Record<string, string> });
      response.writeHead(upstream.status, { 'content-type': 'application/json' }).end(await upstream.text());
    } catch {
      response.writeHead(502).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`, requests };
}

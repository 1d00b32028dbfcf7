import { createServer } from 'node:net';
import { codeOf } from '../../errors.ts';

export const HOST = '127.0.0.1';
const triesMax = 200;

/**
 * The wanted port of the loopback interface, or the next free one after it. Next, not any: a port of the system's
 * ephemeral range could be taken by an outgoing connection while the server restarts, and people guess 8124 sooner.
 * 0 asks for any. `taken` are ports that must not be chosen.
 */
export async function choosePort(wanted: number, taken: readonly number[] = []): Promise<number> {
  for (let port = wanted; wanted > 0 && port < Math.min(wanted + triesMax, 65_536); port++) {
    if (!taken.includes(port) && (await bind(port)) !== undefined) return port;
  }
  for (;;) {
    const port = await bind(0);
    if (port !== undefined && !taken.includes(port)) return port;
  }
}

/** The port that could be bound, and is free again; undefined when it is taken or forbidden. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

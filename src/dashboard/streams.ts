import type { ServerResponse } from 'node:http';
import type { Changes } from './changes.ts';
import type { Update } from './contract.ts';

const beatMs = 15_000;
/** Each holds a connection: more than this come from a page that is in error. */
export const streamsMax = 200;

/**
 * Those who listen to `/api/updates`, each over a connection of its own that stays open (server-sent events). A comment now
 * and then keeps proxies from closing it and finds out who has gone.
 */
export class Streams {
  readonly #changes: Changes;
  readonly #open = new Map<ServerResponse, () => void>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Begins with the version as it is, so that who was away knows whether something was missed. */
  add(response: ServerResponse, headers: Readonly<Record<string, string>>, now: Update): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would collect events until its buffer is full.
      'x-accel-buffering': 'no',
    });
    const tell = (update: Update) => {
      response.write(`event: update\nid: ${update.version}\ndata: ${JSON.stringify(update)}\n\n`);
    };
    const stopListening = this.#changes.listen(tell);
    const beat = setInterval(() => response.write(': still here\n\n'), beatMs);
    const leave = () => {
      clearInterval(beat);
      stopListening();
      this.#open.delete(response);
    };
    this.#open.set(response, leave);
    response.once('close', leave);
    response.on('error', leave);
    tell(now);
  }

  close(): void {
    for (const [response, leave] of this.#open) {
      leave();
      response.end();
    }
  }
}

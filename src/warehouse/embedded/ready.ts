import { isDiskFull, messageOf, ParleyError } from '../../errors.ts';
import { WRITER } from './configuration.ts';
import type { Engine } from './engine.ts';
import { probe } from './probe.ts';

export interface ReadyOptions {
  readonly url: string;
  readonly password: string;
  readonly timeoutMs: number;
}

/**
 * Waits until the server answers `/ping`, and a SELECT as `parley` over HTTP, which only the server of this data folder
 * can: gives its version, or undefined when the process ended before. A process that stays mute is ended.
 */
export async function waitUntilReady(engine: Engine, options: ReadyOptions): Promise<string | undefined> {
  const { url, password } = options;
  const deadline = Date.now() + options.timeoutMs;
  let reason = '';
  while (!engine.hasEnded() && Date.now() < deadline) {
    try {
      return await probe({ url, username: WRITER, password, timeoutMs: 5_000 });
    } catch (error) {
      reason = messageOf(error);
      await Promise.race([engine.ended, new Promise((resolve) => setTimeout(resolve, 30))]);
    }
  }
  if (engine.hasEnded()) return undefined;
  await engine.stop(0);
  throw engineFailed(engine, `ClickHouse did not answer within ${options.timeoutMs} ms: ${reason}`);
}

export function engineFailed(engine: Engine, message: string): ParleyError {
  const received = engine.lastLines().join('\n');
  const code = isDiskFull(received) ? 'PARLEY_DISK_FULL' : 'PARLEY_ENGINE_START';
  return new ParleyError(code, message, { expected: 'a ClickHouse server that answers', received });
}

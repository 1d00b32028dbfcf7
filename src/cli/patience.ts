import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';

export interface Patience {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Before the second try, milliseconds; then twice as long each time, up to the most. */
  readonly initialMs?: number;
  readonly maxMs?: number;
}

/** A reason that stays the same is told again after so long. */
const toldAgainMs = 30_000;

/**
 * Does something until it succeeds, while it fails with what may pass: brokers, topics or a ClickHouse that are not there
 * yet. Says what it waits for. Undefined when it was stopped; anything else fails as it failed.
 */
export async function patiently<Answer>(work: () => Promise<Answer>, patience: Patience): Promise<Answer | undefined> {
  const { signal, log, initialMs = 500, maxMs = 5_000 } = patience;
  let told = { reason: '', at: 0 };
  for (let delayMs = initialMs; !signal.aborted; delayMs = Math.min(maxMs, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ParleyError) || !error.retryable) throw error;
      const { expected, received, where } = error.detail;
      const reason = `${error.code} ${error.message} ${expected ?? ''}`;
      if (reason !== told.reason || performance.now() - told.at > toldAgainMs) {
        told = { reason, at: performance.now() };
        log.warn({ code: error.code, expected, received, where }, `Waiting: ${error.message}`);
      }
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type ParleyError } from '../../errors.ts';
import { type Engine, type EngineOptions, startEngine } from './engine.ts';
import { revokeLostInserts } from './lost-inserts.ts';
import { engineFailed, waitUntilReady } from './ready.ts';
import { type ServerLog, tellRevoked } from './start.ts';

export interface SupervisorOptions extends EngineOptions {
  readonly url: string;
  readonly password: string;
  readonly log: ServerLog;
  readonly restart: boolean;
  readonly readyTimeoutMs: number;
}

const quickCrashesMax = 5;
/** A life this long after it answered clears the count of quick crashes. */
const quickMs = 30_000;
const backoffMs = 100;
const backoffMaxMs = 5_000;
const stopTimeoutMs = 30_000;

/**
 * Keeps the engine up on its ports: running -> (crash) -> waiting -> starting -> running, until it is stopped, or has
 * crashed `quickCrashesMax` times in a row without a life of `quickMs` between, which no restart will cure.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  readonly #restarted: (() => void)[] = [];
  readonly #failed: ((error: ParleyError) => void)[] = [];
  readonly #done: Promise<void>;
  #engine: Engine;
  #failure: ParleyError | undefined;

  constructor(engine: Engine, options: SupervisorOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#done = this.#watch();
  }

  get pid(): number {
    return this.#engine.pid;
  }

  onRestart(callback: () => void): void {
    this.#restarted.push(callback);
  }

  /** Called at once when it has failed already. */
  onFailure(callback: (error: ParleyError) => void): void {
    if (this.#failure === undefined) this.#failed.push(callback);
    else callback(this.#failure);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#engine.stop(stopTimeoutMs);
    await this.#done;
  }

  async #watch(): Promise<void> {
    const { log, restart } = this.#options;
    const { signal } = this.#stopping;
    let readyAt: number | undefined = Date.now();
    for (let quickCrashes = 0; ; ) {
      const how = await this.#engine.ended;
      if (signal.aborted) return;
      const isQuick = readyAt === undefined || Date.now() - readyAt < quickMs;
      quickCrashes = isQuick ? quickCrashes + 1 : 1;
      if (!restart || quickCrashes > quickCrashesMax) return this.#giveUp(how, quickCrashes);
      const waitMs = Math.min(backoffMs * 2 ** (quickCrashes - 1), backoffMaxMs);
      log('warn', `ClickHouse ${how}; starting it again in ${waitMs} ms.`);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      readyAt = (await this.#start()) ? Date.now() : undefined;
      if (readyAt !== undefined) {
        log('info', `ClickHouse is back at ${this.#options.url}.`);
        for (const callback of this.#restarted) callback();
      }
    }
  }

  async #start(): Promise<boolean> {
    const { url, password, readyTimeoutMs, log, folder } = this.#options;
    try {
      tellRevoked(log, revokeLostInserts(folder));
      this.#engine = startEngine(this.#options);
      return (await waitUntilReady(this.#engine, { url, password, timeoutMs: readyTimeoutMs })) !== undefined;
    } catch (error) {
      log('warn', messageOf(error));
      return false;
    }
  }

  #giveUp(how: string, crashes: number): void {
    const times = crashes > 1 ? `, ${crashes} times in a row` : '';
    const error = engineFailed(this.#engine, `ClickHouse ${how}${times}, and is not started again.`);
    this.#options.log('error', `${error.message}\n${error.detail.received}`);
    this.#failure = error;
    for (const callback of this.#failed) callback(error);
  }
}

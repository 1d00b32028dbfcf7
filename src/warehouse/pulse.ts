import { messageOf } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';

/** Says whether ClickHouse answers, asking it at most so often: health checks come from several sides. */
export class Pulse {
  readonly #client: ClickHouseClient;
  readonly #intervalMs: number;
  readonly #patienceMs: number;
  #asked: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined;

  constructor(client: ClickHouseClient, intervalMs = 2_000, patienceMs = 3_000) {
    this.#client = client;
    this.#intervalMs = intervalMs;
    this.#patienceMs = patienceMs;
  }

  /** Why it does not answer; undefined when it does. Never rejects. */
  failure(): Promise<string | undefined> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > this.#intervalMs) {
      this.#asked = { at: now, answer: this.#ask() };
    }
    return this.#asked.answer;
  }

  async #ask(): Promise<string | undefined> {
    try {
      const abort_signal = AbortSignal.timeout(this.#patienceMs);
      const result = await this.#client.query({ query: 'SELECT 1', format: 'TabSeparated', abort_signal });
      await result.text();
      return undefined;
    } catch (error) {
      return messageOf(error).split('\n')[0] || 'no answer';
    }
  }
}

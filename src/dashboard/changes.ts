import type { Update } from './contract.ts';

export interface ChangesOptions {
  /** Differs after every change of the warehouse. */
  readonly fingerprint: () => Promise<string>;
  /** Up to when all events are counted; asked after a change. */
  readonly completeThrough: () => Promise<string | null>;
  readonly intervalMs?: number;
  /** Of the first version (the clock): a browser that comes back after a restart must not see an older one. */
  readonly firstVersion?: number;
}

/**
 * The version of the warehouse, asked for once in an interval however many want to know, and not at all when nobody does.
 *
 *     idle ──`current`──▶ asked once; the answer holds for an interval
 *     idle ──`listen`───▶ asked every interval, each change told to all, until the last listener has gone ──▶ idle
 *
 * A warehouse that does not answer changes nothing: listeners wait, and hear of it when it is back.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #intervalMs: number;
  readonly #listeners = new Set<(update: Update) => void>();
  #asking: Promise<Update> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #print: string | undefined;
  #latest: Update;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** How often the warehouse was asked: what one poll for all is tested by. */
  polls = 0;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? 1_000;
    this.#latest = { version: options.firstVersion ?? Date.now(), completeThrough: null };
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** The version, at most an interval old. Fails when the warehouse does not answer. */
  current(): Promise<Update> {
    if (this.#asking !== undefined) return this.#asking;
    if (performance.now() - this.#askedAt < this.#intervalMs) return Promise.resolve(this.#latest);
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Tells of each change from now on, until what it returns is called. */
  listen(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => void this.#look(), this.#intervalMs);
  }

  async #look(): Promise<void> {
    await this.current().catch(() => undefined);
    this.#timer = undefined;
    this.#schedule();
  }

  async #ask(): Promise<Update> {
    this.polls++;
    const print = await this.#options.fingerprint();
    if (print !== this.#print) {
      const completeThrough = await this.#options.completeThrough();
      const isFirst = this.#print === undefined;
      this.#print = print;
      this.#latest = { version: this.#latest.version + (isFirst ? 0 : 1), completeThrough };
      if (!isFirst) for (const listener of this.#listeners) listener(this.#latest);
    }
    this.#askedAt = performance.now();
    return this.#latest;
  }
}

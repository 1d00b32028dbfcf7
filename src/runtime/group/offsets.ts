import type { Positions } from '../../source/source.ts';

/**
 * Tells someone where a task stands, one message at a time, the newest positions only. Nobody waits for it, and what
 * fails is told again with the next positions: the truth is in the journal.
 */
export class Offsets {
  readonly #tell: (positions: Positions) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #waiting: Map<string, { topic: string; offset: number }> | undefined;
  #telling: Promise<void> | undefined;

  constructor(tell: (positions: Positions) => Promise<void>, onFailure: (error: unknown) => void) {
    this.#tell = tell;
    this.#onFailure = onFailure;
  }

  add(positions: Iterable<readonly [shard: string, position: { topic: string; offset: number }]>): void {
    this.#waiting ??= new Map();
    for (const [shard, position] of positions) this.#waiting.set(shard, position);
    this.#telling ??= this.#run();
  }

  /** Resolves when everything so far is told, or has failed. */
  async settled(): Promise<void> {
    while (this.#telling !== undefined) await this.#telling;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting; next !== undefined; next = this.#waiting) {
      this.#waiting = undefined;
      await this.#tell(next).catch(this.#onFailure);
    }
    this.#telling = undefined;
  }
}

import type { Positions } from '../../source/source.ts';

type Position = { readonly topic: string; readonly offset: number };

/**
 * Tells someone where a task stands, one message at a time, the newest positions only. Nobody waits for it: the truth is
 * in the journal. What could not be told is told again, also when no further batch comes: a task at the end of its input
 * would look behind for ever to whoever asks the group.
 *
 *     idle ──add──▶ telling ──told──▶ idle
 *                      └──failed──▶ waiting ──retryMs, add or settled──▶ telling
 */
export class Offsets {
  readonly #tell: (positions: Positions) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #retryMs: number;
  #waiting: ReadonlyMap<string, Position> = new Map();
  #telling: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(tell: (positions: Positions) => Promise<void>, onFailure: (error: unknown) => void, retryMs = 1_000) {
    this.#tell = tell;
    this.#onFailure = onFailure;
    this.#retryMs = retryMs;
  }

  add(positions: Iterable<readonly [shard: string, position: Position]>): void {
    this.#waiting = new Map([...this.#waiting, ...positions]);
    this.#start();
  }

  /** Resolves when everything so far is told, or has failed once more. */
  async settled(): Promise<void> {
    await this.#telling;
    this.#start();
    await this.#telling;
  }

  /** Ends what is repeated. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #start(): void {
    clearTimeout(this.#retry);
    if (this.#waiting.size > 0) this.#telling ??= this.#run();
  }

  async #run(): Promise<void> {
    let isFailed = false;
    while (this.#waiting.size > 0 && !isFailed) {
      const told = this.#waiting;
      this.#waiting = new Map();
      try {
        await this.#tell(told);
      } catch (error) {
        this.#onFailure(error);
        // Newer ones that came meanwhile are tried at once.
        isFailed = this.#waiting.size === 0;
        this.#waiting = new Map([...told, ...this.#waiting]);
      }
    }
    this.#telling = undefined;
    if (isFailed && !this.#isClosed) this.#retry = setTimeout(() => this.#start(), this.#retryMs).unref();
  }
}

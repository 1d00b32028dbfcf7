/** Makes an answer; ends early when the signal says that nobody waits for it any more. */
export type Make = (signal: AbortSignal) => Promise<string>;

export interface AnswersOptions {
  /** What the clock decides (a session that is open) would stand still in an answer that is kept for longer (10 s). */
  readonly keptMs?: number;
  /** Letters of all answers that are kept (32 million). */
  readonly lettersMax?: number;
}

interface Kept {
  readonly version: number;
  readonly madeAt: number;
  readonly text: string;
}

interface Asking {
  readonly version: number;
  readonly answer: Promise<string>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * Answers by their question, as the text that is sent. A question that is asked while it is being answered waits for that
 * answer, and one that was answered is answered from memory until the warehouse has another version: ten browsers cost as
 * much as one. A question that nobody waits for any more is ended.
 */
export class Answers {
  readonly #keptMs: number;
  readonly #lettersMax: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Asking>();
  #letters = 0;

  constructor(options: AnswersOptions = {}) {
    this.#keptMs = options.keptMs ?? 10_000;
    this.#lettersMax = options.lettersMax ?? 32_000_000;
  }

  /** Fails as `make` does, and with the signal's reason when that asks for an end. */
  async get(question: string, version: number, make: Make, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const kept = this.#kept.get(question);
    if (kept?.version === version && performance.now() - kept.madeAt < this.#keptMs) {
      this.#keep(question, kept);
      return kept.text;
    }
    let asking = this.#asking.get(question);
    if (asking?.version !== version || asking.stop.signal.aborted) asking = this.#ask(question, version, make);
    return this.#wait(asking, signal);
  }

  /** Ends all that is under way. */
  close(): void {
    for (const { stop } of this.#asking.values()) stop.abort(new Error('The dashboard was closed.'));
    this.#kept.clear();
  }

  #ask(question: string, version: number, make: Make): Asking {
    const stop = new AbortController();
    const answer = make(stop.signal);
    const asking: Asking = { version, answer, stop, waiting: 0 };
    this.#asking.set(question, asking);
    const done = () => {
      if (this.#asking.get(question) === asking) this.#asking.delete(question);
    };
    answer.then((text) => {
      done();
      this.#keep(question, { version, madeAt: performance.now(), text });
    }, done);
    return asking;
  }

  #wait(asking: Asking, signal: AbortSignal): Promise<string> {
    asking.waiting++;
    return new Promise((resolve, reject) => {
      let isWaiting = true;
      const leave = () => {
        if (!isWaiting) return;
        isWaiting = false;
        signal.removeEventListener('abort', onAbort);
        asking.waiting--;
      };
      const onAbort = () => {
        leave();
        if (asking.waiting === 0) asking.stop.abort(signal.reason);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort);
      asking.answer.then(resolve, reject).finally(leave);
    });
  }

  #keep(question: string, kept: Kept): void {
    const before = this.#kept.get(question);
    this.#letters += kept.text.length - (before?.text.length ?? 0);
    this.#kept.delete(question);
    this.#kept.set(question, kept);
    for (const [oldest, { text }] of this.#kept) {
      if (this.#letters <= this.#lettersMax) break;
      this.#kept.delete(oldest);
      this.#letters -= text.length;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Encode, Line, Publisher } from './publish.ts';

export interface FlowOptions {
  readonly publisher: Publisher;
  readonly lines: readonly Line[];
  readonly encode: Encode;
  readonly linesPerSecond: number;
}

const tickMs = 100;
/** Messages that are published again when all lines are: of the last ones, as a producer repeats them. */
const repeatedMost = 200;

/**
 * Events that go on being published while faults happen: the lines, paced, and then some of them again, which counts for
 * nothing and keeps the members at work.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #running: Promise<void>;
  #at = 0;
  #isEnding = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#running = this.#run();
    this.#running.catch(() => undefined); // Told by `end`.
  }

  /** Publishes what is left of the lines, at once. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
    await this.#send(this.#options.lines.slice(this.#at));
  }

  /** Publishes nothing more. */
  abandon(): void {
    this.#isEnding = true;
  }

  async #run(): Promise<void> {
    const { lines, linesPerSecond } = this.#options;
    const step = Math.ceil((linesPerSecond * tickMs) / 1_000);
    const messages = lines.filter(({ topic }) => topic === 'conversations.messages').slice(-repeatedMost);
    for (let turn = 0; !this.#isEnding; turn++) {
      const part = lines.slice(this.#at, this.#at + step);
      await this.#send(part.length > 0 ? part : messages.slice((turn * step) % messages.length).slice(0, step));
      this.#at += part.length;
      await sleep(tickMs);
    }
  }

  #send(lines: readonly Line[]): Promise<void> {
    return this.#options.publisher.send(lines, 500, this.#options.encode);
  }
}

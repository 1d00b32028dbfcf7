import { setTimeout as sleep } from 'node:timers/promises';
import type { Encode, Line, Publisher } from './publish.ts';

export interface FlowOptions {
  readonly publisher: Publisher;
  readonly lines: readonly Line[];
  readonly encode: Encode;
  readonly linesPerSecond: number;
}

const tickMs = 100;
/** Lines that are published again when all are, of the last ones, as a producer repeats them. */
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
    const again = repeatable(lines);
    for (let turn = 0; !this.#isEnding; turn++) {
      const part = lines.slice(this.#at, this.#at + step);
      await this.#send(part.length > 0 ? part : again.slice((turn * step) % again.length).slice(0, step));
      this.#at += part.length;
      await sleep(tickMs);
    }
  }

  #send(lines: readonly Line[]): Promise<void> {
    return this.#options.publisher.send(lines, 500, this.#options.encode);
  }
}

/**
 * For each stage some of its last lines. Of changes of a key in the same instant the last one holds: that one alone may
 * come again.
 */
function repeatable(lines: readonly Line[]): Line[] {
  const last = new Map<string, Line>();
  for (const line of lines) {
    const { changed_at, message_id } = JSON.parse(line.text) as Record<string, string>;
    if (line.topic.endsWith('.messages')) last.set(`${message_id}`, line);
    if (line.topic.endsWith('.customers')) last.set(`${line.key} ${changed_at}`, line);
  }
  const all = [...last.values()];
  const of = (name: string) => all.filter(({ topic }) => topic.endsWith(name)).slice(-repeatedMost);
  const [messages, customers] = [of('.messages'), of('.customers')];
  return messages.flatMap((message, index) => [message, ...customers.slice(index, index + 1)]);
}

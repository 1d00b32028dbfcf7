import { generatedTopics } from '../../src/generate/options.ts';
import { Simulation } from '../../src/generate/simulation.ts';

export interface LiveEvent {
  /** As domains name it, without a prefix. */
  readonly topic: string;
  /** One JSON object. */
  readonly line: string;
}

export interface LiveOptions {
  readonly ratePerSecond: number;
  readonly clinics: number;
  /** Other seeds give other conversations. A seed that was used before repeats its ids, and Parley drops repeated ids. */
  readonly seed: number;
  readonly lateShare: number;
}

/** A world lives so long, in messages; then the next one begins, with conversations and customers of its own. */
const messagesOfWorld = 20_000;
const messagesPerConversation = 20;

/** Events of customers and clinics without end: those whose time has come. Pure but for the clock that it is given. */
export class LiveEvents {
  readonly #options: LiveOptions;
  #world: Simulation;
  #seed: number;
  /** Made already, and of the next moment. */
  #next: LiveEvent[] = [];

  constructor(options: LiveOptions, now: number) {
    this.#options = options;
    this.#seed = options.seed;
    this.#world = this.#begin(now);
  }

  /** The events of all moments up to `now`, milliseconds since 1970, that were not taken yet. */
  take(now: number): LiveEvent[] {
    const taken: LiveEvent[] = [];
    while (this.#world.time <= now) {
      taken.push(...this.#next);
      this.#next = [];
      const isGoing = this.#world.run(1, (topic, line) => this.#next.push({ topic, line }));
      if (!isGoing) this.#world = this.#begin(this.#world.time);
    }
    return taken;
  }

  #begin(start: number): Simulation {
    const { ratePerSecond, clinics, lateShare } = this.#options;
    return new Simulation({
      seed: this.#seed++ % 2 ** 32,
      messages: messagesOfWorld,
      conversations: messagesOfWorld / messagesPerConversation,
      clinics,
      start,
      ratePerSecond,
      lateShare,
      topics: generatedTopics,
    });
  }
}

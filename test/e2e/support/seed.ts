import { seededRandom } from '../../../src/testing/index.ts';

/** `PARLEY_E2E_SEED` repeats a run as far as its choices go; the moments at which signals arrive are the machine's. */
export const seed = Number(process.env.PARLEY_E2E_SEED ?? Date.now() % 1_000_000);

export class Dice {
  readonly #next: () => number;

  constructor(from: number) {
    this.#next = seededRandom(from);
  }

  /** At least `least`, less than `limit`. */
  number(least: number, limit: number): number {
    return least + this.#next() * (limit - least);
  }

  /** From `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return Math.floor(this.number(least, most + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }
}

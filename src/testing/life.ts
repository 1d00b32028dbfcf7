import { ParleyError } from '../errors.ts';

/** Thrown into everything that a process which "died" on purpose still tries to do. Never seen outside the driver. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * One incarnation of a process. When it ends, every port that it holds stops working at once, as if the process had
 * been killed: what it had written stays, and nothing is written any more.
 */
export class Life {
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** To be called by a port before each effect. */
  check(): void {
    if (this.#isOver) throw new Crash('The process has died');
  }
}

/**
 * Numbers from 0 up to 1 from a seed, always the same ones (mulberry32).
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets other work go first, for a number of turns that the random numbers choose: concurrent work ends in any order. */
export async function pause(random: () => number): Promise<void> {
  for (let turns = Math.floor(random() * 6); turns > 0; turns--) await undefined;
}

/**
 * A write that takes time: it happens after some turns, or at once with its answer coming later, so that a crash can
 * come before it and between the two. `write` runs within one turn.
 */
export async function writeSlowly(random: () => number, life: Life, write: () => void): Promise<void> {
  if (random() >= 0.5) await pause(random);
  life.check();
  write();
  await pause(random);
  life.check();
}

/** The error of an owner whose task another one has taken over. */
export function fenced(task: string): ParleyError {
  return new ParleyError('PARLEY_FENCED', `Task ${task} has a newer owner`, { where: task });
}

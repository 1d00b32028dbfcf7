/** Random numbers that depend on the seed alone (mulberry32: small, fast, and good enough to look natural). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Seeds that follow each other would start alike without mixing.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number, at least 0 and below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Time until the next of things that happen independently of each other, once in `mean` on average. */
  waitingTime(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** The index that a running total of weights gives; the last total is the sum. */
  weighted(totals: readonly number[]): number {
    const point = this.next() * totals.at(-1)!;
    let low = 0;
    let high = totals.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (totals[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Running totals, as `weighted` wants them. */
export function runningTotals(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

/** How far behind a topic partition is, records. */
export interface PartitionLag {
  /** The stage that reads it. */
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
  /** Offset of the next record to be counted. */
  readonly position: number;
}

/**
 * Asks for the lag now and then, so that whoever looks at the metrics never waits for brokers, and brokers are not asked
 * more often because somebody looks.
 */
export class LagWatch {
  readonly #ask: () => Promise<readonly PartitionLag[]>;
  readonly #timer: NodeJS.Timeout;
  #latest: readonly PartitionLag[] = [];
  #isAsking = false;

  constructor(ask: () => Promise<readonly PartitionLag[]>, intervalMs = 5_000) {
    this.#ask = ask;
    this.#timer = setInterval(() => void this.#look(), intervalMs);
    this.#timer.unref();
  }

  get latest(): readonly PartitionLag[] {
    return this.#latest;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#latest = [];
  }

  /** A broker that is away leaves the last answer; that it is away is told by what reads and writes there. */
  async #look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#latest = await this.#ask();
    } catch {
      // The last answer stands.
    } finally {
      this.#isAsking = false;
    }
  }
}

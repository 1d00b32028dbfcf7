export interface TrimTo {
  readonly partition: number;
  readonly offset: number;
}

/**
 * Gathers where internal topics may let go of their records, and says so now and then, all at once: checkpoints come by
 * the dozen, and nobody waits for the room.
 */
export class Trims {
  readonly #trim: (topics: ReadonlyMap<string, readonly TrimTo[]>) => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #waiting = new Map<string, Map<number, number>>();
  #isTrimming = false;

  constructor(trim: (topics: ReadonlyMap<string, readonly TrimTo[]>) => Promise<void>, intervalMs = 15_000) {
    this.#trim = trim;
    this.#timer = setInterval(() => void this.flush(), intervalMs);
    this.#timer.unref();
  }

  add(topic: string, partition: number, offset: number): void {
    const partitions = this.#waiting.get(topic) ?? new Map<number, number>();
    this.#waiting.set(topic, partitions);
    partitions.set(partition, offset);
  }

  /** Never rejects; what could not be trimmed is trimmed with the next checkpoint. */
  async flush(): Promise<void> {
    if (this.#isTrimming || this.#waiting.size === 0) return;
    this.#isTrimming = true;
    const topics = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#trim(
        new Map(
          [...topics].map(([topic, partitions]) => [
            topic,
            [...partitions].map(([partition, offset]) => ({ partition, offset })),
          ]),
        ),
      );
    } catch {
      // The records stay a little longer.
    } finally {
      this.#isTrimming = false;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

import type { BatchLimits, Positions, Range, ReadOptions, Source, SourceBatch } from '../../source/source.ts';

/**
 * A source that waits a little after a small batch, so that a trickle of events over many tasks does not become an
 * insert for each few of them. A batch that was half full, or more, is followed at once.
 */
export class PacedSource implements Source {
  readonly #source: Source;
  readonly #lingerMs: number;
  readonly #clock: () => number;
  #notBefore = 0;

  constructor(source: Source, lingerMs: number, clock: () => number) {
    this.#source = source;
    this.#lingerMs = lingerMs;
    this.#clock = clock;
  }

  get isContinuous(): boolean {
    return this.#source.isContinuous ?? false;
  }

  /** Milliseconds until `next` looks again; 0 when it does. */
  get waitMs(): number {
    return Math.max(0, Math.min(this.#notBefore - this.#clock(), this.#lingerMs));
  }

  async next(limits: BatchLimits): Promise<SourceBatch | undefined> {
    if (this.waitMs > 0) return undefined;
    const batch = await this.#source.next(limits);
    const isSmall = batch !== undefined && batch.records.length < limits.eventsMax / 2;
    if (isSmall) this.#notBefore = this.#clock() + this.#lingerMs;
    return batch;
  }

  read(ranges: readonly Range[], options?: ReadOptions): Promise<SourceBatch> {
    return this.#source.read(ranges, options);
  }

  seek(positions: Positions): Promise<void> {
    return this.#source.seek(positions);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

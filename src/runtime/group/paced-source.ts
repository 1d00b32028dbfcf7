import type { BatchLimits, Positions, Range, ReadOptions, Source, SourceBatch } from '../../source/source.ts';
import type { Turn } from './turns.ts';

export interface Pace {
  /** The least time between two batches that are small. */
  readonly lingerMs: number;
  readonly clock: () => number;
  readonly turn: Turn;
}

/** A batch of so many is no trickle: it is followed at once. */
const smallEvents = 5_000;
/**
 * A small batch may be inserted for one part in so many of the time; the rest is for others. At four, eight tasks that
 * get 5,000 events a second gave ClickHouse an eighth more to do, and none of the events came sooner.
 */
const restFactor = 8;
/** What a slow warehouse may add to the time between two small batches. */
const restMsMost = 1_000;

/**
 * A source that waits a little after a small batch, so that a trickle of events over many tasks does not become an
 * insert for each few of them: longer where inserts take long, since then they come too often. Batches are put together
 * in turns with the other tasks of the process.
 */
export class PacedSource implements Source {
  readonly #source: Source;
  readonly #pace: Pace;
  #beganAt = 0;
  #notBefore = 0;
  /** Events of the batch in hand, or of the last one. */
  #events = 0;
  #isSmall = false;
  #isEnding = false;

  constructor(source: Source, pace: Pace) {
    this.#source = source;
    this.#pace = pace;
  }

  get isContinuous(): boolean {
    return this.#source.isContinuous ?? false;
  }

  /** Milliseconds until `next` looks again; 0 when it does. */
  get waitMs(): number {
    const { lingerMs, clock } = this.#pace;
    return Math.max(0, Math.min(this.#notBefore - clock(), lingerMs + restMsMost));
  }

  async next(limits: BatchLimits): Promise<SourceBatch | undefined> {
    if (limits.isContinued === true) {
      const portion = await this.#source.next(limits);
      this.#events += portion?.records.length ?? 0;
      return portion;
    }
    const { turn, clock } = this.#pace;
    if (this.waitMs > 0) return undefined;
    await turn.begin();
    const batch = this.#isEnding ? undefined : await this.#source.next(limits);
    if (batch === undefined) {
      turn.end();
      return undefined;
    }
    this.#beganAt = clock();
    this.#events = batch.records.length;
    return batch;
  }

  async read(ranges: readonly Range[], options?: ReadOptions): Promise<SourceBatch> {
    await this.#pace.turn.begin();
    return this.#source.read(ranges, options);
  }

  /** The batch in hand, or what had to be processed again, is processed: others may have their turn. */
  processed(eventsMax: number): void {
    const { lingerMs, turn } = this.#pace;
    turn.end();
    this.#isSmall = this.#events > 0 && this.#events < Math.min(smallEvents, eventsMax / 2);
    if (this.#isSmall) this.#notBefore = this.#beganAt + lingerMs;
    this.#events = 0;
  }

  /** The rows of a batch are in the warehouse, after so long. */
  delivered(elapsedMs: number): void {
    const { lingerMs } = this.#pace;
    if (!this.#isSmall) return;
    const restMs = Math.min(elapsedMs * restFactor, lingerMs + restMsMost);
    this.#notBefore = this.#beganAt + Math.max(lingerMs, restMs);
  }

  /** It gives no new batches from now on. */
  end(): void {
    this.#isEnding = true;
    this.#pace.turn.end();
  }

  isCaughtUp(): boolean {
    return this.#source.isCaughtUp?.() ?? true;
  }

  seek(positions: Positions): Promise<void> {
    return this.#source.seek(positions);
  }

  close(): Promise<void> {
    this.end();
    return this.#source.close();
  }
}

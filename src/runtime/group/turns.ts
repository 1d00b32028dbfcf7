/**
 * Lets a few tasks at a time put their batches together. All of them at once would get no more done on the one thread
 * that they share, while each of their batches had to be smaller for the memory to suffice; and every insert costs
 * ClickHouse the same, however few its rows. Who waits for its turn meanwhile has more to take.
 *
 * A turn is never more than good manners: whoever has waited too long, because a turn is held by a task that waits for
 * a schema or a broker, goes ahead without one.
 */
export class Turns {
  readonly count: number;
  readonly #waitMsMost: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(count = 2, waitMsMost = 3_000) {
    this.count = count;
    this.#waitMsMost = waitMsMost;
  }

  /** A new claim, which is to be given back by `end`. */
  claim(): Turn {
    return new Turn(this.#waiting, this.#waitMsMost, {
      take: () => {
        if (this.#taken >= this.count) return false;
        this.#taken++;
        return true;
      },
      giveBack: () => {
        this.#taken--;
        this.#waiting.values().next().value?.();
      },
    });
  }
}

interface Counter {
  take(): boolean;
  giveBack(): void;
}

/** One task's claim to a turn: idle ──begin──▶ waiting ──▶ has its turn ──end──▶ idle. */
export class Turn {
  readonly #queue: Set<() => void>;
  readonly #waitMsMost: number;
  readonly #counter: Counter;
  #isHeld = false;
  #stopWaiting: () => void = () => undefined;

  constructor(queue: Set<() => void>, waitMsMost: number, counter: Counter) {
    this.#queue = queue;
    this.#waitMsMost = waitMsMost;
    this.#counter = counter;
  }

  /** Resolves when it is this one's turn, has waited long enough, or `end` was called. */
  async begin(): Promise<void> {
    if (this.#isHeld) return;
    // Those that wait already come first.
    if (this.#queue.size === 0 && this.#counter.take()) {
      this.#isHeld = true;
      return;
    }
    await new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#queue.delete(offered);
        this.#stopWaiting = () => undefined;
        resolve();
      };
      const offered = () => {
        this.#isHeld = this.#counter.take();
        if (this.#isHeld) go();
      };
      const timer = setTimeout(go, this.#waitMsMost);
      this.#stopWaiting = go;
      this.#queue.add(offered);
    });
  }

  end(): void {
    this.#stopWaiting();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#counter.giveBack();
  }
}

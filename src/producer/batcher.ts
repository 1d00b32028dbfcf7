/** A call, and how much of it is still to be sent. */
interface Call {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface BatcherOptions<Item> {
  /** Sends items in their order; called again only when it is done. */
  readonly send: (items: readonly Item[]) => Promise<void>;
  /** Milliseconds that the first item of a batch waits for others. */
  readonly lingerMs: number;
  readonly batchBytesMax: number;
}

/**
 * Gathers what is sent at about the same time into batches, one under way at a time, so that the order of calls is the
 * order of events; a call that is larger than a batch takes several. *Idle*, nothing waits; *lingering*, a timer runs;
 * *sending*, what comes meanwhile is the next batch. A batch that fails fails the calls that have something in it, and
 * nothing more of those is sent.
 */
export class Batcher<Item extends { readonly bytes: number }> {
  readonly #options: BatcherOptions<Item>;
  #waiting: { readonly item: Item; readonly call: Call }[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: BatcherOptions<Item>) {
    this.#options = options;
  }

  /** Resolves when all of the items are sent. */
  add(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const call: Call = { left: items.length, resolve, reject };
      for (const item of items) {
        this.#waiting.push({ item, call });
        this.#waitingBytes += item.bytes;
      }
      const { lingerMs, batchBytesMax } = this.#options;
      if (this.#waitingBytes >= batchBytesMax) this.#start();
      else this.#timer ??= setTimeout(() => this.#start(), lingerMs);
    });
  }

  /** Sends what waits, without lingering, and resolves when nothing is under way. */
  async flush(): Promise<void> {
    this.#start();
    while (this.#sending !== undefined) await this.#sending;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sending === undefined && this.#waiting.length > 0) this.#sending = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#options.send(batch.map(({ item }) => item));
        for (const { call } of batch) if (--call.left === 0) call.resolve();
      } catch (error) {
        const failed = new Set(batch.map(({ call }) => call));
        for (const call of failed) call.reject(error);
        this.#waiting = this.#waiting.filter(({ call }) => !failed.has(call));
        this.#waitingBytes = this.#waiting.reduce((sum, { item }) => sum + item.bytes, 0);
      }
    }
    this.#sending = undefined;
  }

  #takeBatch() {
    let count = 0;
    let bytes = 0;
    for (const { item } of this.#waiting) {
      if (count > 0 && bytes + item.bytes > this.#options.batchBytesMax) break;
      bytes += item.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}

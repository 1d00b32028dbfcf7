/** Something to be sent, and whoever waits for it. */
interface Waiting<Item> {
  readonly items: readonly Item[];
  readonly bytes: number;
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
 * order of events. *Idle*, nothing waits; *lingering*, a timer runs; *sending*, what comes meanwhile is the next batch.
 * A batch that fails fails for those that are in it, and for nobody after them.
 */
export class Batcher<Item> {
  readonly #options: BatcherOptions<Item>;
  #waiting: Waiting<Item>[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: BatcherOptions<Item>) {
    this.#options = options;
  }

  /** Resolves when the items are sent. A call's items are never parted. */
  add(items: readonly Item[], bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, bytes, resolve, reject });
      this.#waitingBytes += bytes;
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
        await this.#options.send(batch.flatMap(({ items }) => items));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = undefined;
  }

  #takeBatch(): Waiting<Item>[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]!.bytes;
      if (count > 0 && bytes > this.#options.batchBytesMax) break;
    }
    const batch = this.#waiting.splice(0, count);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }
}

import type { Answer } from '../../contract.ts';
import { type Failure, RequestFailed, request } from './request.ts';

/**
 * Answers by the address of their question. An answer is kept while it is asked again, so that what is on the screen
 * changes once, when the new one is there; panels with the same question share it.
 *
 * An entry is `current` when its answer is of the newest revision of the warehouse. Nothing is asked unless a panel that
 * can be seen wants it (`want`), and what nobody watches any more is dropped, oldest first.
 */
export interface Entry {
  readonly answer?: Answer;
  readonly failure?: Failure;
  readonly isAsking: boolean;
}

interface Kept {
  entry: Entry;
  /** Of the answer or failure; -1 before the first. */
  revision: number;
  listeners: Set<() => void>;
  asking?: AbortController;
}

const keptMax = 60;
const unknown: Entry = { isAsking: false };

export class Answers {
  #revision = 0;
  #kept = new Map<string, Kept>();

  /** The warehouse has something new: what is wanted from now on is asked again. */
  outdate(): void {
    this.#revision++;
  }

  get revision(): number {
    return this.#revision;
  }

  entry(address: string): Entry {
    return this.#kept.get(address)?.entry ?? unknown;
  }

  watch(address: string, listener: () => void): () => void {
    const kept = this.#keep(address);
    kept.listeners.add(listener);
    return () => {
      kept.listeners.delete(listener);
      if (kept.listeners.size > 0) return;
      kept.asking?.abort();
      this.#forget();
    };
  }

  /** Asks unless the answer is current or on its way. */
  want(address: string): void {
    const kept = this.#keep(address);
    if (kept.asking === undefined && kept.revision < this.#revision) void this.#ask(address, kept);
  }

  /** Asks again after a failure. */
  retry(address: string): void {
    const kept = this.#keep(address);
    kept.revision = -1;
    this.want(address);
  }

  async #ask(address: string, kept: Kept): Promise<void> {
    const asking = new AbortController();
    const revision = this.#revision;
    kept.asking = asking;
    this.#set(kept, { ...kept.entry, isAsking: true });
    try {
      const answer = await request<Answer>(address, asking.signal);
      kept.revision = revision;
      this.#settle(kept, { answer, isAsking: false });
    } catch (error) {
      if (asking.signal.aborted) return this.#settle(kept, { ...kept.entry, isAsking: false });
      if (!(error instanceof RequestFailed)) throw error;
      kept.revision = revision;
      // What was answered before is still of use, to who is told that it is not the newest.
      this.#settle(kept, { ...kept.entry, failure: error.failure, isAsking: false });
    }
  }

  #settle(kept: Kept, entry: Entry): void {
    delete kept.asking;
    this.#set(kept, entry);
  }

  #set(kept: Kept, entry: Entry): void {
    kept.entry = entry;
    for (const listener of kept.listeners) listener();
  }

  #keep(address: string): Kept {
    const known = this.#kept.get(address);
    if (known !== undefined) return known;
    const kept: Kept = { entry: unknown, revision: -1, listeners: new Set() };
    this.#kept.set(address, kept);
    return kept;
  }

  #forget(): void {
    for (const [address, kept] of this.#kept) {
      if (this.#kept.size <= keptMax) return;
      if (kept.listeners.size === 0) this.#kept.delete(address);
    }
  }
}

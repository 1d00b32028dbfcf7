import { ParleyError } from '../errors.ts';
import type { Forward } from './journal.ts';
import { type LevelBatch, type LevelDatabase, padded } from './level-database.ts';
import { corrupt } from './level-errors.ts';

/** A forward in its queue. */
export interface QueueEntry {
  readonly offset: number;
  readonly key: string;
  readonly time: number;
  readonly value: unknown;
  /** About how long it is in JSON. */
  readonly bytes: number;
}

/** A part of a journal write that appends to a queue. */
export interface QueueAppend {
  /** To be called in the batch of that write. */
  fill(batch: LevelBatch): void;
  /** To be called when it is on the disk. */
  written(): void;
}

interface Segment {
  readonly first: number;
  readonly entries: readonly QueueEntry[];
}

/**
 * An internal topic in embedded mode: a queue in the journal's folder, with offsets 0, 1, 2 … What one commit forwards
 * is one record, a segment, so that a commit costs the disk the same however much it forwards. Only what is on the disk
 * can be read.
 */
export class ForwardQueue {
  readonly topic: string;
  readonly #database: LevelDatabase;
  /** The first offset of each segment kept, ascending. */
  #firsts: number[];
  /** Where the next segment asked for will start; `#end` follows when it is on the disk. */
  #nextFirst: number;
  #end: number;
  /** The segment read last: a batch may end within it. */
  #last: Segment | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(database: LevelDatabase, topic: string, kept: { readonly firsts: number[]; readonly end: number }) {
    this.#database = database;
    this.topic = topic;
    this.#firsts = kept.firsts;
    this.#nextFirst = kept.end;
    this.#end = kept.end;
  }

  /** The least offset that can be read; `end()` when there is none. */
  begin(): number {
    return this.#firsts[0] ?? this.#end;
  }

  /** The offset that the next entry will have. */
  end(): number {
    return this.#end;
  }

  /**
   * Up to `limit` entries from the offset `from` on. Fails with PARLEY_INPUT_GONE when `from` was trimmed, and with
   * PARLEY_STATE_CORRUPT when it lies after the end: the queue has lost what its reader has already read.
   */
  async read(from: number, limit: number): Promise<QueueEntry[]> {
    this.#checkOffset(from);
    const to = Math.min(this.#end, from + limit);
    const entries: QueueEntry[] = [];
    for (let offset = from; offset < to; ) {
      const segment = await this.#segment(offset);
      const part = segment.entries.slice(offset - segment.first, to - segment.first);
      if (part.length === 0) throw corrupt(this.#database.path, `offset ${offset} of ${this.topic}`, 'a hole');
      for (const entry of part) entries.push(entry);
      offset += part.length;
    }
    return entries;
  }

  /** Forgets the entries before `before`, as far as whole segments go: the reader's checkpoint has passed them. */
  async trim(before: number): Promise<void> {
    let count = 0;
    while (count < this.#firsts.length && (this.#firsts[count + 1] ?? this.#end) <= before) count++;
    if (count === 0) return;
    const gone = this.#firsts.slice(0, count);
    this.#firsts = this.#firsts.slice(count);
    await this.#database.write((batch) => {
      for (const first of gone) batch.del(this.#key(first));
    });
  }

  /** Calls back whenever there is more to read. Returns what ends that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For the journal: takes the next offsets, in the order of the calls. */
  append(forwards: readonly Forward[]): QueueAppend {
    const first = this.#nextFirst;
    const end = first + forwards.length;
    this.#nextFirst = end;
    const text = JSON.stringify(forwards.map(({ key, time, value }) => [key, time, value]));
    return {
      fill: (batch) => {
        batch.put(this.#key(first), text);
        batch.put(`end/${this.topic}`, JSON.stringify({ end }));
      },
      written: () => {
        this.#firsts.push(first);
        this.#end = end;
        for (const listener of this.#listeners) listener();
      },
    };
  }

  async #segment(offset: number): Promise<Segment> {
    const last = this.#last;
    if (last !== undefined && offset >= last.first && offset < last.first + last.entries.length) return last;
    const first = this.#firsts[floor(this.#firsts, offset)] ?? 0;
    const text = await this.#database.get(this.#key(first));
    if (text === undefined) throw corrupt(this.#database.path, `offset ${offset} of ${this.topic}`, 'none');
    this.#last = { first, entries: this.#parse(first, text) };
    return this.#last;
  }

  #parse(first: number, text: string): QueueEntry[] {
    try {
      const list = JSON.parse(text) as [key: string, time: number, value: unknown][];
      const bytes = Math.ceil(text.length / list.length);
      return list.map(([key, time, value], index) => ({ offset: first + index, key, time, value, bytes }));
    } catch (error) {
      throw corrupt(this.#database.path, `a segment of ${this.topic} in JSON`, text.slice(0, 100), error);
    }
  }

  #checkOffset(offset: number): void {
    if (offset < this.begin()) {
      throw new ParleyError('PARLEY_INPUT_GONE', `Internal topic ${this.topic} was trimmed past its reader`, {
        expected: `offset ${offset}`,
        received: `${this.begin()} as the first one kept`,
        where: this.#database.path,
      });
    }
    if (offset > this.#end) {
      throw corrupt(this.#database.path, `offset ${offset} of ${this.topic}`, `${this.#end} as its end`);
    }
  }

  #key(first: number): string {
    return `queue/${this.topic}/${padded(first)}`;
  }
}

/** The place of the greatest number that is not over `limit`. */
function floor(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

import { ParleyError } from '../errors.ts';
import type { SourceRecord } from '../source/source.ts';
import type { StateCache } from '../state/cache.ts';
import type { Forward, Plan } from '../state/journal.ts';
import type { CacheEntry } from '../state/space-table.ts';
import type { Cargo } from '../warehouse/delivery.ts';
import type { Context, LandingTable, Processor, RejectionCode, RowOf, Stage, StateSpace } from './domain.ts';

/** What processing a batch came to. It is in memory only: nothing of it shows before its plan is journalled. */
export interface BatchOutcome {
  /** Its rows, on their way out. */
  readonly cargo: Cargo;
  readonly forwards: readonly Forward[];
  readonly rejected: readonly RejectedRecord[];
  /** Events processed, without the rejected ones and what was skipped. */
  readonly events: number;
  /** What the processors counted: late, too_late, duplicate … */
  readonly counts: ReadonlyMap<string, number>;
  /** The newest time of its events, milliseconds; -Infinity without any. */
  readonly newest: number;
}

export interface RejectedRecord {
  readonly record: SourceRecord;
  readonly code: RejectionCode;
  readonly message: string;
}

/** Rows of a batch; row versions have room for this many. */
export const ROWS_MAX = 2 ** 20;

/**
 * Events that are processed together within a batch: enough to fetch states many at a time, few enough that they are
 * gone before the collector has to move them. It decides, with SETTLED_WITHIN, which corrections meet in memory and which
 * are written, so a batch done again must be cut the same way.
 */
export const CHUNK_EVENTS = 1_000;

/**
 * A state that changed is settled after the first chunk that does not use it, and at the latest after as many chunks:
 * messages come in bursts, and one burst of a conversation is then one correction of its session. What a state holds on
 * to until it is settled stays within bounds.
 */
const SETTLED_WITHIN = 4;

/**
 * Step 3: fetches the keys of a chunk at once, runs the processor over its events in order, then settles the states
 * whose turn it is; chunk after chunk, and all of them after the last one. While the states of a chunk are on their way
 * the events of the next one are read. A function of the time, the records and the
 * state, and of nothing else: not of the portions in which the records come, nor of what the cache has.
 */
export class BatchRun {
  readonly #processor: Processor;
  readonly #cache: StateCache;
  readonly #now: number;
  readonly #cargo: Cargo;
  readonly #context: BatchContext;
  /** Not yet a whole chunk. */
  #waiting: SourceRecord[] = [];
  /** The chunk whose states are on their way. */
  #begun: { readonly records: readonly SourceRecord[]; readonly states: Promise<void> } | undefined;
  #records = 0;
  #skipped = 0;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(stage: Stage, cache: StateCache, now: number, cargo: Cargo) {
    this.#processor = stage.processor;
    this.#cache = cache;
    this.#now = now;
    this.#cargo = cargo;
    this.#context = new BatchContext(now, cache);
  }

  /** Records so far. */
  get size(): number {
    return this.#records + this.#waiting.length;
  }

  async add(records: readonly SourceRecord[]): Promise<void> {
    for (const record of records) {
      this.#waiting.push(record);
      if (this.#waiting.length < CHUNK_EVENTS) continue;
      await this.#process();
      this.#begin();
    }
  }

  /** Processes what is left, looks for old states where the plan says so, and gives what all of it came to. */
  async finish(expire: Plan['expire']): Promise<BatchOutcome> {
    await this.#process();
    this.#begin();
    await this.#process();
    const context = this.#context;
    context.settle();
    if (expire !== undefined) await this.#cache.expire(expire.after, expire.until, this.#now);
    context.unload(this.#cargo);
    return {
      cargo: this.#cargo,
      forwards: context.forwards,
      rejected: context.rejected,
      events: this.#records - context.rejected.length - this.#skipped,
      counts: context.counts,
      newest: this.#newest,
    };
  }

  /** Asks for the states of what waits, once the chunk before it is done with its own. */
  #begin(): void {
    const records = this.#waiting;
    if (records.length === 0) return;
    this.#waiting = [];
    this.#records += records.length;
    this.#cache.begin(this.#now);
    for (const { event } of records) {
      if (event !== undefined) this.#processor.reads(event, this.#cache.want);
    }
    const states = this.#cache.fetch();
    states.catch(() => undefined); // It is awaited by #process, unless reading on fails first.
    this.#begun = { records, states };
  }

  async #process(): Promise<void> {
    if (this.#begun === undefined) return;
    const { records, states } = this.#begun;
    this.#begun = undefined;
    const context = this.#context;
    await states;
    for (const record of records) {
      if (record.event === undefined) {
        if (record.rejection) context.rejected.push({ record, ...record.rejection });
        if (record.skipped !== undefined) {
          this.#skipped++;
          context.count(`skipped_${record.skipped}`);
        }
        continue;
      }
      if (record.event.time > this.#newest) this.#newest = record.event.time;
      context.record = record;
      this.#processor.process(record.event, context);
    }
    context.settleUnused();
    context.unload(this.#cargo);
  }
}

interface MutableTableRows {
  readonly table: LandingTable;
  readonly rows: Readonly<Record<string, unknown>>[];
  readonly signs: number[];
}

interface Touched {
  readonly space: StateSpace<unknown>;
  readonly key: string;
  readonly entry: CacheEntry;
  /** Number of the chunk that put it first. */
  readonly since: number;
}

class BatchContext implements Context {
  readonly now: number;
  readonly #tables: MutableTableRows[] = [];
  readonly forwards: Forward[] = [];
  readonly rejected: RejectedRecord[] = [];
  readonly counts = new Map<string, number>();
  record: SourceRecord | undefined;
  readonly #cache: StateCache;
  /** States put since they were last settled, in the order of the first time. */
  #touched: Touched[] = [];
  #isSettling = false;

  constructor(now: number, cache: StateCache) {
    this.now = now;
    this.#cache = cache;
  }

  get<State>(space: StateSpace<State>, key: string): State | undefined {
    if (this.#isSettling) throw new ParleyError('PARLEY_INTERNAL', `${space.name} ${key} was read by a \`settle\``);
    return this.#cache.get(space, key);
  }

  put<State>(space: StateSpace<State>, key: string, state: State): void {
    const entry = this.#cache.put(space, key, state);
    if (entry.isTouched) return;
    entry.isTouched = true;
    this.#touched.push({ space: space as StateSpace<unknown>, key, entry, since: this.#cache.chunk });
  }

  emit<Table extends LandingTable>(table: Table, sign: 1 | -1, row: RowOf<Table>): void {
    const target = this.#rowsOf(table);
    target.rows.push(row);
    target.signs.push(sign);
  }

  /** Of a handful of tables, for each row: a map would cost more. */
  #rowsOf(table: LandingTable): MutableTableRows {
    for (const known of this.#tables) if (known.table === table) return known;
    const target: MutableTableRows = { table, rows: [], signs: [] };
    this.#tables.push(target);
    return target;
  }

  /** Hands the rows over. */
  unload(cargo: Cargo): void {
    for (const rows of this.#tables) {
      if (rows.rows.length === 0) continue;
      cargo.add(rows);
      rows.rows.length = 0;
      rows.signs.length = 0;
    }
    if (cargo.rows > ROWS_MAX) {
      throw new ParleyError('PARLEY_INTERNAL', `A batch wrote more than ${ROWS_MAX} rows`, {
        received: `${cargo.rows}`,
      });
    }
  }

  forward(topic: string, key: string, time: number, value: unknown): void {
    this.forwards.push({ topic, key, time, value });
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  reject(code: RejectionCode, message: string): void {
    if (this.record === undefined) throw new ParleyError('PARLEY_INTERNAL', 'Only an event in hand can be rejected');
    this.rejected.push({ record: this.record, code, message });
  }

  /** After a chunk: settles what it did not use, and what has waited for long enough. */
  settleUnused(): void {
    const { chunk } = this.#cache;
    const touched = this.#touched;
    this.#touched = [];
    this.record = undefined;
    for (const each of touched) {
      const { entry, since } = each;
      if (entry.usedIn < chunk || since <= chunk - SETTLED_WITHIN + 1) this.#settle(each);
      else this.#touched.push(each);
    }
  }

  /** Settles all that changed; settling a state may change others. */
  settle(): void {
    this.record = undefined;
    for (let round = 0; this.#touched.length > 0; round++) {
      if (round > 100) throw new ParleyError('PARLEY_INTERNAL', 'States keep changing each other while they settle');
      const touched = this.#touched;
      this.#touched = [];
      for (const each of touched) this.#settle(each);
    }
  }

  #settle({ space, key, entry }: Touched): void {
    entry.isTouched = false;
    if (entry.state === undefined) return;
    this.#isSettling = true;
    space.settle?.(key, entry.state, this);
    this.#isSettling = false;
  }
}

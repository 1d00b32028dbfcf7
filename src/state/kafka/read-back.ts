import { ParleyError } from '../../errors.ts';
import type { PartitionReader, RawRecord } from '../../source/kafka/partition-reader.ts';
import type { JournalState, Plan, RestoreProgress } from '../journal.ts';
import type { Change, Checkpoint, StateStore } from '../store.ts';
import { isWhole, type TaskRecord } from '../task-record.ts';
import { chooseStart, type Found, isTooOld, type Start, withBookkeeping } from './bookkeeping.ts';
import { decodeRecord, isState, type PositionRecord } from './journal-records.ts';
import { Places } from './places.ts';
import { Restorer } from './restorer.ts';

export interface ReadBackOptions {
  readonly reader: PartitionReader;
  readonly found: Found;
  readonly store: StateStore | undefined;
  readonly onProgress: RestoreProgress | undefined;
  /** Told when the local state is of no use, and why. */
  readonly onWhole: (reason: string) => void;
  readonly where: string;
}

export interface ReadBack {
  readonly state: JournalState;
  readonly record: TaskRecord;
  readonly places: Places;
}

/**
 * Reads a journal back up to `found.end`, in one pass, and brings the store up to its newest checkpoint where that is
 * newer than the store's. Each state says the plan of its checkpoint, so it is known at once whether the store has it.
 */
export async function readBack(options: ReadBackOptions): Promise<ReadBack> {
  const { store, found } = options;
  const checkpoint = await store?.checkpoint();
  let start: Start = store ? chooseStart(checkpoint, found) : { isWhole: true, from: found.beginning, reason: '' };
  for (;;) {
    if (start.isWhole && checkpoint !== undefined) options.onWhole(start.reason);
    const reading = new Reading(options, start, isTooOld(checkpoint, found), checkpoint);
    const reason = await reading.run();
    if (reason === undefined) return reading.result();
    start = { isWhole: true, from: found.beginning, reason };
  }
}

class Reading {
  readonly #options: ReadBackOptions;
  readonly #start: Start;
  readonly #isTooOld: boolean;
  readonly #stored: Checkpoint | undefined;
  readonly #plans = new Map<number, { plan: Plan; offset: number }>();
  #position: (PositionRecord & { offset: number }) | undefined;
  #checkpoint: Checkpoint | undefined;
  #restorer: Restorer | undefined;
  /** Why the local state is of no use after all. */
  #useless: string | undefined;

  constructor(options: ReadBackOptions, start: Start, tooOld: boolean, stored: Checkpoint | undefined) {
    this.#options = options;
    this.#start = start;
    this.#isTooOld = tooOld;
    this.#stored = stored;
  }

  /** Undefined when it is done; else why the local state is of no use, and all has to be read. */
  async run(): Promise<string | undefined> {
    const { reader, found } = this.#options;
    try {
      const { end: to } = found;
      await reader.read(this.#start.from, (records, next) => this.#take(records, next), { to });
      if (this.#useless === undefined) await this.#finish();
      return this.#useless;
    } catch (error) {
      await this.#restorer?.cancel(error);
      throw error;
    }
  }

  result(): ReadBack {
    const record = this.#record();
    const plans = this.#openPlans();
    this.#check(record, plans);
    const isNew = this.#position === undefined && this.#checkpoint === undefined && record.covered === 0;
    return { state: { committed: record.committed, plans, isNew }, record, places: this.#places() };
  }

  async #take(records: readonly RawRecord[], next: number): Promise<boolean> {
    const { store, where, onProgress, found } = this.#options;
    const changes: Change[] = [];
    for (const record of records) {
      if (store === undefined && isState(record)) continue;
      const decoded = decodeRecord(record, where);
      if (decoded.kind === 'state') {
        if (this.#isNewer(decoded.plan)) changes.push(decoded.change);
      } else if (decoded.kind === 'plan') {
        if (decoded.plan === undefined) this.#plans.delete(decoded.number);
        else this.#plans.set(decoded.number, { plan: decoded.plan, offset: record.offset });
      } else if (decoded.kind === 'position') this.#position = { ...decoded, offset: record.offset };
      else if (decoded.kind === 'checkpoint') this.#checkpoint = decoded.checkpoint;
    }
    if (changes.length > 0) {
      if (this.#isUseless()) return true;
      await this.#restoring(store!).push(changes);
    }
    if (this.#restorer !== undefined) {
      onProgress?.({ records: next - this.#start.from, total: found.end - this.#start.from });
    }
    return false;
  }

  #isNewer(plan: number): boolean {
    return this.#start.isWhole || plan > this.#start.reached;
  }

  /** Asked when there is something newer for the store. */
  #isUseless(): boolean {
    if (!this.#start.isWhole && this.#isTooOld) {
      this.#useless = 'the local state is older than the deletions that the journal keeps';
    }
    return this.#useless !== undefined;
  }

  /**
   * A store ahead of the journal's newest checkpoint: the topic has lost its end. Going on from there, the changes between
   * the two would never be in the journal. Ahead even of what is committed, it is for `recover` to refuse.
   */
  #isAhead(): boolean {
    if (this.#start.isWhole || this.#start.reached <= this.#covered()) return false;
    if (this.#start.reached > this.#record().committed) return false;
    this.#useless = 'the local state is newer than the newest checkpoint of the journal';
    return true;
  }

  #restoring(store: StateStore): Restorer {
    this.#restorer ??= new Restorer(store, this.#start.isWhole);
    return this.#restorer;
  }

  async #finish(): Promise<void> {
    const { store } = this.#options;
    if (store === undefined || this.#isAhead() || !(await this.#isRestored(store)) || this.#isUseless()) return;
    const checkpoint = this.#checkpoint ?? { plan: 0, positions: {} };
    const bookkeeping = this.#places().bookkeeping(this.#options.found.identity, checkpoint.plan);
    await this.#restoring(store).end(withBookkeeping(checkpoint, bookkeeping));
  }

  /** Whether the store is to be as the journal's newest checkpoint says, perhaps with no state at all. */
  async #isRestored(store: StateStore): Promise<boolean> {
    if (this.#restorer !== undefined) return true;
    if (!this.#start.isWhole) return this.#checkpoint !== undefined && this.#checkpoint.plan > this.#start.reached;
    if (this.#checkpoint !== undefined) return true;
    // A state beside a journal in which nothing was ever written is for `recover` to refuse, not for us to empty.
    if (this.#position === undefined && this.#stored !== undefined) return false;
    return this.#stored !== undefined || (await store.scan('', 1)).length > 0;
  }

  #record(): TaskRecord {
    const { committed, planned } = this.#position ?? { committed: 0, planned: 0 };
    return { committed, planned, covered: this.#covered() };
  }

  #covered(): number {
    return this.#checkpoint?.plan ?? (this.#start.isWhole ? 0 : this.#start.covered);
  }

  /** The plan that the state has, in the store or in the journal. */
  #reached(): number {
    return Math.max(this.#covered(), this.#start.isWhole ? 0 : this.#start.reached);
  }

  #openPlans(): Plan[] {
    const reached = this.#reached();
    const open = [...this.#plans.values()].map(({ plan }) => plan).filter(({ number }) => number > reached);
    return open.sort((left, right) => left.number - right.number);
  }

  #places(): Places {
    const { found } = this.#options;
    const places = new Places(found.end, this.#covered(), found.now);
    for (const [number, { offset }] of this.#plans) places.plan(number, offset);
    if (this.#position !== undefined) places.position(this.#position.offset);
    return places;
  }

  #check(record: TaskRecord, plans: readonly Plan[]): void {
    const numbers = plans.map(({ number }) => number);
    // A store ahead of its journal is for `recover` to refuse.
    if (isWhole(record, numbers, this.#reached())) return;
    throw new ParleyError('PARLEY_STATE_CORRUPT', 'The journal topic is not whole', {
      expected: `plans ${this.#reached() + 1} to ${record.planned}, of which ${record.committed} are committed`,
      received: `plans [${numbers.join(', ')}]`,
      where: this.#options.where,
    });
  }
}

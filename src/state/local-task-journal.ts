import { ParleyError } from '../errors.ts';
import type { Forward, Journal, JournalEntry, JournalState, Plan } from './journal.ts';
import { padded, parse } from './level-database.ts';
import { corrupt } from './level-errors.ts';
import type { JournalFolder } from './local-journal.ts';
import type { Change, Checkpoint } from './store.ts';
import { after, afterCheckpoint, emptyRecord, isWhole, type TaskRecord } from './task-record.ts';

/**
 * The journal of one task. Numbers are checked and taken at once when a call is made; the folder writes in the order of
 * the calls, and nothing after a write that failed, so that memory never runs ahead of what can become true.
 *
 *     new ──fence──▶ owner ──another one's fence──▶ fenced (each call fails with PARLEY_FENCED)
 */
export class LocalTaskJournal implements Journal {
  readonly #folder: JournalFolder;
  readonly #prefix: string;
  #owner = -1;
  #record: TaskRecord = emptyRecord;

  constructor(folder: JournalFolder, stage: string, partition: number) {
    this.#folder = folder;
    this.#prefix = `task/${stage}/${String(partition).padStart(6, '0')}/`;
  }

  async fence(): Promise<JournalState> {
    const { database, owners } = this.#folder;
    this.#owner = (owners.get(this.#prefix) ?? 0) + 1;
    owners.set(this.#prefix, this.#owner);
    // What the owner before asked for is still written, and has to be seen.
    await database.settled();
    const text = await database.get(this.#recordKey);
    const plans = await this.#plans();
    if (text === undefined && plans.length > 0) throw corrupt(database.path, `a record at ${this.#recordKey}`, 'none');
    this.#record = text === undefined ? emptyRecord : parse<TaskRecord>(database.path, text);
    this.#check(plans);
    return { committed: this.#record.committed, plans, isNew: text === undefined };
  }

  async append(entry: JournalEntry): Promise<void> {
    this.#throwIfFenced();
    const { database } = this.#folder;
    const record = after(this.#record, entry, this.#prefix);
    const recordText = JSON.stringify(record);
    const plan = entry.plan;
    const planText = plan === undefined ? undefined : JSON.stringify(plan);
    const appends = [...byTopic(entry.forwards ?? [])].map(([topic, forwards]) =>
      this.#folder.queue(topic).append(forwards),
    );
    this.#record = record;
    await database.write((batch) => {
      for (const append of appends) append.fill(batch);
      if (plan !== undefined && planText !== undefined) batch.put(this.#planKey(plan.number), planText);
      batch.put(this.#recordKey, recordText);
    });
    for (const append of appends) append.written();
  }

  async checkpoint(checkpoint: Checkpoint, _changes: readonly Change[]): Promise<void> {
    this.#throwIfFenced();
    const { covered } = this.#record;
    this.#record = afterCheckpoint(this.#record, checkpoint, this.#prefix);
    const recordText = JSON.stringify(this.#record);
    await this.#folder.database.write((batch) => {
      for (let number = covered + 1; number <= checkpoint.plan; number++) batch.del(this.#planKey(number));
      batch.put(this.#recordKey, recordText);
    });
  }

  /** The folder stays open for the other tasks; this owner can write no more. */
  async close(): Promise<void> {
    this.#owner = -1;
    await this.#folder.database.settled();
  }

  get #recordKey(): string {
    return `${this.#prefix}record`;
  }

  #planKey(number: number): string {
    return `${this.#prefix}plan/${padded(number)}`;
  }

  async #plans(): Promise<Plan[]> {
    const { database } = this.#folder;
    const prefix = `${this.#prefix}plan/`;
    const entries = await database.entries({ gte: prefix, lt: `${prefix}~` });
    return entries.map(([, text]) => parse<Plan>(database.path, text));
  }

  /** After reading back: all plans after the checkpoint are there, and no other. */
  #check(plans: readonly Plan[]): void {
    const { committed, planned, covered } = this.#record;
    const numbers = plans.map((plan) => plan.number);
    if (isWhole(this.#record, numbers) && plans.every((plan) => Array.isArray(plan.ranges))) return;
    throw corrupt(
      this.#folder.database.path,
      `plans ${covered + 1} to ${planned} of ${this.#prefix}, of which ${committed} are committed`,
      `plans [${numbers.join(', ')}]`,
    );
  }

  #throwIfFenced(): void {
    if (this.#owner !== -1 && this.#folder.owners.get(this.#prefix) === this.#owner) return;
    throw new ParleyError('PARLEY_FENCED', 'This is not the owner of the task', { where: this.#prefix });
  }
}

function byTopic(forwards: readonly Forward[]): Map<string, Forward[]> {
  const topics = new Map<string, Forward[]>();
  for (const forward of forwards) {
    const list = topics.get(forward.topic);
    if (list === undefined) topics.set(forward.topic, [forward]);
    else list.push(forward);
  }
  return topics;
}

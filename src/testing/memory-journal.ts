import { ParleyError } from '../errors.ts';
import type { Forward, Journal, JournalEntry, JournalState, Plan } from '../state/journal.ts';
import type { Change, Checkpoint } from '../state/store.ts';
import { fenced, type Life, writeSlowly } from './life.ts';

/** What the journal of a task has on its "disk": it outlives the owners that write it. */
export class JournalLog {
  readonly task: string;
  /** Appends a committed forward to its internal topic. */
  readonly onForward: (forward: Forward) => void;
  owner = 0;
  committed = 0;
  /** The plan of the last checkpoint. */
  covered = 0;
  isNew = true;
  /** As JSON, so that no owner shares an object with another. */
  plans: string[] = [];

  constructor(task: string, onForward: (forward: Forward) => void = () => undefined) {
    this.task = task;
    this.onForward = onForward;
  }
}

/**
 * A journal in memory. Each write is atomic (it takes place in one turn), checks the numbers that it is
 * given, and fails with PARLEY_FENCED once another owner has fenced this one.
 */
export class MemoryJournal implements Journal {
  readonly #log: JournalLog;
  readonly #life: Life;
  readonly #random: () => number;
  #owner = -1;

  constructor(log: JournalLog, life: Life, random: () => number = () => 0) {
    this.#log = log;
    this.#life = life;
    this.#random = random;
  }

  async fence(): Promise<JournalState> {
    this.#life.check();
    this.#log.owner++;
    this.#owner = this.#log.owner;
    const { committed, isNew, plans } = this.#log;
    return { committed, isNew, plans: plans.map((text) => JSON.parse(text) as Plan) };
  }

  async append({ commit, forwards = [], deadLetters = [], plan }: JournalEntry): Promise<void> {
    const texts = JSON.stringify({ forwards, plan });
    await writeSlowly(this.#random, this.#life, () => {
      this.#check();
      const log = this.#log;
      const planned = log.plans.length === 0 ? log.committed : (JSON.parse(log.plans.at(-1)!) as Plan).number;
      const committed = commit ?? log.committed;
      if (commit !== undefined && (commit !== log.committed + 1 || commit > planned)) {
        throw unexpected(log.task, `a commit of plan ${log.committed + 1}, planned up to ${planned}`, `plan ${commit}`);
      }
      if (plan !== undefined && (plan.number !== planned + 1 || plan.number !== committed + 1)) {
        throw unexpected(log.task, `plan ${planned + 1} after a commit of ${planned}`, `plan ${plan.number}`);
      }
      if (commit === undefined && forwards.length + deadLetters.length > 0) {
        throw unexpected(log.task, 'forwards and dead letters with a commit', 'none');
      }
      const copies = JSON.parse(texts) as { forwards: Forward[]; plan?: Plan };
      log.isNew = false;
      log.committed = committed;
      if (plan !== undefined) log.plans.push(JSON.stringify(copies.plan));
      for (const forward of copies.forwards) log.onForward(forward);
    });
  }

  async checkpoint(checkpoint: Checkpoint, _changes: readonly Change[]): Promise<void> {
    await writeSlowly(this.#random, this.#life, () => {
      this.#check();
      const log = this.#log;
      if (checkpoint.plan > log.committed || checkpoint.plan < log.covered) {
        const expected = `a checkpoint of plan ${log.covered} to ${log.committed}`;
        throw unexpected(log.task, expected, `plan ${checkpoint.plan}`);
      }
      log.isNew = false;
      log.covered = checkpoint.plan;
      log.plans = log.plans.filter((text) => (JSON.parse(text) as Plan).number > checkpoint.plan);
    });
  }

  async close(): Promise<void> {
    this.#owner = -1;
  }

  #check(): void {
    if (this.#owner !== this.#log.owner) throw fenced(this.#log.task);
  }
}

function unexpected(task: string, expected: string, received: string): ParleyError {
  return new ParleyError('PARLEY_INTERNAL', 'A journal entry is out of order', { expected, received, where: task });
}

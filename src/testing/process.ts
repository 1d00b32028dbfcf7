import { ParleyError } from '../errors.ts';
import type { Domain, StateSpace } from '../runtime/domain.ts';
import { type Step, Task, type TaskLimits } from '../runtime/task.ts';
import { Worker } from '../runtime/worker.ts';
import { StateCache } from '../state/cache.ts';
import { decodeRecord, splitRecord } from '../state/state-record.ts';
import { Life } from './life.ts';
import { JournalLog, MemoryJournal } from './memory-journal.ts';
import { MemoryStore, StoreDisk } from './memory-store.ts';
import { MemorySource, MemoryTopics } from './memory-topics.ts';
import { type InsertFault, MemoryDelivery, type MemoryWarehouse } from './memory-warehouse.ts';

/** What outlives a process: topics, journals and stores, by task. */
export interface Disks {
  readonly topics: MemoryTopics;
  readonly journals: ReadonlyMap<string, JournalLog>;
  readonly stores: ReadonlyMap<string, StoreDisk>;
}

export interface IncarnationOptions {
  readonly domain: Domain;
  readonly limits: TaskLimits;
  readonly cacheEntriesMax: number;
  readonly disks: Disks;
  readonly warehouse: MemoryWarehouse;
  readonly random: () => number;
  readonly clock: () => number;
  readonly insertFault: InsertFault | undefined;
  readonly onStep: (task: string, step: Step) => void;
  /** Counts of a batch that was committed. */
  readonly onCounts: (counts: ReadonlyMap<string, number>) => void;
}

/** One run of the program over its disks: a task for each stage of the domain, from start to crash. */
export class Incarnation {
  readonly life = new Life();
  readonly #tasks: readonly Task[];
  #worker: Worker;
  #isOpen = false;

  constructor(options: IncarnationOptions) {
    this.#tasks = this.#makeTasks(options);
    this.#worker = new Worker(this.#tasks);
    options.disks.topics.onGrowth(() => this.#worker.notify());
  }

  static emptyDisks(domain: Domain): Disks {
    const topics = new MemoryTopics();
    const names = domain.stages.map((stage) => nameOf(domain, stage));
    return {
      topics,
      journals: new Map(names.map((name) => [name, new JournalLog(name, (forward) => topics.forward(forward))])),
      stores: new Map(names.map((name) => [name, new StoreDisk(name)])),
    };
  }

  /** A state as it lies on the disk, decoded. */
  static stateOf(domain: Domain, disks: Disks, wanted: StateSpace<unknown> | string, key: string): unknown {
    for (const stage of domain.stages) {
      const space = stage.spaces.find((candidate) => candidate === wanted || candidate.name === wanted);
      if (space === undefined) continue;
      const record = disks.stores.get(nameOf(domain, stage))!.values.get(space.prefix + key);
      if (record !== undefined) return decodeRecord(space, splitRecord(record, key), key);
      // Stages may share a kind of state, each with its own keys.
      if (!domain.stages.some((other) => other !== stage && other.spaces.includes(space))) return undefined;
    }
    const names = domain.stages.flatMap(({ spaces }) => spaces.map(({ name }) => name));
    const name = typeof wanted === 'string' ? wanted : wanted.name;
    if (names.includes(name)) return undefined;
    throw new ParleyError('PARLEY_INTERNAL', `No stage keeps states of the space ${name}`, {
      expected: names.join(', '),
    });
  }

  /** Steps 0 and 1 of every task, once. */
  async open(): Promise<void> {
    if (this.#isOpen) return;
    this.#isOpen = true;
    await this.#worker.open();
    this.life.check();
  }

  /** Takes everything in and checkpoints it. */
  async drain(): Promise<void> {
    // A worker drains once; the tasks, with their caches, go on.
    this.#worker = new Worker(this.#tasks);
    await this.#worker.drain();
    this.life.check();
  }

  async tick(): Promise<void> {
    for (const task of this.#tasks) {
      await task.tick();
      await task.settle();
    }
    this.life.check();
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }

  #makeTasks({ domain, limits, cacheEntriesMax, disks, warehouse, random, clock, ...options }: IncarnationOptions) {
    const { life } = this;
    return domain.stages.map((stage): Task => {
      const name = nameOf(domain, stage);
      const store = new MemoryStore(disks.stores.get(name)!, life, random);
      return new Task({
        app: 'test',
        name,
        stage,
        partition: 0,
        source: new MemorySource(disks.topics, stage.topics, life),
        store,
        cache: new StateCache(store, stage.spaces, { entriesMax: cacheEntriesMax }),
        journal: new MemoryJournal(disks.journals.get(name)!, life, random),
        delivery: new MemoryDelivery(warehouse, life, random, options.insertFault),
        limits,
        clock,
        observer: {
          onStep: (step) => {
            life.check();
            options.onStep(name, step);
          },
          onCommitted: ({ outcome }) => options.onCounts(outcome.counts),
        },
      });
    });
  }
}

function nameOf(domain: Domain, stage: { readonly name: string }): string {
  return `${domain.name}.${stage.name}`;
}

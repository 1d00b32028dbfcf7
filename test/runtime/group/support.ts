import { ParleyError } from '../../../src/errors.ts';
import { createDecoder } from '../../../src/events/decode.ts';
import type { Domain } from '../../../src/runtime/domain.ts';
import { type GroupObserver, nameOf, type TaskId, type TaskPorts } from '../../../src/runtime/group/ports.ts';
import { TaskManager, type TaskManagerOptions } from '../../../src/runtime/group/task-manager.ts';
import { defaultLimits } from '../../../src/runtime/task.ts';
import type { Source } from '../../../src/source/source.ts';
import { Life } from '../../../src/testing/life.ts';
import { JournalLog, MemoryJournal } from '../../../src/testing/memory-journal.ts';
import { MemoryStore, StoreDisk } from '../../../src/testing/memory-store.ts';
import { MemorySource, MemoryTopics } from '../../../src/testing/memory-topics.ts';
import { type InsertFault, MemoryDelivery, MemoryWarehouse } from '../../../src/testing/memory-warehouse.ts';
import type { Operations, RunRow } from '../../../src/warehouse/operations.ts';
import { countingDomain, event } from '../counting.ts';

/** What outlives the members of a group: topics with partitions, journals, stores and the warehouse. */
export class World {
  readonly domain: Domain = countingDomain();
  readonly partitions: readonly MemoryTopics[];
  readonly warehouse = new MemoryWarehouse();
  readonly runs: RunRow[] = [];
  readonly offsets = new Map<string, number>();
  readonly trimmed: string[] = [];
  readonly journals = new Map<string, JournalLog>();
  readonly stores = new Map<string, StoreDisk>();
  /** Names of tasks whose folder a process of this machine has open. */
  readonly inUse = new Set<string>();
  readonly tasks: readonly TaskId[];
  readonly #decoder = createDecoder(this.domain.topics);

  constructor(partitions = 2) {
    this.partitions = Array.from({ length: partitions }, () => new MemoryTopics());
    this.tasks = this.partitions.flatMap((topics, partition) =>
      this.domain.stages.map(({ name }) => {
        const id = { stage: `counting.${name}`, partition };
        this.journals.set(nameOf(id), new JournalLog(nameOf(id), (forward) => topics.forward(forward)));
        this.stores.set(nameOf(id), new StoreDisk(nameOf(id)));
        return id;
      }),
    );
  }

  send(partition: number, ...keys: string[]): void {
    for (const key of keys) {
      const text = JSON.stringify(event(key));
      const topic = 'counting.events';
      this.partitions[partition]!.append(topic, text, this.#decoder.decode(topic, text, Date.UTC(2026, 0, 1)));
    }
  }

  /** Key to count, as an analyst sees it. */
  counts(): Record<string, unknown> {
    const rows = this.warehouse.rows('landing_counts') as { key: string; count: number }[];
    return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
  }
}

export interface MemberOptions {
  readonly limits?: Partial<TaskManagerOptions['limits']>;
  readonly lingerMs?: number;
  readonly revokedMs?: number;
  readonly backoff?: TaskManagerOptions['backoff'];
  readonly insertFault?: InsertFault;
  readonly observer?: GroupObserver;
  /** Changes the ports of one task. */
  readonly ports?: (task: TaskId, ports: TaskPorts) => Partial<TaskPorts>;
}

/** One process of the group, without a broker: a test assigns its tasks. */
export class Member {
  readonly life = new Life();
  readonly manager: TaskManager;
  /** What ended it. */
  readonly fatal: unknown[] = [];
  readonly told: string[] = [];

  constructor(world: World, options: MemberOptions = {}) {
    const { life } = this;
    const base = portsOf(world, life, options.insertFault);
    const portFor = (task: TaskId): TaskPorts => ({ ...base, ...options.ports?.(task, base) });
    const tell = (what: string) => (task: TaskId) => this.told.push(`${what} ${nameOf(task)}`);
    this.manager = new TaskManager({
      app: 'test',
      domains: [world.domain],
      ports: {
        source: (task) => portFor(task).source(task),
        store: (task) => portFor(task).store(task),
        journal: (task) => portFor(task).journal(task),
        delivery: (task, wishes) => portFor(task).delivery(task, wishes),
        refuseForeign: (task) => portFor(task).refuseForeign(task),
        committed: (task, positions) => portFor(task).committed(task, positions),
        checkpointed: (task, checkpoint) => portFor(task).checkpointed(task, checkpoint),
      },
      operations: operationsOf(world),
      limits: { ...defaultLimits, ...options.limits },
      lingerMs: options.lingerMs ?? 0,
      revokedMs: options.revokedMs ?? 2_000,
      backoff: { initialMs: 5, maxMs: 20, fencedMs: 60_000, ...options.backoff },
      log: silent,
      clock: Date.now,
      observer: { onOpened: tell('opened'), onClosed: tell('closed'), onFailed: tell('failed'), ...options.observer },
      onFatal: (error) => this.fatal.push(error),
    });
    for (const topics of world.partitions) topics.onGrowth(() => this.manager.notify());
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.manager.statuses.map(({ id, state }) => [nameOf(id), state]));
  }
}

export const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function portsOf(world: World, life: Life, insertFault: InsertFault | undefined): TaskPorts {
  return {
    source: ({ stage, partition }): Source => {
      const { topics } = world.domain.stages.find(({ name }) => `counting.${name}` === stage)!;
      return new MemorySource(world.partitions[partition]!, topics, life);
    },
    store: async (task) => {
      const name = nameOf(task);
      if (world.inUse.has(name)) throw new ParleyError('PARLEY_DATA_DIR_IN_USE', `${name} is in use`);
      world.inUse.add(name);
      const store = new MemoryStore(world.stores.get(name)!, life);
      const close = store.close.bind(store);
      store.close = async () => {
        await close();
        world.inUse.delete(name);
      };
      return store;
    },
    journal: (task) => new MemoryJournal(world.journals.get(nameOf(task))!, life),
    delivery: () => new MemoryDelivery(world.warehouse, life, () => 0, insertFault),
    refuseForeign: async () => undefined,
    committed: async (_, positions) => {
      for (const [shard, { offset }] of positions) world.offsets.set(shard, offset);
    },
    checkpointed: async (task) => {
      world.trimmed.push(nameOf(task));
    },
  };
}

function operationsOf(world: World): Operations {
  return { run: (row) => world.runs.push(row), log: () => undefined, dropped: 0, close: async () => undefined };
}

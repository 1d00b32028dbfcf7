import { ParleyError } from '../../errors.ts';
import type { Operations } from '../../warehouse/operations.ts';
import { type Domain, isFed, type Stage } from '../domain.ts';
import type { Log } from '../log.ts';
import type { TaskLimits } from '../task.ts';
import type { Watermarks } from '../watermarks.ts';
import { type Backoff, TaskKeeper, type TaskStatus } from './keeper.ts';
import { type GroupObserver, nameOf, type TaskId, type TaskPorts } from './ports.ts';
import { Shares } from './shares.ts';
import { TaskLife } from './task-life.ts';
import { Turns } from './turns.ts';

export interface TaskManagerOptions {
  readonly app: string;
  readonly domains: readonly Domain[];
  readonly ports: TaskPorts;
  readonly operations: Operations;
  /** Of the whole process; its tasks share them. */
  readonly limits: TaskLimits;
  readonly cacheEntriesMax?: number;
  readonly lingerMs: number;
  /** How long a task that goes to another process may finish what it has in hand (3,000). */
  readonly revokedMs?: number;
  readonly backoff?: Partial<Backoff>;
  readonly log: Log;
  readonly clock: () => number;
  readonly observer?: GroupObserver;
  readonly watermarks?: Watermarks | undefined;
  /** Called once, with the first failure that opening a task again cannot mend. */
  readonly onFatal: (error: unknown) => void;
}

const defaultBackoff: Backoff = { initialMs: 500, maxMs: 30_000, fencedMs: 10_000 };
const revokedMsDefault = 3_000;
/**
 * A task that other stages feed gets a few events with each of their batches, of what changes slowly (a customer's number of
 * conversations), and would make twice as many inserts as they do: it waits so much longer between two small batches.
 */
const fedLingerFactor = 5;

/**
 * The tasks of a process in a group. `assign` gives the whole new set after each rebalance: tasks that are new are
 * opened, tasks that are gone are let go of, the rest go on undisturbed. All run side by side; each waits for ClickHouse
 * and Kafka by itself, so that none holds up the others.
 */
export class TaskManager {
  readonly #options: TaskManagerOptions;
  readonly #shares: Shares;
  readonly #turns = new Turns();
  readonly #stages: ReadonlyMap<string, { readonly stage: Stage; readonly isFed: boolean }>;
  readonly #keepers = new Map<string, TaskKeeper>();
  #isStopping = false;
  #hasFailed = false;

  constructor(options: TaskManagerOptions) {
    const { domains, limits, cacheEntriesMax, clock } = options;
    this.#options = options;
    const turns = this.#turns.count;
    this.#shares = new Shares({ limits, clock, turns, ...(cacheEntriesMax === undefined ? {} : { cacheEntriesMax }) });
    this.#stages = new Map(
      domains.flatMap((domain) =>
        domain.stages.map((stage) => [`${domain.name}.${stage.name}`, { stage, isFed: isFed(domain, stage) }] as const),
      ),
    );
  }

  /** One status for each task that this process holds, or is still letting go of. */
  get statuses(): TaskStatus[] {
    return [...this.#keepers.values()].map(({ status }) => status);
  }

  /** The whole new set. Returns at once; the tasks follow. */
  assign(tasks: readonly TaskId[]): void {
    if (this.#isStopping) return;
    const wanted = new Map(tasks.map((task) => [nameOf(task), task]));
    for (const [name, keeper] of this.#keepers) {
      if (!wanted.has(name) && keeper.isWanted) void this.#release(name, keeper);
    }
    for (const [name, task] of wanted) {
      const keeper = this.#keepers.get(name) ?? this.#newKeeper(task);
      this.#keepers.set(name, keeper);
      keeper.want();
    }
  }

  /** Says that there may be records for a task, or for any. */
  notify(task?: TaskId): void {
    if (task !== undefined) this.#keepers.get(nameOf(task))?.notify();
    else for (const keeper of this.#keepers.values()) keeper.notify();
  }

  /** Settles and closes all tasks; what is not done within that time is left to the next owners. Never rejects. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.release(withinMs)));
    this.#keepers.clear();
  }

  async #release(name: string, keeper: TaskKeeper): Promise<void> {
    await keeper.release(this.#options.revokedMs ?? revokedMsDefault);
    // It may have come back meanwhile.
    if (!keeper.isWanted && this.#keepers.get(name) === keeper) this.#keepers.delete(name);
  }

  #newKeeper(id: TaskId): TaskKeeper {
    const { app, ports, operations, log, clock, lingerMs, observer = {}, backoff, watermarks } = this.#options;
    const found = this.#stages.get(id.stage);
    if (found === undefined) {
      throw new ParleyError('PARLEY_INTERNAL', `The group gave this process a task of the unknown stage ${id.stage}`);
    }
    const { stage } = found;
    const watermark = watermarks?.task(id.stage, id.partition);
    const shared = {
      app,
      id,
      stage,
      ports,
      operations,
      log,
      clock,
      lingerMs: found.isFed ? fedLingerFactor * lingerMs : lingerMs,
      observer,
      watermark,
      shares: this.#shares,
    };
    return new TaskKeeper({
      id,
      newLife: () => new TaskLife({ ...shared, turn: this.#turns.claim() }),
      backoff: { ...defaultBackoff, ...backoff },
      log,
      observer,
      onFatal: (error) => {
        if (this.#hasFailed) return;
        this.#hasFailed = true;
        this.#options.onFatal(error);
      },
    });
  }
}

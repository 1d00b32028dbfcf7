import type { Positions, Source } from '../../source/source.ts';
import type { Journal } from '../../state/journal.ts';
import { openLevelStore } from '../../state/level-store.ts';
import type { Checkpoint } from '../../state/store.ts';
import { createDelivery } from '../../warehouse/clickhouse-delivery.ts';
import type { ClickHouseClient } from '../../warehouse/client.ts';
import type { Operations } from '../../warehouse/operations.ts';
import type { Domain } from '../domain.ts';
import { refuseForeignTask } from '../foreign-task.ts';
import { describeError, type Log, recordedLog } from '../log.ts';
import type { TaskLimits } from '../task.ts';
import type { Watermarks } from '../watermarks.ts';
import type { TaskStatus } from './keeper.ts';
import { stateFolder } from './local-state.ts';
import type { GroupObserver, TaskId } from './ports.ts';
import { TaskManager } from './task-manager.ts';

/** The consumer group, as a member sees it. */
export interface Group {
  /** Joins. Later troubles are told by `onFailure`. */
  start(): Promise<void>;
  source(task: TaskId): Source;
  commit(task: TaskId, positions: Positions): Promise<void>;
  /** Leaves, so that the others need not wait for the session to end. */
  stop(): Promise<void>;
}

export interface GroupListener {
  /** The whole new set, after each rebalance. */
  onAssigned(tasks: readonly TaskId[]): void;
  /** There may be new records for a task, or for any. */
  onRecords(task?: TaskId): void;
  /** It cannot be a member any more. */
  onFailure(error: unknown): void;
}

export interface MemberOptions {
  readonly app: string;
  readonly domains: readonly Domain[];
  readonly client: ClickHouseClient;
  readonly operations: Operations;
  readonly watermarks?: Watermarks | undefined;
  /** `state.dir`. */
  readonly stateDir: string;
  readonly limits: TaskLimits;
  readonly lingerMs: number;
  readonly group: (listener: GroupListener) => Group;
  readonly journal: (task: TaskId) => Journal | Promise<Journal>;
  /** Lets internal topics let go of what lies before a checkpoint. */
  readonly trim: (task: TaskId, checkpoint: Checkpoint) => Promise<void>;
  readonly log: Log;
  readonly clock?: () => number;
  readonly observer?: GroupObserver & { onAssigned?(tasks: readonly TaskId[]): void };
}

/** A process in the group: the tasks that it is given, on the warehouse that all members share. */
export class Member {
  /** Rejects with what ended the membership; never resolves. */
  readonly failed: Promise<never>;
  readonly #options: MemberOptions;
  readonly #log: Log;
  readonly #tasks: TaskManager;
  readonly #group: Group;
  #isMember = false;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: MemberOptions) {
    const { app, domains, operations, limits, lingerMs, log, observer, clock = Date.now } = options;
    this.#options = options;
    this.#log = recordedLog(log, operations, { component: 'member' }, clock);
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined); // Whoever waits for it hears of it; nobody may wait yet.
    this.#tasks = new TaskManager({
      ...{ app, domains, operations, limits, lingerMs, log, clock, watermarks: options.watermarks },
      ...(observer === undefined ? {} : { observer }),
      ports: {
        source: (task) => this.#group.source(task),
        store: (task) => openLevelStore(stateFolder(options.stateDir, task)),
        journal: options.journal,
        delivery: (_, wishes) =>
          createDelivery({
            client: options.client,
            log: wishes.log,
            retry: { signal: wishes.signal },
            onRetry: wishes.onRetry,
          }),
        refuseForeign: (task) =>
          refuseForeignTask(
            options.client,
            { ...task, app },
            `the journal of ${task.stage}, partition ${task.partition}`,
          ),
        committed: (task, positions) => this.#group.commit(task, positions),
        checkpointed: options.trim,
      },
      onFatal: (error) => this.#fail(error),
    });
    this.#group = options.group({
      onAssigned: (tasks) => this.#assigned(tasks),
      onRecords: (task) => this.#tasks.notify(task),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Whether the group has given this process its tasks, if perhaps none. */
  get isMember(): boolean {
    return this.#isMember;
  }

  get statuses(): TaskStatus[] {
    return this.#tasks.statuses;
  }

  start(): Promise<void> {
    return this.#group.start();
  }

  /**
   * Finishes and checkpoints what is under way, for so long at most, and only then leaves the group: the next owners
   * find everything done. Never rejects.
   */
  async stop(withinMs: number): Promise<void> {
    this.#isMember = false;
    await this.#tasks.stop(withinMs);
    await this.#group.stop().catch((error: unknown) => {
      this.#log.warn({ error: describeError(error) }, 'The group was not left cleanly');
    });
  }

  #assigned(tasks: readonly TaskId[]): void {
    this.#isMember = true;
    const names = tasks.map(({ stage, partition }) => `${stage}/${partition}`);
    this.#log.info({ tasks: names }, `The group gives this process ${names.length} tasks`);
    this.#options.observer?.onAssigned?.(tasks);
    try {
      this.#tasks.assign(tasks);
    } catch (error) {
      this.#fail(error);
    }
  }
}

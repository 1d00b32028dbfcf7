import type { ParleyError } from '../../errors.ts';
import type { Positions, Source } from '../../source/source.ts';
import type { Journal, RestoreProgress } from '../../state/journal.ts';
import type { Checkpoint, StateStore } from '../../state/store.ts';
import type { Retry } from '../../warehouse/clickhouse-delivery.ts';
import type { Delivery } from '../../warehouse/delivery.ts';
import type { Log } from '../log.ts';
import type { Recovery } from '../recovery.ts';
import type { CommittedBatch } from '../task.ts';

/** A task of the group: one partition number of a stage, `<domain>.<stage>`. */
export interface TaskId {
  readonly stage: string;
  readonly partition: number;
}

/** `<domain>.<stage>/<partition>`: the task's name in logs and metrics, and its folder below `state.dir`. */
export function nameOf({ stage, partition }: TaskId): string {
  return `${stage}/${partition}`;
}

export interface DeliveryWishes {
  readonly log: Log;
  /** Ends what is being repeated. */
  readonly signal: AbortSignal;
  readonly onRetry: (retry: Retry) => void;
}

/** What a task of the group is made of, and who is told where it stands. Asked once for each life of a task. */
export interface TaskPorts {
  source(task: TaskId): Source;
  /** Fails with PARLEY_DATA_DIR_IN_USE while another process of this machine has not closed it yet. */
  store(task: TaskId): Promise<StateStore>;
  journal(task: TaskId): Journal | Promise<Journal>;
  delivery(task: TaskId, wishes: DeliveryWishes): Delivery;
  /** Fails when the warehouse has batches of a task whose journal has none. */
  refuseForeign(task: TaskId): Promise<void>;
  /** For lag tools: where the task stands. What fails is told by the next one. */
  committed(task: TaskId, positions: Positions): Promise<void>;
  /** What lies before these positions is in a checkpoint: internal topics may let go of it. */
  checkpointed(task: TaskId, checkpoint: Checkpoint): Promise<void>;
}

/** What is told of the tasks of a process: for metrics and for whoever waits. Nothing here may fail. */
export interface GroupObserver {
  onOpening?(task: TaskId): void;
  onRestoring?(task: TaskId, progress: Parameters<RestoreProgress>[0]): void;
  onRecovered?(task: TaskId, recovery: Recovery): void;
  /** It takes batches from now on; `elapsedMs` since it was opened. */
  onOpened?(task: TaskId, elapsedMs: number): void;
  onCommitted?(task: TaskId, batch: CommittedBatch): void;
  onCheckpoint?(task: TaskId, checkpoint: Checkpoint, changes: number, elapsedMs: number): void;
  /** All rows of a batch are in the warehouse, after so long, retries included. */
  onDelivered?(task: TaskId, elapsedMs: number): void;
  onDeliveryRetry?(task: TaskId, retry: Retry): void;
  /** It is not held any more, or will be opened again after `delayMs`. */
  onClosed?(task: TaskId): void;
  onFailed?(task: TaskId, error: ParleyError, delayMs: number): void;
}

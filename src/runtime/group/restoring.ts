import { type GroupObserver, nameOf, type TaskId } from './ports.ts';

export interface Restored {
  readonly records: number;
  /** About how many there are to be. */
  readonly total: number;
}

/** How far the restorations of a process are, for whoever looks. */
export class Restoring {
  readonly #tasks = new Map<string, Restored>();

  /** Undefined: it restores nothing. */
  of(task: TaskId): Restored | undefined {
    return this.#tasks.get(nameOf(task));
  }

  /** The observer, and this beside it. */
  watching(observer: GroupObserver): GroupObserver {
    const ended = (task: TaskId) => this.#tasks.delete(nameOf(task));
    return {
      ...observer,
      onRestoring: (task, progress) => {
        this.#tasks.set(nameOf(task), { records: progress.records, total: progress.total });
        observer.onRestoring?.(task, progress);
      },
      onOpened: (task, elapsedMs) => {
        ended(task);
        observer.onOpened?.(task, elapsedMs);
      },
      onClosed: (task) => {
        ended(task);
        observer.onClosed?.(task);
      },
      onFailed: (task, error, delayMs) => {
        ended(task);
        observer.onFailed?.(task, error, delayMs);
      },
    };
  }
}

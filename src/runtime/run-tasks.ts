import type { Warehouse } from '../warehouse/open.ts';
import type { Deliveries } from './deliveries.ts';
import type { EmbeddedTask } from './embedded-task.ts';
import { refuseForeignTask } from './foreign-task.ts';
import type { Watermarks } from './watermarks.ts';
import { Worker } from './worker.ts';

export interface RunOptions {
  readonly app: string;
  readonly dataDir: string;
  readonly warehouse: Warehouse;
  readonly deliveries: Deliveries;
  readonly signal?: AbortSignal | undefined;
  readonly watermarks?: Watermarks | undefined;
}

/** Takes the input to its end, and closes the tasks however that goes. */
export async function runToEnd(tasks: readonly EmbeddedTask[], options: RunOptions): Promise<void> {
  const { signal, deliveries } = options;
  const worker = new Worker(
    tasks.map(({ task }) => task),
    {
      onFailure: (error, failed) => {
        if (!deliveries.isStopped) tasks.find(({ task }) => task === failed)?.recordFailure(error);
        // The others wait for ClickHouse, perhaps for ever; what they had is delivered by the next run.
        deliveries.end(error);
      },
      onDrained: () => options.watermarks?.drained(),
    },
  );
  const stop = () => worker.stop();
  signal?.addEventListener('abort', stop);
  // It may have come while the tasks were being opened.
  if (signal?.aborted) stop();
  try {
    for (const { queues } of tasks) for (const { queue } of queues) queue.onAppend(() => worker.notify());
    await worker.open();
    await refuseForeignWarehouse(tasks, options);
    await worker.drain();
    const spool = tasks.find((task) => task.spool !== undefined)?.spool;
    const stopped = aborted(signal);
    while (spool !== undefined && !spool.isAtEnd && signal?.aborted !== true) {
      await Promise.race([spool.ready(), stopped]);
      await worker.drain();
      for (const task of tasks) await task.release();
    }
    for (const task of tasks) await task.release();
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.close();
  }
}

/** Folders that were deleted, or another folder that writes there under the same name. */
async function refuseForeignWarehouse(tasks: readonly EmbeddedTask[], options: RunOptions): Promise<void> {
  const { app, dataDir, warehouse } = options;
  for (const { name } of tasks.filter(({ isNew }) => isNew)) {
    await refuseForeignTask(warehouse.client, { app, stage: name, partition: 0 }, dataDir);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

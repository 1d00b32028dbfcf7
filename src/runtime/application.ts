import { join } from 'node:path';
import type { ParleyError } from '../errors.ts';
import { createDecoder } from '../events/decode.ts';
import { type DiscoveredFile, discoverFiles } from '../source/files/discover.ts';
import { openFileSource } from '../source/files/file-source.ts';
import { StateCache } from '../state/cache.ts';
import { openLevelStore } from '../state/level-store.ts';
import { type LocalJournal, openLocalJournal } from '../state/local-journal.ts';
import { combineSources, QueueSource } from '../state/queue-source.ts';
import { createDelivery } from '../warehouse/clickhouse-delivery.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { createOperations } from '../warehouse/operations.ts';
import { crashOnPurpose } from './crash.ts';
import type { Domain, Stage } from './domain.ts';
import { runRow } from './runs.ts';
import { defaultLimits, Task, type TaskLimits, type TaskObserver } from './task.ts';
import { Worker } from './worker.ts';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ReplayOptions {
  readonly warehouse: Warehouse;
  readonly dataDir: string;
  readonly domains: readonly Domain[];
  /** Files and folders. */
  readonly paths: readonly string[];
  /** The topic of files whose names say none. */
  readonly topic?: string | undefined;
  readonly app: string;
  readonly limits?: Partial<TaskLimits> | undefined;
  readonly log: Log;
  readonly clock?: () => number;
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ReplayProgress {
  /** Bytes of the files as they lie on the disk, about. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly events: number;
  readonly rejected: number;
}

export interface ReplaySummary {
  /** Events counted in this run. */
  readonly events: number;
  readonly rejected: number;
  readonly duplicates: number;
  /** Out of order, and placed. */
  readonly late: number;
  readonly tooLate: number;
  readonly batches: number;
  readonly elapsedMs: number;
  /** Files that could not be read to their ends; the rest is counted. */
  readonly faults: readonly ParleyError[];
  /** Files in the folders that name no topic. */
  readonly ignored: readonly string[];
}

/**
 * Processes files to their ends. Run again, it goes on where it stopped, and finishes first what a crash interrupted.
 * Fails with a coded error when it cannot go on; what is committed by then is counted, once.
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const { domains, dataDir, app, log, warehouse } = options;
  const clock = options.clock ?? Date.now;
  const startedAt = clock();
  const topics = domains.flatMap((domain) => domain.topics);
  const discovery = await discoverFiles(
    options.paths,
    topics.map(({ name }) => name),
    options.topic === undefined ? {} : { topic: options.topic },
  );
  for (const file of discovery.ignored) log.warn({ file }, `${file} names no known topic and is left out`);
  const journal = await openLocalJournal(join(dataDir, 'journal'), app);
  const operations = createOperations({ client: warehouse.client, log });
  const tally = new Tally(options, discovery.files);
  const decoder = createDecoder(topics);
  const parts: TaskParts[] = [];
  try {
    for (const domain of domains) {
      for (const stage of domain.stages) {
        parts.push(
          await openTask({
            options,
            domain,
            stage,
            journal,
            files: discovery.files,
            decoder,
            tally,
            clock,
            operations,
          }),
        );
      }
    }
    const worker = new Worker(parts.map(({ task }) => task));
    const stop = () => worker.stop();
    options.signal?.addEventListener('abort', stop);
    try {
      for (const { queues } of parts) for (const queue of queues) queue.queue.onAppend(() => worker.notify());
      await worker.open();
      await worker.drain();
    } finally {
      options.signal?.removeEventListener('abort', stop);
      await worker.close();
    }
  } finally {
    await operations.close();
    await journal.close();
  }
  const faults = parts.flatMap(({ faults }) => faults());
  return { ...tally.totals, elapsedMs: clock() - startedAt, faults, ignored: discovery.ignored };
}

interface TaskParts {
  readonly task: Task;
  readonly queues: readonly QueueSource[];
  faults(): readonly ParleyError[];
}

interface TaskSetup {
  readonly options: ReplayOptions;
  readonly domain: Domain;
  readonly stage: Stage;
  readonly journal: LocalJournal;
  readonly files: readonly DiscoveredFile[];
  readonly decoder: ReturnType<typeof createDecoder>;
  readonly tally: Tally;
  readonly clock: () => number;
  readonly operations: ReturnType<typeof createOperations>;
}

/** One stage of the embedded mode: its only partition, with its store, its files and the queues that it reads. */
async function openTask(setup: TaskSetup): Promise<TaskParts> {
  const { options, domain, stage, journal, decoder, clock } = setup;
  const name = `${domain.name}.${stage.name}`;
  const isInput = (topic: string) => domain.topics.some((declared) => declared.name === topic);
  const topics = stage.topics.filter(isInput);
  const store = await openLevelStore(join(options.dataDir, 'state', domain.name, stage.name));
  const files = await openFileSource({
    files: setup.files.filter((file) => topics.includes(file.topic)),
    topics,
    decoder,
    now: clock,
    log: options.log,
  });
  const queues = stage.topics.filter((topic) => !isInput(topic)).map((topic) => new QueueSource(journal.queue(topic)));
  const limits = { ...defaultLimits, ...options.limits };
  const task: Task = new Task({
    app: options.app,
    name,
    stage,
    partition: 0,
    source: combineSources(queues, files),
    store,
    cache: new StateCache(store, stage.spaces),
    journal: journal.task(name, 0),
    delivery: createDelivery({ client: options.warehouse.client, log: options.log }),
    limits,
    clock,
    observer: observerOf(setup, name, queues),
  });
  return { task, queues, faults: () => files.faults() };
}

function observerOf(setup: TaskSetup, name: string, queues: readonly QueueSource[]): TaskObserver {
  const { options, tally, operations } = setup;
  const crash = crashOnPurpose(name);
  return {
    onStep: crash,
    onCommitted(batch) {
      operations.run(runRow(options.app, name, 0, batch));
      tally.add(batch);
    },
    onRecovered(recovery) {
      if (recovery.isNew) return;
      const { again, pending } = recovery;
      const fields = { task: name, again: again.length, pending: pending?.number };
      options.log.info(
        fields,
        `${name} goes on after plan ${pending?.number ?? again.at(-1)?.number ?? recovery.checkpoint?.plan}`,
      );
    },
    onCheckpoint(checkpoint, changes, elapsedMs) {
      options.log.debug({ task: name, plan: checkpoint.plan, changes, elapsedMs }, `${name}: checkpoint`);
      for (const { queue, shard } of queues) {
        // Not awaited: what is trimmed late is trimmed by the next checkpoint.
        queue.trim(checkpoint.positions[shard]?.offset ?? 0).catch((error: unknown) => {
          options.log.warn({ task: name, error: String(error) }, `${name}: a queue could not be trimmed`);
        });
      }
    },
  };
}

/** Adds up what a replay did. */
class Tally {
  readonly #onProgress: ReplayOptions['onProgress'];
  readonly #bytesTotal: number;
  #bytesDone = 0;
  #totals = { events: 0, rejected: 0, duplicates: 0, late: 0, tooLate: 0, batches: 0 };

  constructor(options: ReplayOptions, files: readonly DiscoveredFile[]) {
    this.#onProgress = options.onProgress;
    this.#bytesTotal = files.reduce((sum, file) => sum + file.size, 0);
  }

  get totals() {
    return this.#totals;
  }

  add(batch: Parameters<NonNullable<TaskObserver['onCommitted']>>[0]): void {
    const { outcome, plan } = batch;
    const counted = (what: string) => outcome.counts.get(what) ?? 0;
    const isInput = plan.ranges.some(({ shard }) => !shard.startsWith('queue/'));
    const totals = this.#totals;
    totals.batches++;
    totals.duplicates += counted('duplicate');
    totals.late += counted('late');
    totals.tooLate += counted('too_late');
    totals.rejected += outcome.rejected.length;
    if (!isInput) return;
    totals.events += outcome.events;
    for (const { from, to } of plan.ranges) this.#bytesDone += to - from;
    this.#onProgress?.({
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      events: totals.events,
      rejected: totals.rejected,
    });
  }
}

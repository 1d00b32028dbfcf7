import { join } from 'node:path';
import type { ParleyError } from '../errors.ts';
import type { Decoder } from '../events/decode.ts';
import type { BlockParser } from '../source/files/ahead/parse-thread.ts';
import type { DiscoveredFile } from '../source/files/discover.ts';
import { openFileSource, type PendingLine } from '../source/files/file-source.ts';
import { SpoolSource } from '../source/files/spool-source.ts';
import { StateCache } from '../state/cache.ts';
import { openLevelStore } from '../state/level-store.ts';
import type { LocalJournal } from '../state/local-journal.ts';
import { combineSources, QueueSource } from '../state/queue-source.ts';
import type { Checkpoint } from '../state/store.ts';
import type { Retry } from '../warehouse/clickhouse-delivery.ts';
import { createDelivery } from '../warehouse/clickhouse-delivery.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import type { Operations } from '../warehouse/operations.ts';
import { type Domain, formatTopic, type Stage } from './domain.ts';
import type { Log } from './log.ts';
import { type CommittedBatch, defaultLimits, Task, type TaskLimits, type TaskObserver } from './task.ts';
import { TaskReport } from './task-report.ts';
import type { TaskWatermark, Watermarks } from './watermarks.ts';

export interface EmbeddedTaskOptions {
  readonly app: string;
  readonly dataDir: string;
  readonly domain: Domain;
  readonly stage: Stage;
  readonly journal: LocalJournal;
  /** Of any topic; the stage reads those of its own. */
  readonly files: readonly DiscoveredFile[];
  /** Standard input, when it has a topic of this stage. */
  readonly segments?: AsyncIterable<DiscoveredFile> | undefined;
  readonly decoder: Decoder;
  readonly parser?: BlockParser | undefined;
  readonly client: ClickHouseClient;
  readonly operations: Operations;
  readonly limits?: Partial<TaskLimits> | undefined;
  readonly log: Log;
  readonly clock: () => number;
  /** Ends deliveries that are being repeated. */
  readonly deliverySignal: AbortSignal;
  readonly onRetry: (retry: Retry) => void;
  readonly onCommitted: (batch: CommittedBatch) => void;
  readonly watermarks: Watermarks;
}

/** The input of a stage in embedded mode, files or the segments of standard input. */
type Input = ReturnType<typeof openFileSource> | SpoolSource;

/** One stage of the embedded mode: its only partition, with its store, its input and the queues that it reads. */
export class EmbeddedTask {
  readonly task: Task;
  readonly name: string;
  readonly queues: readonly QueueSource[];
  readonly #options: EmbeddedTaskOptions;
  readonly #input: Input;
  readonly #report: TaskReport;
  readonly #watermark: TaskWatermark;

  static async open(options: EmbeddedTaskOptions): Promise<EmbeddedTask> {
    const name = `${options.domain.name}.${options.stage.name}`;
    const store = await openLevelStore(join(options.dataDir, 'state', options.domain.name, options.stage.name));
    return new EmbeddedTask(options, name, store);
  }

  private constructor(options: EmbeddedTaskOptions, name: string, store: Awaited<ReturnType<typeof openLevelStore>>) {
    const { app, stage, journal, operations, clock } = options;
    const isInput = (topic: string) => options.domain.topics.some((declared) => declared.name === topic);
    this.name = name;
    this.#options = options;
    this.#watermark = options.watermarks.task(name, 0);
    this.#report = new TaskReport({ app, name, partition: 0, operations, log: options.log, clock });
    this.#input = openInput(options, stage.topics.filter(isInput), this.#report.log);
    this.queues = stage.topics.filter((topic) => !isInput(topic)).map((topic) => new QueueSource(journal.queue(topic)));
    this.task = new Task({
      app,
      name,
      stage,
      partition: 0,
      source: combineSources(this.queues, this.#input),
      store,
      cache: new StateCache(store, stage.spaces),
      journal: journal.task(name, 0),
      delivery: createDelivery({
        client: options.client,
        log: this.#report.log,
        retry: { signal: options.deliverySignal },
        onRetry: options.onRetry,
      }),
      limits: { ...defaultLimits, ...options.limits },
      clock,
      observer: this.#observer(),
      newest: this.#watermark.newest,
    });
  }

  /** Whether nothing was ever journalled for it. Known when it is open. */
  get isNew(): boolean {
    return this.#report.isNew;
  }

  /** Standard input, when this stage reads it. */
  get spool(): SpoolSource | undefined {
    return this.#input instanceof SpoolSource ? this.#input : undefined;
  }

  /** Bytes of files on the disk; nothing for standard input, whose end nobody knows. */
  progress(): { readonly bytes: number; readonly bytesTotal: number } {
    return this.#input instanceof SpoolSource ? { bytes: 0, bytesTotal: 0 } : this.#input.progress();
  }

  /** What could not be read to its end. */
  faults(): readonly ParleyError[] {
    return this.#input.faults();
  }

  pending(): readonly PendingLine[] {
    return this.#input.pending();
  }

  /** Lets go of the input that is in the checkpoint, also of what no batch had anything of. */
  async release(): Promise<void> {
    const { checkpointed } = this.task;
    if (checkpointed !== undefined) await this.#release(checkpointed);
  }

  /** Writes that the batch in hand has failed to orchestrator.*, as far as that can still be written. */
  recordFailure(error: unknown): void {
    this.#report.failed(error);
  }

  #observer(): TaskObserver {
    return this.#report.observer({
      onCommitted: (batch) => {
        this.#watermark.committed(batch);
        this.#options.onCommitted(batch);
      },
      onIdle: this.#watermark.onIdle,
      onCheckpoint: (checkpoint) => {
        // Not awaited: what is let go of late is let go of by the next checkpoint.
        this.#release(checkpoint).catch((error: unknown) => {
          this.#report.log.warn({ error: String(error) }, `${this.name}: input that is counted could not be removed`);
        });
      },
    });
  }

  async #release({ positions }: Checkpoint): Promise<void> {
    for (const { queue, shard } of this.queues) await queue.trim(positions[shard]?.offset ?? 0);
    await this.spool?.release(positions);
  }
}

function openInput(options: EmbeddedTaskOptions, topics: readonly string[], log: Log): Input {
  const { segments, files, decoder, parser, clock, domain } = options;
  // Always, whatever is read now: an import that a crash cut off is finished by the next command of any kind.
  const formats = (domain.formats ?? []).filter(({ topic }) => topics.includes(topic));
  const names = [...topics, ...formats.map(formatTopic)];
  if (segments !== undefined) return new SpoolSource({ segments, topics: names, decoder, formats, now: clock, log });
  return openFileSource({ files, topics: names, decoder, parser, formats, now: clock, log });
}

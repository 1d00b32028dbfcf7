import { join } from 'node:path';
import { messageOf, type ParleyError } from '../errors.ts';
import { createDecoder } from '../events/decode.ts';
import { type BlockParser, ParseThread } from '../source/files/ahead/parse-thread.ts';
import { type DiscoveredFile, type Discovery, discoverFiles } from '../source/files/discover.ts';
import type { PendingLine } from '../source/files/file-source.ts';
import { spoolSegments } from '../source/files/stdin-spool.ts';
import { type LocalJournal, openLocalJournal } from '../state/local-journal.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { createOperations, type Operations } from '../warehouse/operations.ts';
import { refreshSnapshots } from '../warehouse/snapshots.ts';
import { watermarkTable } from '../warehouse/watermark-table.ts';
import { Deliveries } from './deliveries.ts';
import { type Domain, type Format, formatTopic } from './domain.ts';
import { EmbeddedTask } from './embedded-task.ts';
import { type Log, recordedLog } from './log.ts';
import { runToEnd } from './run-tasks.ts';
import { type ReplayTotals, Tally } from './tally.ts';
import type { CommittedBatch, TaskLimits } from './task.ts';
import { Watermarks } from './watermarks.ts';

export interface ReplayOptions {
  readonly warehouse: Warehouse;
  readonly dataDir: string;
  readonly domains: readonly Domain[];
  /** Files and folders. */
  readonly paths: readonly string[];
  /** The topic of files whose names say none, and of `input`. */
  readonly topic?: string | undefined;
  /** Read the files as this one, of one of the domains, instead of as events. */
  readonly format?: Format | undefined;
  /** Standard input: lines of one topic, processed in the order in which they come. */
  readonly input?: AsyncIterable<Buffer | string> | undefined;
  readonly app: string;
  /** The program of a thread that parses ahead, for files that are worth it. */
  readonly parseProgram?: URL | undefined;
  readonly limits?: Partial<TaskLimits> | undefined;
  readonly log: Log;
  readonly clock?: () => number;
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
  /** Each batch that is committed, also one that was left by a crash. */
  readonly onCommitted?: ((batch: CommittedBatch) => void) | undefined;
  /** Asks for an end after the batches in hand. */
  readonly signal?: AbortSignal | undefined;
  /** How long those may take when ClickHouse does not take them (10,000). */
  readonly stopMs?: number;
}

export interface ReplayProgress {
  /** Bytes of the files as they lie on the disk; of standard input, bytes counted. */
  readonly bytesDone: number;
  /** 0 when nobody knows: standard input. */
  readonly bytesTotal: number;
  readonly events: number;
  readonly rejected: number;
}

export interface ReplaySummary extends ReplayTotals {
  readonly elapsedMs: number;
  /** Files that could not be read to their ends; the rest is counted. */
  readonly faults: readonly ParleyError[];
  /** Last lines that are not whole yet, and so are not counted. */
  readonly pending: readonly PendingLine[];
  /** Files in the folders that name no topic. */
  readonly ignored: readonly string[];
}

const stopMsDefault = 10_000;
/** Of a run that failed or was stopped: watermarks that are too low are mended by the next one, and someone waits for the end. */
const lastWordsMs = 1_000;
/** Of fewer bytes there is less to parse than a thread has to do before it can. */
const parsedAheadFrom = 8 * 1024 * 1024;
/** Longer ones go on without being waited for. */
const snapshotsMs = 5_000;

/**
 * Processes files to their ends. Run again, it goes on where it stopped, and finishes first what a crash interrupted.
 * Fails with a coded error when it cannot go on; what is committed by then is counted, once.
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const { dataDir, app, warehouse, signal } = options;
  const clock = options.clock ?? Date.now;
  const startedAt = clock();
  const discovery = await findInput(options);
  const operations = createOperations({ client: warehouse.client, log: options.log });
  const log = recordedLog(options.log, operations, { component: 'replay' }, clock);
  const tally = new Tally();
  const deliveries = new Deliveries(warehouse, signal, options.stopMs ?? stopMsDefault);
  const { domains } = options;
  const table = watermarkTable(warehouse.client);
  const watermarks = new Watermarks({ app, domains, isShared: false, table, log: options.log });
  let tasks: readonly EmbeddedTask[] = [];
  let journal: LocalJournal | undefined;
  const parser = startParser(options, discovery, log);
  let isComplete = false;
  try {
    for (const file of discovery.ignored) log.warn({ file }, `${file} names no known topic and is left out`);
    if (signal?.aborted !== true) {
      await watermarks.write();
      journal = await openLocalJournal(join(dataDir, 'journal'), app);
      tasks = await openTasks({
        options,
        journal,
        files: discovery.files,
        parser,
        operations,
        watermarks,
        tally,
        deliveries,
        clock,
      });
      await runToEnd(tasks, { ...options, deliveries, watermarks });
    }
    const pending = tasks.flatMap((task) => task.pending());
    for (const { path, offset, bytes } of pending) {
      log.warn({ file: path, offset, bytes }, `${path} ends in the middle of a line, which is not counted yet`);
    }
    const faults = tasks.flatMap((task) => task.faults());
    isComplete = signal?.aborted !== true;
    return { ...tally.totals, elapsedMs: clock() - startedAt, faults, pending, ignored: discovery.ignored };
  } finally {
    deliveries.close();
    await parser?.close();
    await (isComplete ? watermarks.close() : watermarks.close(lastWordsMs));
    await operations.close();
    // What was counted is told by the runs, which are written by now.
    if (isComplete) await refresh(options);
    await journal?.close();
  }
}

function startParser({ parseProgram }: ReplayOptions, { files }: Discovery, log: Log): ParseThread | undefined {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (parseProgram === undefined || bytes < parsedAheadFrom) return undefined;
  return new ParseThread(parseProgram, (error) => {
    log.warn({ error: messageOf(error) }, 'The thread that parses ahead has failed; the lines are parsed without it');
  });
}

/** Who looks after a replay looks at all of it. */
async function refresh({ warehouse, domains, log }: ReplayOptions): Promise<void> {
  const databases = domains.map(({ name }) => name);
  try {
    await refreshSnapshots(warehouse.client, databases, AbortSignal.timeout(snapshotsMs));
  } catch (error) {
    log.debug({ error: messageOf(error) }, 'Snapshots are not computed again at once, but in their turn');
  }
}

/** The files under the paths. Also for asking, before anything is started, whether there are any. */
export function findInput(request: Pick<ReplayOptions, 'paths' | 'domains' | 'topic' | 'format'>): Promise<Discovery> {
  const { paths, domains, topic, format } = request;
  if (format !== undefined) {
    const name = formatTopic(format);
    return discoverFiles(paths, [name], { topic: name, endings: format.endings });
  }
  const names = domains.flatMap(({ topics }) => topics.map(({ name }) => name));
  return discoverFiles(paths, names, topic === undefined ? {} : { topic });
}

interface Parts {
  readonly options: ReplayOptions;
  readonly journal: LocalJournal;
  readonly files: readonly DiscoveredFile[];
  readonly parser: BlockParser | undefined;
  readonly operations: Operations;
  readonly watermarks: Watermarks;
  readonly tally: Tally;
  readonly deliveries: Deliveries;
  readonly clock: () => number;
}

async function openTasks(parts: Parts): Promise<EmbeddedTask[]> {
  const { options, journal, files, parser, operations, watermarks, tally, deliveries, clock } = parts;
  const { domains, dataDir, app, limits, log, topic, input, warehouse } = options;
  const decoder = createDecoder(domains.flatMap(({ topics }) => topics));
  const tasks: EmbeddedTask[] = [];
  const onCommitted = (batch: CommittedBatch) => {
    tally.add(batch);
    options.onCommitted?.(batch);
    options.onProgress?.(progressOf(tally, tasks, input !== undefined));
  };
  try {
    for (const domain of domains) {
      for (const stage of domain.stages) {
        const isRead = input !== undefined && topic !== undefined && stage.topics.includes(topic);
        const segments = isRead ? spoolSegments({ input, folder: join(dataDir, 'spool'), topic, clock }) : undefined;
        const { client } = warehouse;
        const shared = { app, dataDir, journal, files, parser, decoder, client, limits, log, clock, onCommitted };
        const { signal: deliverySignal, onRetry } = deliveries;
        tasks.push(
          await EmbeddedTask.open({
            ...shared,
            operations,
            watermarks,
            domain,
            stage,
            segments,
            deliverySignal,
            onRetry,
          }),
        );
      }
    }
    return tasks;
  } catch (error) {
    for (const { task } of tasks) await task.close();
    throw error;
  }
}

function progressOf(tally: Tally, tasks: readonly EmbeddedTask[], isInput: boolean): ReplayProgress {
  const { events, rejected } = tally.totals;
  if (isInput) return { bytesDone: tally.inputBytes, bytesTotal: 0, events, rejected };
  const parts = tasks.map((task) => task.progress());
  const sum = (what: 'bytes' | 'bytesTotal') => parts.reduce((total, part) => total + part[what], 0);
  return { bytesDone: sum('bytes'), bytesTotal: sum('bytesTotal'), events, rejected };
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TaskStatus } from '../runtime/group/keeper.ts';
import type { PartitionLag } from '../runtime/group/lag-watch.ts';
import type { GroupObserver } from '../runtime/group/ports.ts';

/** What is asked for when the metrics are. */
export interface MetricsSources {
  readonly tasks: () => readonly TaskStatus[];
  readonly lag: () => readonly PartitionLag[];
  /** Bytes of a task's local state on the disk. */
  readonly stateBytes: () => Promise<
    readonly { readonly stage: string; readonly partition: number; readonly bytes: number }[]
  >;
  /** Rows of orchestrator.* that ClickHouse did not take in time. */
  readonly dropped: () => number;
  /** Blocks that the landing table that remembers the fewest remembers; undefined when unknown. */
  readonly windowBlocks: number | undefined;
  readonly clock: () => number;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const states = ['opening', 'restoring', 'open', 'closing', 'waiting'] as const;

/**
 * The metrics of a process that runs tasks; what each means, and when to be alarmed, is in docs/operators.md. Those of
 * several processes add up, except ages and windows, of which the greatest counts.
 */
export class GroupMetrics {
  readonly registry = new Registry();
  readonly observer: GroupObserver;
  readonly #rebalances: Counter;

  constructor(sources: MetricsSources) {
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    this.observer = observerOf(registry);
    this.#rebalances = new Counter({
      name: 'parley_rebalances_total',
      help: 'Times that the group has divided the tasks anew, as seen by this process',
      registers: [registry],
    });
    addGauges(registry, sources);
  }

  rebalanced(): void {
    this.#rebalances.inc();
  }
}

function observerOf(registry: Registry): GroupObserver {
  const counter = <Label extends string = 'stage'>(name: string, help: string, ...more: Exclude<Label, 'stage'>[]) =>
    new Counter<Label | 'stage'>({ name, help, labelNames: ['stage', ...more], registers: [registry] });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['stage'], buckets: seconds, registers: [registry] });

  const events = counter('parley_events_total', 'Events counted');
  const rows = counter('parley_rows_total', 'Rows delivered to landing tables');
  const batches = counter('parley_batches_total', 'Batches committed');
  const recovered = counter('parley_recovered_batches_total', 'Batches finished for an owner that did not');
  const late = counter('parley_late_total', 'Events out of order that corrected what was there');
  const tooLate = counter('parley_too_late_total', 'Messages too late for a gap or a session');
  const duplicates = counter('parley_duplicates_total', 'Repeated events, dropped');
  const deadLetters = counter('parley_dead_letters_total', 'Events refused to the dead letters');
  const batchSeconds = histogram('parley_batch_seconds', 'From the reading of a batch to its commit');
  const insertSeconds = histogram('parley_insert_seconds', 'All inserts of a batch, retries included');
  const retries = counter<'stage' | 'code'>(
    'parley_insert_retries_total',
    'Inserts that failed and were repeated',
    'code',
  );
  const checkpointSeconds = histogram('parley_checkpoint_seconds', 'A checkpoint, to the disk and to the journal');
  const checkpointKeys = counter('parley_checkpoint_keys_total', 'Changed keys written by checkpoints');
  const openSeconds = histogram('parley_task_open_seconds', 'From the assignment of a task until it takes batches');
  const failures = counter<'stage' | 'code'>('parley_task_failures_total', 'Tasks closed by a failure', 'code');
  const progress = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['stage', 'partition'], registers: [registry] });
  const restored = progress(
    'parley_restore_records',
    'Records restored from the journal so far, while a task restores',
  );
  const toRestore = progress('parley_restore_records_expected', 'Records that a task restores, about');

  return {
    onRestoring({ stage, partition }, { records, total }) {
      restored.set({ stage, partition }, records);
      toRestore.set({ stage, partition }, total);
    },
    onOpened({ stage, partition }, elapsedMs) {
      openSeconds.observe({ stage }, elapsedMs / 1000);
      for (const gauge of [restored, toRestore]) gauge.remove({ stage, partition });
    },
    onClosed({ stage, partition }) {
      for (const gauge of [restored, toRestore]) gauge.remove({ stage, partition });
    },
    onCommitted({ stage }, { outcome, rows: count, plan, finishedAt, isRecovered }) {
      const counted = (what: string) => outcome.counts.get(what) ?? 0;
      events.inc({ stage }, outcome.events);
      rows.inc({ stage }, count);
      batches.inc({ stage });
      late.inc({ stage }, counted('late'));
      tooLate.inc({ stage }, counted('too_late'));
      duplicates.inc({ stage }, counted('duplicate'));
      deadLetters.inc({ stage }, outcome.rejected.length);
      if (isRecovered) recovered.inc({ stage });
      else batchSeconds.observe({ stage }, Math.max(0, finishedAt - plan.now) / 1000);
    },
    onDelivered: ({ stage }, elapsedMs) => insertSeconds.observe({ stage }, elapsedMs / 1000),
    onDeliveryRetry: ({ stage }, { error }) => retries.inc({ stage, code: error.code }),
    onCheckpoint({ stage }, _checkpoint, changes, elapsedMs) {
      checkpointSeconds.observe({ stage }, elapsedMs / 1000);
      checkpointKeys.inc({ stage }, changes);
    },
    onFailed: ({ stage }, error) => failures.inc({ stage, code: error.code }),
  };
}

/** Asked for at each look, so that nothing is told of tasks that went elsewhere. */
function addGauges(registry: Registry, sources: MetricsSources): void {
  const registers = [registry];
  new Gauge({
    name: 'parley_tasks',
    help: 'Tasks held, by their state',
    labelNames: ['state'],
    registers,
    collect() {
      const tasks = sources.tasks();
      for (const state of states) this.set({ state }, tasks.filter((task) => task.state === state).length);
    },
  });
  new Gauge({
    name: 'parley_lag_records',
    help: 'Records of a topic partition that are not committed yet',
    labelNames: ['topic', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const { topic, partition, lag } of sources.lag()) this.set({ topic, partition }, lag);
    },
  });
  new Gauge({
    name: 'parley_oldest_waiting_plan_age_seconds',
    help: 'How long the oldest journalled batch has waited for ClickHouse',
    registers,
    aggregator: 'max',
    collect() {
      const since = sources.tasks().flatMap(({ waitingSince }) => waitingSince ?? []);
      this.set(since.length === 0 ? 0 : Math.max(0, sources.clock() - Math.min(...since)) / 1000);
    },
  });
  if (sources.windowBlocks !== undefined) {
    new Gauge({
      name: 'parley_deduplication_window_blocks',
      help: 'Blocks whose tokens ClickHouse remembers, for the table that remembers the fewest',
      registers,
      aggregator: 'min',
    }).set(sources.windowBlocks);
  }
  new Gauge({
    name: 'parley_state_bytes',
    help: "Bytes of a task's local state on the disk",
    labelNames: ['stage', 'partition'],
    registers,
    async collect() {
      const sizes = await sources.stateBytes();
      this.reset();
      for (const { stage, partition, bytes } of sizes) this.set({ stage, partition }, bytes);
    },
  });
  new Gauge({
    name: 'parley_operations_rows_dropped',
    help: 'Rows of orchestrator.* that ClickHouse did not take in time, and that are gone',
    registers,
    collect() {
      this.set(sources.dropped());
    },
  });
}

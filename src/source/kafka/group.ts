import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Log } from '../../runtime/log.ts';
import type { RecordDecoder } from '../record-decoder.ts';
import type { Positions } from '../source.ts';
import { createAssigner, tasksOf } from './assigner.ts';
import { type Cluster, openCluster } from './broker-access.ts';
import { type BufferLimits, defaultBufferLimits } from './budget.ts';
import { kafkaError, patiently } from './failure.ts';
import { Fetcher } from './fetcher.ts';
import { KafkaSource } from './kafka-source.ts';
import { type Joined, Membership } from './membership.ts';
import { offsetsOf } from './offsets.ts';
import { type Shard, type StageTopics, shardsOf, type TaskId, taskName } from './shard.ts';
import type { ShardFeed } from './shard-feed.ts';
import { checkTopology, countOf } from './topology.ts';
import { troublesOf } from './troubles.ts';

export interface GroupOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly stages: readonly StageTopics[];
  /** Of the topics that are not forwards. */
  readonly decoder: RecordDecoder;
  /** Of all tasks of this process together. Default 400,000 records, 96 MiB. */
  readonly buffers?: Partial<BufferLimits>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  /** The number of partitions of each stage, where it is known; otherwise what is found at the start. */
  readonly partitions?: ReadonlyMap<string, number>;
  /** Tasks whose state is on this machine: they come here when no member has them. */
  readonly localTasks?: readonly TaskId[];
  readonly sessionTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
  readonly lingerMs?: number;
  /** How often the numbers of partitions are looked at. */
  readonly topologyIntervalMs?: number;
  /**
   * The full new set, after each rebalance. First the empty set, where this member had been put out of the group: what
   * it had before, others may have had meanwhile, so it has to be opened again.
   */
  onAssigned(tasks: readonly TaskId[]): void;
  /** Once: the group cannot go on. PARLEY_KAFKA_REFUSED, PARLEY_PARTITIONS_CHANGED or PARLEY_PARTITIONS_UNEQUAL. */
  onFailure(error: unknown): void;
}

/** How far behind a partition is. */
export interface PartitionLag {
  readonly task: TaskId;
  readonly shard: string;
  readonly topic: string;
  readonly kafkaTopic: string;
  /** The offset of the next record to give to the task. */
  readonly position: number;
  /** The first offset that is not yet readable as committed. */
  readonly end: number;
}

/**
 * One process as a member of the consumer group: which tasks it has, and their sources. Membership (heartbeats,
 * rebalances) and fetching know nothing of each other; what joins them is which sources are open. The group's own
 * offsets are only written, for lag tools: where a task is stands in its journal.
 */
export class KafkaGroup {
  readonly #options: GroupOptions;
  readonly #stopping = new AbortController();
  /** For heartbeats, offsets and ranges that are read again. */
  readonly #cluster: Cluster;
  /** For fetches, which hold a connection for as long as there is nothing. */
  readonly #fetchCluster: Cluster;
  readonly #fetcher: Fetcher;
  readonly #sources = new Map<string, { readonly task: TaskId; readonly source: KafkaSource }>();
  readonly #listeners = new Set<(task: TaskId) => void>();
  #membership: Membership | undefined;
  #partitions: ReadonlyMap<string, number> = new Map();
  #watching: Promise<void> = Promise.resolve();
  #tasks: readonly TaskId[] = [];
  #generation = -1;
  #isFailed = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    // As many wait for it at a time as there are tasks.
    setMaxListeners(0, this.#stopping.signal);
    this.#cluster = openCluster(options.kafka);
    this.#fetchCluster = openCluster(options.kafka);
    this.#tasks = options.localTasks ?? [];
    this.#fetcher = new Fetcher({
      cluster: this.#fetchCluster,
      limits: { ...defaultBufferLimits, ...options.buffers },
      log: options.log,
      signal: this.#stopping.signal,
      troubles: troublesOf(options.kafka),
      onNews: (feed) => this.#onNews(feed),
    });
  }

  /**
   * Checks the topics and begins to join; `onAssigned` follows. Fails with PARLEY_TOPIC_MISSING,
   * PARLEY_PARTITIONS_UNEQUAL, PARLEY_PARTITIONS_CHANGED, PARLEY_KAFKA_UNREACHABLE or PARLEY_KAFKA_REFUSED; it may then be
   * tried again, or has to be stopped.
   */
  async start(): Promise<void> {
    const { kafka, groupId, stages, log, partitions, sessionTimeoutMs = 30_000 } = this.#options;
    const { heartbeatIntervalMs = Math.min(3_000, Math.floor(sessionTimeoutMs / 3)) } = this.#options;
    const topics = this.#topics();
    try {
      this.#partitions = await this.#checkTopology(partitions);
      await this.#cluster.connect();
      await this.#cluster.addMultipleTargetTopics(topics);
      await this.#fetchCluster.connect();
      await this.#fetchCluster.addMultipleTargetTopics(topics);
    } catch (error) {
      throw kafkaError(error, `group ${groupId}`);
    }
    const assigner = createAssigner({
      stages,
      partitions: this.#partitions,
      claims: () => ({ generation: this.#generation, tasks: this.#tasks }),
    });
    this.#membership = new Membership({
      kafka,
      cluster: this.#cluster,
      groupId,
      topics,
      assigner,
      sessionTimeoutMs,
      heartbeatIntervalMs,
      log,
      onJoined: (joined) => this.#onJoined(joined),
      onFailure: (error) => this.#fail(error),
    });
    this.#membership.start();
    this.#watching = this.#watch();
  }

  /** The number of partitions of each stage. */
  get partitions(): ReadonlyMap<string, number> {
    return this.#partitions;
  }

  /**
   * The input of a task, anew: one that is still open for the task is closed. It gives nothing until `seek`, and nothing
   * when the task is not this member's any more.
   */
  source(task: TaskId): KafkaSource {
    const name = taskName(task);
    this.#sources.get(name)?.source.lose();
    const { decoder, now, log, lingerMs = 5 } = this.#options;
    const source = new KafkaSource({
      shards: this.#shards(task),
      fetcher: this.#fetcher,
      cluster: this.#cluster,
      decoder,
      now,
      log,
      lingerMs,
      signal: this.#stopping.signal,
    });
    if (!this.#has(task)) source.lose();
    this.#sources.set(name, { task, source });
    return source;
  }

  /** Is told when a task's source has something new to give, or a failure. Returns how to end that. */
  onRecords(listener: (task: TaskId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Tells the group how far a task is, for lag tools; nothing of a task that is not this member's. Fails with
   * PARLEY_KAFKA_UNREACHABLE or PARLEY_KAFKA_REFUSED, also while the group is being joined: to be repeated then.
   */
  async commit(task: TaskId, positions: Positions): Promise<void> {
    const shards = new Map(this.#shards(task).map((shard) => [shard.name, shard]));
    const offsets = [...positions].flatMap(([name, { offset }]) => {
      const shard = shards.get(name);
      return shard === undefined ? [] : { topic: shard.kafkaTopic, partition: shard.partition, offset: String(offset) };
    });
    if (offsets.length === 0 || !this.#has(task)) return;
    try {
      await this.#membership?.commit(offsets);
    } catch (error) {
      throw kafkaError(error, `group ${this.#options.groupId}, ${taskName(task)}`);
    }
  }

  /** Every partition of the tasks whose sources are open. Waits for brokers that are away. */
  async lag(): Promise<readonly PartitionLag[]> {
    const open = [...this.#sources.values()].flatMap(({ task, source }) =>
      [...source.positions()].map(([shard, position]) => ({ task, shard, position })),
    );
    if (open.length === 0) return [];
    const { log, groupId } = this.#options;
    const patience = { cluster: this.#cluster, log, signal: this.#stopping.signal, where: `group ${groupId}` };
    const shards = open.map(({ shard }) => shard);
    const ends = await patiently(patience, () => offsetsOf(this.#cluster, shards, false));
    return open.map(({ task, shard: { name, topic, kafkaTopic }, position }, index) => {
      return { task, shard: name, topic, kafkaTopic, position, end: ends[index] as number };
    });
  }

  /** Records and bytes that wait, of all tasks together. */
  buffered(): { readonly events: number; readonly bytes: number } {
    const sum = { events: 0, bytes: 0 };
    for (const { queue } of this.#fetcher.feeds) {
      sum.events += queue.events;
      sum.bytes += queue.bytes;
    }
    return sum;
  }

  /** Leaves the group. Sources give nothing any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { source } of this.#sources.values()) source.lose();
    await this.#membership?.stop();
    await this.#watching;
    await Promise.allSettled([this.#cluster.disconnect(), this.#fetchCluster.disconnect()]);
  }

  #onJoined({ generation, assigned, isContinuous }: Joined): void {
    const { stages, onAssigned, log, groupId } = this.#options;
    if (this.#stopping.signal.aborted) return;
    const had = this.#generation < 0 ? [] : this.#tasks;
    const tasks = tasksOf(assigned, stages);
    this.#generation = generation;
    if (!isContinuous && had.length > 0) {
      log.warn({ groupId, tasks: had.map(taskName) }, 'This member was put out of the group and has come back');
      this.#hold([]);
      onAssigned([]);
    }
    log.info({ groupId, generation, tasks: tasks.map(taskName) }, `Tasks of this member: ${tasks.length}`);
    this.#hold(tasks);
    onAssigned(tasks);
  }

  /** From here on these are this member's tasks; sources of others give nothing any more. */
  #hold(tasks: readonly TaskId[]): void {
    this.#tasks = tasks;
    for (const [name, { task, source }] of this.#sources) {
      if (this.#has(task)) continue;
      source.lose();
      this.#sources.delete(name);
    }
  }

  #has({ stage, partition }: TaskId): boolean {
    return this.#generation >= 0 && this.#tasks.some((own) => own.stage === stage && own.partition === partition);
  }

  #onNews(feed: ShardFeed): void {
    for (const { task, source } of this.#sources.values()) {
      if (!source.owns(feed)) continue;
      source.hasNews();
      for (const listener of this.#listeners) listener(task);
    }
  }

  #shards({ stage, partition }: TaskId): Shard[] {
    const found = this.#options.stages.find((one) => one.stage === stage);
    if (found === undefined) throw new RangeError(`No stage ${stage}`);
    return shardsOf(found, partition);
  }

  #topics(): string[] {
    return [...new Set(this.#options.stages.flatMap(({ topics }) => topics.map(({ kafkaTopic }) => kafkaTopic)))];
  }

  async #checkTopology(known: ReadonlyMap<string, number> | undefined): Promise<ReadonlyMap<string, number>> {
    const admin = this.#options.kafka.admin();
    try {
      await admin.connect();
      return await checkTopology(admin, this.#options.stages, known);
    } finally {
      await admin.disconnect();
    }
  }

  /** Until the group is stopped: a topic with more partitions would send the events of one key to two tasks. */
  async #watch(): Promise<void> {
    const { stages, topologyIntervalMs = 30_000 } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      try {
        await sleep(topologyIntervalMs, undefined, { signal });
      } catch {
        return;
      }
      // Brokers that are away and topics that are missing are found and told by those who read.
      if (
        !(await this.#cluster.refreshMetadata().then(
          () => true,
          () => false,
        ))
      )
        continue;
      const counts = new Map(
        this.#topics().map((topic) => [topic, this.#cluster.findTopicPartitionMetadata(topic).length]),
      );
      try {
        for (const stage of stages) countOf(stage, counts, this.#partitions.get(stage.stage));
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#isFailed || this.#stopping.signal.aborted) return;
    this.#isFailed = true;
    this.#options.onFailure(error);
  }
}

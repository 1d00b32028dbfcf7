import { resolve } from 'node:path';
import type { LivePartition } from '../dashboard/live.ts';
import { type Readiness, readinessOf } from '../http/health.ts';
import { GroupMetrics } from '../http/metrics.ts';
import { LagWatch, type PartitionLag } from '../runtime/group/lag-watch.ts';
import { localTasks, stateBytes } from '../runtime/group/local-state.ts';
import { type Group, type GroupListener, Member } from '../runtime/group/member.ts';
import type { TaskId } from '../runtime/group/ports.ts';
import { Restoring } from '../runtime/group/restoring.ts';
import { Trims } from '../runtime/group/trims.ts';
import { defaultLimits } from '../runtime/task.ts';
import { Watermarks } from '../runtime/watermarks.ts';
import { KafkaGroup } from '../source/kafka/group.ts';
import { createRegistryDecoder, type RegistryDecoder } from '../source/registry/registry-decoder.ts';
import { createKafkaJournal } from '../state/kafka/journal.ts';
import { trimForwards } from '../state/kafka/topics.ts';
import type { Checkpoint } from '../state/store.ts';
import type { Warehouse } from '../warehouse/open.ts';
import { createOperations, type Operations } from '../warehouse/operations.ts';
import { Pulse } from '../warehouse/pulse.ts';
import { watermarkTable } from '../warehouse/watermark-table.ts';
import { windowBlocksOf } from '../warehouse/window-blocks.ts';
import { type Kafka, withAdmin } from './brokers.ts';
import { limitsOf } from './configuration.ts';
import { patiently } from './patience.ts';
import type { Topology } from './prepare.ts';
import { registryOf } from './registry.ts';
import type { Session } from './session.ts';

export interface MemberParts {
  readonly session: Session;
  readonly kafka: Kafka;
  readonly warehouse: Warehouse;
  readonly topology: Topology;
}

/** One process of `parley run`, put together: the group's member, what it works with, and what is told of it. */
export class MemberProcess {
  readonly metrics: GroupMetrics;
  readonly #parts: MemberParts;
  readonly #operations: Operations;
  readonly #watermarks: Watermarks;
  readonly #decoder: RegistryDecoder;
  readonly #member: Member;
  readonly #group: KafkaGroup;
  readonly #lag: LagWatch;
  readonly #trims: Trims;
  readonly #pulse: Pulse;
  readonly #restoring = new Restoring();

  static async open(parts: MemberParts): Promise<MemberProcess> {
    const { session, warehouse } = parts;
    const client = await registryOf(session.configuration);
    const decoder = createRegistryDecoder({
      client,
      topics: session.domains.flatMap(({ topics }) => topics),
      plainJson: session.configuration.schemaRegistry.plainJson,
      log: session.log,
    });
    const databases = ['orchestrator', ...session.domains.map(({ name }) => name)];
    const { signal, log } = session;
    const windowBlocks = await patiently(() => windowBlocksOf(warehouse.client, databases), { signal, log });
    return new MemberProcess(parts, decoder, windowBlocks);
  }

  private constructor(parts: MemberParts, decoder: RegistryDecoder, windowBlocks: number | undefined) {
    const { session, warehouse } = parts;
    const { app, batch } = session.configuration;
    const stateDir = resolve(session.configuration.state.dir);
    const { client } = warehouse;
    this.#parts = parts;
    this.#decoder = decoder;
    this.#operations = createOperations({ client, log: session.log });
    this.#watermarks = new Watermarks({
      app,
      domains: session.domains,
      partitions: parts.topology.partitions,
      isShared: true,
      table: watermarkTable(client),
      log: session.log,
    });
    this.#pulse = new Pulse(client);
    this.#trims = new Trims((topics) => this.#trim(topics));
    this.metrics = new GroupMetrics({
      tasks: () => this.#member.statuses,
      lag: () => this.#lag.latest,
      stateBytes: () =>
        Promise.all(this.#member.statuses.map(async ({ id }) => ({ ...id, bytes: await stateBytes(stateDir, id) }))),
      dropped: () => this.#operations.dropped,
      windowBlocks,
      clock: Date.now,
    });
    let group: KafkaGroup | undefined;
    this.#member = new Member({
      app,
      domains: session.domains,
      client,
      operations: this.#operations,
      watermarks: this.#watermarks,
      stateDir,
      limits: { ...defaultLimits, ...limitsOf(session.configuration) },
      lingerMs: batch.lingerMs,
      group: (listener) => {
        group = this.#makeGroup(stateDir, listener);
        return group satisfies Group;
      },
      journal: (task) => this.#journal(task),
      trim: async (task, checkpoint) => this.#addTrims(task, checkpoint),
      log: session.log,
      observer: { ...this.#restoring.watching(this.metrics.observer), onAssigned: () => this.metrics.rebalanced() },
    });
    this.#group = group!;
    this.#lag = new LagWatch(() => this.#readLag());
  }

  /** Rejects with what ended it; never resolves. */
  get failed(): Promise<never> {
    return this.#member.failed;
  }

  /** Joins the group, waiting for brokers that are away; false when it was stopped before that. */
  async start(signal: AbortSignal): Promise<boolean> {
    const { log } = this.#parts.session;
    // Before the first task counts anything: all of them are to be known by then.
    await this.#watermarks.write();
    const joined = await patiently(
      async () => {
        await this.#member.start();
        return true;
      },
      { signal, log },
    );
    return joined === true;
  }

  async readiness(): Promise<Readiness> {
    return readinessOf({
      isMember: this.#member.isMember,
      tasks: this.#member.statuses,
      warehouseFailure: await this.#pulse.failure(),
      now: Date.now(),
    });
  }

  /** The tasks of this process, a row for each topic that one reads, with the lag as it was seen last. */
  partitions(): LivePartition[] {
    const now = Date.now();
    return this.#member.statuses.flatMap(({ id, state, waitingSince, failure }) => {
      const of = {
        ...id,
        state,
        restored: this.#restoring.of(id),
        waitingSeconds: waitingSince === undefined ? undefined : Math.max(0, now - waitingSince) / 1000,
        failure: state === 'waiting' ? failure : undefined,
      };
      const lags = this.#lag.latest.filter(({ stage, partition }) => stage === id.stage && partition === id.partition);
      if (lags.length === 0) return [{ ...of, topic: '', shard: '' }];
      return lags.map(({ topic, lag, position }) => ({ ...of, topic, shard: String(id.partition), lag, position }));
    });
  }

  /** Settles the tasks, leaves the group and lets go of everything. */
  async stop(withinMs: number): Promise<void> {
    await this.#member.stop(withinMs);
    this.#lag.close();
    this.#trims.close();
    this.#decoder.close();
    await this.#watermarks.close();
    await this.#operations.close();
  }

  #makeGroup(stateDir: string, listener: GroupListener): KafkaGroup {
    const { session, kafka, topology } = this.#parts;
    const { app, kafka: settings } = session.configuration;
    const group = new KafkaGroup({
      kafka,
      groupId: app,
      stages: topology.stages,
      decoder: this.#decoder,
      now: Date.now,
      log: session.log,
      partitions: topology.partitions,
      localTasks: localTasks(
        stateDir,
        topology.stages.map(({ stage }) => stage),
      ),
      sessionTimeoutMs: settings.sessionTimeoutMs,
      onAssigned: (tasks) => listener.onAssigned(tasks),
      onFailure: (error) => listener.onFailure(error),
    });
    group.onRecords((task) => listener.onRecords(task));
    return group;
  }

  #journal({ stage, partition }: TaskId) {
    const { session, kafka, topology } = this.#parts;
    const { forwardPartitions } = topology;
    const { app } = session.configuration;
    return createKafkaJournal({ kafka, app, stage, partition, forwardPartitions, log: session.log, clock: Date.now });
  }

  async #readLag(): Promise<readonly PartitionLag[]> {
    const found = await this.#group.lag();
    return found.map(({ task, kafkaTopic, position, end }) => ({
      stage: task.stage,
      topic: kafkaTopic,
      partition: task.partition,
      position,
      lag: Math.max(0, end - position),
    }));
  }

  #addTrims({ stage, partition }: TaskId, { positions }: Checkpoint): void {
    const topics = this.#parts.topology.stages.find((one) => one.stage === stage)?.topics ?? [];
    const forwards = new Set(topics.flatMap(({ name, isForward }) => (isForward ? [name] : [])));
    for (const { topic, offset } of Object.values(positions)) {
      if (forwards.has(topic)) this.#trims.add(topic, partition, offset);
    }
  }

  async #trim(topics: ReadonlyMap<string, readonly { partition: number; offset: number }[]>): Promise<void> {
    const { session, kafka } = this.#parts;
    await withAdmin(kafka, async (admin) => {
      for (const [topic, offsets] of topics) await trimForwards(admin, session.configuration.app, topic, offsets);
    });
  }
}

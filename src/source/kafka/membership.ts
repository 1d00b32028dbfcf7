import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import { typeOf } from './broker-access.ts';
import { backOff, refresh, refusal } from './failure.ts';
import { type Assigner, type Cluster, type ConsumerGroup, createConsumerGroup } from './internals.ts';

export interface MembershipOptions {
  readonly kafka: Kafka;
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly assigner: Assigner;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly log: Log;
  /** After each rebalance. */
  onJoined(joined: Joined): void;
  /** It has left for good: the brokers refuse it. */
  onFailure(error: unknown): void;
}

export interface Joined {
  readonly generation: number;
  readonly assigned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  /**
   * Whether it was a member all the time since it joined last. One that was put out in between and came back (it was
   * stopped for longer than the session) may have again what others had meanwhile.
   */
  readonly isContinuous: boolean;
}

/** Long enough for every member to notice at its next heartbeat. */
const rebalanceTimeoutMs = 60_000;
const leaveTimeoutMs = 5_000;

/**
 * Being a member of the group: joins, and then does nothing but send heartbeats on a timer of its own, whatever batches,
 * inserts and full buffers do. A rebalance is answered at once; tasks go on meanwhile, since a task that moved is fenced.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #group: ConsumerGroup;
  readonly #stopping = new AbortController();
  /** Set until a join has gone through to its end: until then a heartbeat may succeed without an assignment. */
  #mustJoin = true;
  #lastMemberId: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#group = createConsumerGroup(options.kafka, {
      cluster: options.cluster,
      groupId: options.groupId,
      topics: options.topics,
      assigners: [options.assigner],
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      retry: { retries: 3, initialRetryTime: 100 },
    });
  }

  /** Joins for the first time; the cluster is connected and knows the topics. */
  start(): void {
    this.#running = this.#run();
  }

  /** Offsets for lag tools to see. Rejects as kafkajs does; the caller decides what that means. */
  async commit(offsets: readonly { topic: string; partition: number; offset: string }[]): Promise<void> {
    const { memberId, generationId, coordinator } = this.#group;
    if (memberId === null || generationId === null || coordinator === null || this.#mustJoin) {
      throw new Error('the group is being joined');
    }
    await coordinator.offsetCommit({
      groupId: this.#options.groupId,
      memberId,
      groupGenerationId: generationId,
      topics: offsets.map(({ topic, ...partition }) => ({ topic, partitions: [partition] })),
    });
  }

  /** Leaves the group, so that the others need not wait for the session to end. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    // A join under way can last as long as the slowest member; the connection is closed after this in any case.
    const leaving = Promise.race([this.#running, sleep(leaveTimeoutMs, undefined, { ref: false })]).then(() =>
      this.#group.leave(),
    );
    await Promise.race([leaving, sleep(leaveTimeoutMs, undefined, { ref: false })]).catch((error: unknown) => {
      this.#options.log.info({ error: messageOf(error) }, 'the group was not told that this member leaves');
    });
  }

  async #run(): Promise<void> {
    const { heartbeatIntervalMs, log, groupId, onFailure } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#beat();
        failures = 0;
        await sleep(heartbeatIntervalMs, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        const refused = refusal(error, `group ${groupId}`);
        if (refused !== undefined) return onFailure(refused);
        failures++;
        const fields = { error: messageOf(error), groupId };
        if (failures === 3) log.warn(fields, 'The group cannot be reached; trying again until it can');
        else log.debug(fields, 'a heartbeat or join failed');
        await backOff(failures, signal).catch(() => undefined);
        await this.#recover(error);
      }
    }
  }

  async #beat(): Promise<void> {
    if (!this.#mustJoin) {
      try {
        await this.#group.heartbeat({ interval: 0 });
        return;
      } catch (error) {
        const type = typeOf(error);
        if (type === undefined || !mustJoinAfter.has(type)) throw error;
        if (type === 'UNKNOWN_MEMBER_ID') this.#group.memberId = null;
        this.#options.log.debug({ type }, 'joining the group again');
      }
    }
    this.#mustJoin = true;
    await this.#group.joinAndSync();
    this.#mustJoin = false;
    if (!this.#stopping.signal.aborted) this.#joined();
  }

  #joined(): void {
    const { memberId, generationId } = this.#group;
    const isContinuous = memberId === this.#lastMemberId;
    this.#lastMemberId = memberId;
    this.#options.onJoined({ generation: generationId as number, assigned: this.#group.assigned(), isContinuous });
  }

  async #recover(error: unknown): Promise<void> {
    const { cluster, groupId } = this.#options;
    try {
      await refresh(cluster, error);
      this.#group.coordinator = await cluster.findGroupCoordinator({ groupId });
    } catch {
      // The next heartbeat fails for the same reason, and is counted.
    }
  }
}

const mustJoinAfter = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

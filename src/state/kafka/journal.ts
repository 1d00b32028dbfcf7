import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { type Cluster, leaderOf, retrying } from '../../source/kafka/broker-access.ts';
import { openPartitionReader, type PartitionReader } from '../../source/kafka/partition-reader.ts';
import { troublesOf } from '../../source/kafka/troubles.ts';
import type { Journal, JournalEntry, JournalState, RestoreProgress } from '../journal.ts';
import type { Changes, Checkpoint, StateStore } from '../store.ts';
import { after, afterCheckpoint, emptyRecord, type TaskRecord } from '../task-record.ts';
import { withBookkeeping } from './bookkeeping.ts';
import { deadLetterPart, forwardParts } from './entry-records.ts';
import { fenced, journalError } from './failures.ts';
import {
  checkpointRecords,
  decodeRecord,
  identityRecord,
  isState,
  type OwnerRecord,
  ownerRecord,
  planRecord,
  positionRecord,
} from './journal-records.ts';
import { deadLetterTopic, forwardTopic, journalTopic, transactionalIds } from './names.ts';
import { Places } from './places.ts';
import { readBack } from './read-back.ts';
import type { OutgoingRecord } from './record-encoder.ts';
import { type SharedCluster, shareCluster } from './shared-clusters.ts';
import { tombstoneLife } from './topic-settings.ts';
import { type Outgoing, type Place, TransactionalProducer } from './transactional-producer.ts';

export interface KafkaJournalOptions {
  readonly kafka: Kafka;
  readonly app: string;
  /** `<domain>.<stage>`. */
  readonly stage: string;
  readonly partition: number;
  /** How many partitions each internal topic has that the stage forwards to, by its name in the domain. */
  readonly forwardPartitions: Readonly<Record<string, number>>;
  readonly log: { info(fields: object, message: string): void };
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How long brokers may be away before a write fails with PARLEY_JOURNAL_UNAVAILABLE. */
  readonly patienceMs?: number;
  /** The broker aborts a transaction of an owner that went silent after so long. */
  readonly transactionTimeoutMs?: number;
}

/** A batch of records is at most this, so that it passes the brokers' default of 1 MiB. */
const batchBytesMax = 900 * 1024;
/** How often an idle journal looks whether its last markers are in doubt. */
const repairMs = 2_000;
/** How long the record of a newer owner is awaited: it comes right after its fencing. */
const newerOwnerMs = 3_000;

/**
 * A task's journal in a compacted topic (docs/decisions/0006-kafka-journal.md). Appends and checkpoints are transactions
 * under two ids, so that they go on side by side; each is there as a whole or not at all.
 *
 *     new ──fence──▶ owner ──another one's fence──▶ failed, PARLEY_FENCED
 *                      └────brokers away──────────▶ failed, PARLEY_JOURNAL_UNAVAILABLE ──fence──▶ owner
 *
 * Failed is final until `fence`: what the last write did is not known, and must be read before anything follows it.
 */
export function createKafkaJournal(options: KafkaJournalOptions): Journal {
  return new KafkaJournal(options);
}

class KafkaJournal implements Journal {
  readonly keepsState = true;
  readonly #options: Required<KafkaJournalOptions>;
  readonly #topic: string;
  readonly #where: string;
  readonly #lanes: { readonly append: Lane; readonly checkpoint: Lane };
  #owner: string | undefined;
  #identity = '';
  #record: TaskRecord = emptyRecord;
  #places = new Places(0, 0, 0);
  /** No record that is yet to be written gets a lower offset. */
  #end = 0;
  #failure: unknown;
  #repairs: NodeJS.Timeout | undefined;

  constructor(options: KafkaJournalOptions) {
    this.#options = { patienceMs: 60_000, transactionTimeoutMs: 60_000, ...options };
    const { app, stage, partition } = options;
    const ids = transactionalIds(app, stage, partition);
    this.#topic = journalTopic(app, stage);
    this.#where = `journal ${this.#topic}, partition ${partition}`;
    this.#lanes = { append: this.#lane('append', ids.append), checkpoint: this.#lane('checkpoint', ids.checkpoint) };
  }

  async fence(store?: StateStore, onProgress?: RestoreProgress): Promise<JournalState> {
    this.#owner = undefined;
    const { append, checkpoint } = this.#lanes;
    await Promise.all([append.settled(), checkpoint.settled()]);
    let reader: PartitionReader | undefined;
    const owner = randomUUID();
    try {
      reader = await this.#reader();
      this.#end = (await reader.bounds()).end;
      await Promise.all([append.fence(), checkpoint.fence()]);
      const now = this.#options.clock();
      const { beginning, identity, isNew } = await this.#identify(reader);
      const parts = [ownerRecord({ owner, at: now }), ...(isNew ? [identityRecord(identity)] : [])];
      const end = await append.write([this.#part(parts)], this.#forwardPlaces());
      const tombstoneLifeMs = await tombstoneLife(append.cluster, this.#topic);
      const found = { identity, beginning, end, now, tombstoneLifeMs };
      const onWhole = (reason: string) =>
        this.#options.log.info({ reason }, `${this.#where}: the state is restored as a whole`);
      const read = await readBack({ reader, found, store, onProgress, onWhole, where: this.#where });
      this.#owner = owner;
      this.#identity = identity;
      this.#end = end;
      this.#record = read.record;
      this.#places = read.places;
      this.#failure = undefined;
      clearInterval(this.#repairs);
      this.#repairs = setInterval(() => this.#repair(owner), repairMs).unref();
      return read.state;
    } catch (error) {
      throw await this.#explained(error, owner);
    } finally {
      await reader?.close();
    }
  }

  async append(entry: JournalEntry): Promise<void> {
    const owner = this.#checkedOwner();
    const record = after(this.#record, entry, this.#where);
    const parts = this.#partsOf(entry, record);
    this.#record = record;
    await this.#write(owner, this.#lanes.append, async (write) => {
      const from = this.#end;
      if (entry.plan !== undefined) this.#places.plan(entry.plan.number, from);
      await write(await this.#withDeadLetters(parts, entry));
      this.#places.position(from);
    });
  }

  async checkpoint(checkpoint: Checkpoint, changes: Changes): Promise<void> {
    const owner = this.#checkedOwner();
    const { covered } = this.#record;
    this.#record = afterCheckpoint(this.#record, checkpoint, this.#where);
    await this.#write(owner, this.#lanes.checkpoint, async (write) => {
      const startedAt = this.#options.clock();
      const next = await write([this.#part(checkpointRecords(checkpoint, changes, covered))]);
      this.#places.checkpoint(checkpoint.plan, next, startedAt);
    });
  }

  /** The checkpoint as a local store is to keep it: with the place in the journal from which it lacks something. */
  stamp(checkpoint: Checkpoint): Checkpoint {
    return withBookkeeping(checkpoint, this.#places.bookkeeping(this.#identity, checkpoint.plan));
  }

  async close(): Promise<void> {
    this.#owner = undefined;
    clearInterval(this.#repairs);
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.close()));
  }

  /** One write after the other in its lane, none after one that failed. */
  #write(owner: string, lane: Lane, use: (write: (parts: readonly Outgoing[]) => Promise<number>) => Promise<void>) {
    return lane.inOrder(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await use(async (parts) => {
          const next = await lane.write(parts);
          this.#end = Math.max(this.#end, next);
          return next;
        });
      } catch (error) {
        this.#failure = await this.#explained(error, owner);
        throw this.#failure;
      }
    });
  }

  /**
   * What waits for a marker holds up whoever reads the partition, and the next batch may be long in coming. A failure is
   * told by the next write.
   */
  #repair(owner: string): void {
    for (const lane of Object.values(this.#lanes)) {
      if (!lane.isInDoubt || this.#failure !== undefined || this.#owner !== owner) continue;
      lane
        .inOrder(async () => {
          if (this.#failure !== undefined || this.#owner !== owner) return;
          await lane.repair().catch(async (error: unknown) => {
            this.#failure = await this.#explained(error, owner);
          });
        })
        .catch(() => undefined);
    }
  }

  #partsOf(entry: JournalEntry, record: TaskRecord): Outgoing[] {
    const { app, forwardPartitions } = this.#options;
    const own = [positionRecord(record), ...(entry.plan === undefined ? [] : [planRecord(entry.plan)])];
    return [this.#part(own), ...forwardParts(app, entry.forwards ?? [], forwardPartitions)];
  }

  async #withDeadLetters(parts: Outgoing[], { commit, deadLetters = [] }: JournalEntry): Promise<Outgoing[]> {
    if (commit === undefined || deadLetters.length === 0) return parts;
    const { app, stage, partition } = this.#options;
    const count = await this.#lanes.append.partitionsOf(deadLetterTopic(app));
    return [...parts, deadLetterPart(app, deadLetters, { stage, plan: commit }, partition % count)];
  }

  /** Records of the journal itself; always the first part, whose offsets `Lane.write` returns. */
  #part(records: Iterable<OutgoingRecord>): Outgoing {
    return { topic: this.#topic, partition: this.#options.partition, records };
  }

  /**
   * Everywhere that an owner before may have left a transaction open for want of its marker: the owner's record ends it
   * in the journal, so it is ended in the same way wherever it forwarded to.
   */
  #forwardPlaces(): Place[] {
    const { app, forwardPartitions } = this.#options;
    return Object.entries(forwardPartitions).flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic: forwardTopic(app, topic), partition })),
    );
  }

  #reader(): Promise<PartitionReader> {
    const { kafka, partition, patienceMs } = this.#options;
    return openPartitionReader(kafka, this.#topic, partition, { patienceMs });
  }

  /** The journal's id, which is at its beginning; a new one for a new journal. */
  async #identify(reader: PartitionReader): Promise<{ beginning: number; identity: string; isNew: boolean }> {
    const { beginning, end } = await reader.bounds();
    let identity: string | undefined;
    const onRecords = (records: Parameters<Parameters<PartitionReader['read']>[1]>[0]) => {
      for (const record of records) {
        if (isState(record) || record.key?.toString() !== 'identity') continue;
        const decoded = decodeRecord(record, this.#where);
        if (decoded.kind === 'identity') identity = decoded.id;
      }
      return identity !== undefined;
    };
    await reader.read(beginning, onRecords, { to: end });
    return { beginning, identity: identity ?? randomUUID(), isNew: identity === undefined };
  }

  #checkedOwner(): string {
    if (this.#owner === undefined)
      throw fenced(this.#where, 'a write of one who did not fence the others, or has closed');
    if (this.#failure !== undefined) throw this.#failure;
    return this.#owner;
  }

  #explained(error: unknown, owner: string): Promise<unknown> {
    return journalError(error, this.#where, () => this.#newerOwner(owner));
  }

  /** Another owner's record after what we wrote. */
  async #newerOwner(owner: string): Promise<OwnerRecord | undefined> {
    const reader = await this.#reader();
    const deadline = performance.now() + newerOwnerMs;
    let newer: OwnerRecord | undefined;
    try {
      for (let at = this.#end; newer === undefined && performance.now() < deadline; ) {
        const { end } = await reader.bounds();
        at = await reader.read(
          at,
          (records) => {
            for (const record of records) {
              if (record.key?.toString() !== 'owner') continue;
              const decoded = decodeRecord(record, this.#where);
              if (decoded.kind === 'owner' && decoded.owner !== owner) newer = decoded;
            }
            return newer !== undefined;
          },
          { to: end },
        );
        if (newer === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return newer;
    } finally {
      await reader.close();
    }
  }

  #lane(use: 'append' | 'checkpoint', transactionalId: string): Lane {
    return new Lane(this.#options, use, transactionalId);
  }
}

/** One of the two ways to write: a transactional id, its connections, and the order of what is asked for. */
class Lane {
  readonly #options: Required<KafkaJournalOptions>;
  readonly #use: 'append' | 'checkpoint';
  readonly #transactionalId: string;
  #shared: SharedCluster | undefined;
  #producer: TransactionalProducer | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: Required<KafkaJournalOptions>, use: 'append' | 'checkpoint', transactionalId: string) {
    this.#options = options;
    this.#use = use;
    this.#transactionalId = transactionalId;
  }

  get cluster(): Cluster {
    this.#shared ??= shareCluster(this.#options.kafka, this.#use);
    return this.#shared.cluster;
  }

  async fence(): Promise<void> {
    const { cluster } = this;
    const { transactionTimeoutMs, patienceMs, clock } = this.#options;
    await retrying(cluster, () => cluster.connect(), { initialMs: 50, maxMs: 1_000, totalMs: patienceMs });
    this.#producer ??= new TransactionalProducer(cluster, {
      transactionalId: this.#transactionalId,
      transactionTimeoutMs,
      patienceMs,
      batchBytesMax,
      troubles: troublesOf(this.#options.kafka),
      clock,
    });
    await this.#producer.fence();
  }

  /** One transaction. The offset after the last record of the first part. */
  async write(parts: readonly Outgoing[], also: readonly Place[] = []): Promise<number> {
    return (await this.#producer!.write(parts, also))[0]!;
  }

  get isInDoubt(): boolean {
    return this.#producer?.isInDoubt ?? false;
  }

  async repair(): Promise<void> {
    await this.#producer?.repair();
  }

  async partitionsOf(topic: string): Promise<number> {
    const { cluster } = this;
    await retrying(cluster, () => leaderOf(cluster, topic, 0));
    return cluster.findTopicPartitionMetadata(topic).length;
  }

  inOrder<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async settled(): Promise<void> {
    await this.#last;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#shared?.release();
    this.#shared = undefined;
    this.#producer = undefined;
  }
}

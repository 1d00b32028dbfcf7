import type { RejectionCode, StreamEvent } from '../runtime/domain.ts';

/** Half-open range of offsets `[from, to)` of one shard. */
export interface Range {
  /** Whatever is read in order and has offsets: a partition of a Kafka topic, a file, an internal queue. */
  readonly shard: string;
  readonly topic: string;
  readonly from: number;
  readonly to: number;
}

/** What a shard's position is: the offset of the next record to read. */
export type Positions = ReadonlyMap<string, Position>;

export interface Position {
  readonly topic: string;
  readonly offset: number;
  /** Whatever the source needs to find the offset again and to see that the input is still the same (JSON). */
  readonly mark?: unknown;
}

/** A record that could not be decoded, or that a processor refused. */
export interface Rejection {
  readonly code: RejectionCode;
  /** What was expected, what came, and where in the record. */
  readonly message: string;
}

/** A record of a batch: an event, or a rejection with the bytes that were refused. */
export interface SourceRecord {
  readonly topic: string;
  readonly shard: string;
  readonly offset: number;
  /** Milliseconds: the event's time. A record without one has that of the record before it in its shard. */
  readonly time: number;
  readonly event?: StreamEvent;
  readonly rejection?: Rejection;
  /** Why there is nothing in it to count: neither an event nor a fault. */
  readonly skipped?: string;
  /** The record as it came; needed for dead letters only, so a source may make it when asked. */
  bytes(): Buffer;
  /** What came beside the bytes, where anything did. */
  envelope?(): Envelope;
}

/** What a Kafka record has beside its value that it takes to send it again. */
export interface Envelope {
  readonly key: Buffer | null;
  /** The header `__value_schema_id`; null where the value itself names its schema, or none is named. */
  readonly schema: Buffer | null;
}

export interface SourceBatch {
  readonly records: readonly SourceRecord[];
  readonly ranges: readonly Range[];
  /** Marks of the shards in `ranges` at the ends of those ranges. */
  readonly marks: ReadonlyMap<string, unknown>;
  /**
   * The time up to which every shard has been given, as far as can be told, where that is not simply the newest time given:
   * shards that run apart. -Infinity when it cannot be told. Milliseconds.
   */
  readonly through?: number;
  /** Whether this is all that was there, in every shard, when the batch began. */
  readonly isLast?: boolean;
}

/** What the journal knows of a batch that is read again. */
export interface ReadOptions {
  /** The batch's journalled time. */
  readonly now?: number;
  /** Marks of the shards at the ends of the ranges: the bytes must still lead to the same. */
  readonly marks?: Readonly<Record<string, unknown>>;
}

export interface BatchLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
  /** The batch's time, milliseconds, for what decoding decides by it; the source's own clock without it. */
  readonly now?: number;
  /** Whether this is a further portion of the batch that the last `next` gave a portion of. */
  readonly isContinued?: boolean;
}

/**
 * Where a task's events come from. The order of records is fixed: of the shards' next records always the one with the
 * least (time, place of the topic in the stage, shard). It depends on the records of the ranges alone, so a range that
 * is read again comes in the same order.
 */
export interface Source {
  /**
   * Whether what `next` gives can be joined to what it gave before: the ranges of one batch must come again by `read` in
   * the order in which their records were taken.
   */
  readonly isContinuous?: boolean;
  /** The next records after the positions; undefined when the input is at its end for now. */
  next(limits: BatchLimits): Promise<SourceBatch | undefined>;
  /** Exactly these ranges again. Fails with PARLEY_INPUT_GONE when they are no longer there. */
  read(ranges: readonly Range[], options?: ReadOptions): Promise<SourceBatch>;
  /** Sets where `next` goes on. Called once, before the first `next`. */
  seek(positions: Positions): Promise<void>;
  /** Whether nothing waits in any shard, as its owner has said a moment ago. Without it: whenever `next` gives nothing. */
  isCaughtUp?(): boolean;
  close(): Promise<void>;
}

import type { ParleyError } from '../../errors.ts';
import { RecordQueue } from './record-queue.ts';
import type { Shard } from './shard.ts';

/** A shard's end is believed for so long: an idle one is asked many times a second. */
const freshMs = 2_000;

/**
 * A shard from one seek on: what was fetched and waits, and what the broker said last. Every seek makes a new one and
 * closes the one before, and an answer goes to the feed that asked: what was fetched before a seek cannot be taken
 * after it.
 */
export class ShardFeed {
  readonly shard: Shard;
  readonly queue: RecordQueue;
  /** Whether it stood in a journal where the feed begins; a new shard begins with what is there. */
  readonly isKnown: boolean;
  /** The first offset that is not yet readable, as far as is known. */
  knownEnd: number;
  isFetching = false;
  /** Whether the broker answered since the seek. */
  isAnswered = false;
  /** When it answered last, milliseconds of `performance.now()`. */
  answeredAt = Number.NEGATIVE_INFINITY;
  isClosed = false;
  /** The newest time of the records given since the seek, milliseconds. */
  givenTime = Number.NEGATIVE_INFINITY;
  /** Why nothing will come any more. */
  failure: ParleyError | undefined;
  /** Fetches that failed, one after the other. */
  failures = 0;
  /** Since when the broker does not know the topic, milliseconds of `performance.now()`. */
  missingSince: number | undefined;

  constructor(shard: Shard, from: number, knownEnd: number, isKnown: boolean) {
    this.shard = shard;
    this.queue = new RecordQueue(from, where(shard));
    this.knownEnd = knownEnd;
    this.isKnown = isKnown;
  }

  /** Whether there is more on the broker, as far as is known, than what was fetched. */
  get isBehind(): boolean {
    return this.failure === undefined && this.queue.end < this.knownEnd;
  }

  /** Whether all that the broker has, as it has said a moment ago, was fetched. */
  get isWhole(): boolean {
    const isFresh = performance.now() - this.answeredAt < freshMs;
    return isFresh && this.failure === undefined && !this.isBehind;
  }

  /** Whether there is a record to take or a failure to tell. */
  get isReady(): boolean {
    try {
      return this.failure !== undefined || this.queue.head !== undefined;
    } catch {
      return true; // Records that cannot be read: whoever takes them is told.
    }
  }

  get where(): string {
    return where(this.shard);
  }
}

function where({ kafkaTopic, partition }: Shard): string {
  return `topic ${kafkaTopic}, partition ${partition}`;
}

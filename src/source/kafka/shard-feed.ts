import type { ParleyError } from '../../errors.ts';
import { RecordQueue } from './record-queue.ts';
import type { Shard } from './shard.ts';

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
  isClosed = false;
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

import type { Decoded } from '../../events/decode.ts';
import type { StreamEvent } from '../../runtime/domain.ts';
import type { RecordDecoder } from '../record-decoder.ts';
import type { BatchLimits, Rejection, SourceRecord } from '../source.ts';
import type { RecordQueue } from './record-queue.ts';
import type { Shard } from './shard.ts';

/** A record of a Kafka topic in a batch. It keeps the bytes of its record batch alive. */
export class KafkaRecord implements SourceRecord {
  readonly topic: string;
  readonly shard: string;
  readonly offset: number;
  readonly time: number;
  declare readonly event?: StreamEvent;
  declare readonly rejection?: Rejection;
  readonly #value: Buffer | null;

  constructor({ topic, name }: Shard, offset: number, value: Buffer | null, decoded: Decoded, timeBefore: number) {
    this.topic = topic;
    this.shard = name;
    this.offset = offset;
    this.#value = value;
    if (decoded.event) {
      this.time = decoded.event.time;
      this.event = decoded.event;
    } else {
      this.time = timeBefore;
      this.rejection = decoded.rejection as Rejection;
    }
  }

  bytes(): Buffer {
    return this.#value === null ? Buffer.alloc(0) : Buffer.from(this.#value);
  }
}

/**
 * A shard's part in one batch. The head is decoded for that batch alone: what a decoder answers depends on the batch's
 * time, and the time of a refused record on the records of the batch before it, so that both come again when the batch
 * is read again.
 */
export class Cursor {
  readonly shard: Shard;
  readonly queue: RecordQueue;
  /** The decoded head; undefined when there is none up to `to`. */
  head: KafkaRecord | undefined;
  /** What is less comes first. A refused record without one before it comes at once. */
  order = Number.NEGATIVE_INFINITY;
  /** Bytes of the head. */
  size = 0;
  taken = 0;
  readonly #to: number;
  readonly #decoder: RecordDecoder;
  readonly #now: number;

  constructor(shard: Shard, queue: RecordQueue, decoder: RecordDecoder, now: number, to = Number.POSITIVE_INFINITY) {
    this.shard = shard;
    this.queue = queue;
    this.#decoder = decoder;
    this.#now = now;
    this.#to = to;
  }

  /** Decodes the next record into `head`. A promise only when the decoder has to look something up. */
  peek(): Promise<void> | undefined {
    const raw = this.queue.head;
    this.head = undefined;
    if (raw === undefined || raw.offset >= this.#to) return undefined;
    const { offset, value, key } = raw;
    this.size = (value?.length ?? 0) + (key?.length ?? 0);
    const decoded = this.#decoder.decode(this.shard.topic, value, key, raw.headers(), this.#now);
    if (decoded instanceof Promise) return decoded.then((late) => this.#behead(offset, value, late));
    this.#behead(offset, value, decoded);
    return undefined;
  }

  /** Takes the head and decodes the next. */
  step(): Promise<void> | undefined {
    this.queue.take();
    this.taken++;
    return this.peek();
  }

  #behead(offset: number, value: Buffer | null, decoded: Decoded): void {
    this.head = new KafkaRecord(this.shard, offset, value, decoded, this.order);
    this.order = this.head.time;
  }
}

/**
 * The next records of the cursors, always the least by (time, place of the topic, shard). Which ones are taken depends
 * on the limits and on what waits; their order on the records alone. `isDryEnd` says for a cursor that has no more
 * whether it would be better to end the batch there.
 */
export async function merge(
  cursors: readonly Cursor[],
  limits: Pick<BatchLimits, 'eventsMax' | 'bytesMax'>,
  isDryEnd: (cursor: Cursor, taken: number) => boolean,
): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  let bytes = 0;
  for (const cursor of cursors) await cursor.peek();
  const waiting = cursors.filter(({ head }) => head !== undefined);
  while (waiting.length > 0) {
    const cursor = waiting.reduce((least, other) => (isBefore(other, least) ? other : least));
    const rivals = waiting.filter((other) => other !== cursor);
    const rival = rivals.length === 0 ? undefined : rivals.reduce((a, b) => (isBefore(b, a) ? b : a));
    do {
      records.push(cursor.head as KafkaRecord);
      bytes += cursor.size;
      const late = cursor.step();
      if (late !== undefined) await late;
      if (records.length >= limits.eventsMax || bytes >= limits.bytesMax) return records;
    } while (cursor.head !== undefined && (rival === undefined || isBefore(cursor, rival)));
    if (cursor.head !== undefined) continue;
    if (isDryEnd(cursor, records.length)) return records;
    waiting.splice(waiting.indexOf(cursor), 1);
  }
  return records;
}

function isBefore(a: Cursor, b: Cursor): boolean {
  if (a.order !== b.order) return a.order < b.order;
  if (a.shard.place !== b.shard.place) return a.shard.place < b.shard.place;
  return a.shard.name < b.shard.name;
}

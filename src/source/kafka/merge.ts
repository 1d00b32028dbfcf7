import type { Decoded } from '../../events/decode.ts';
import type { StreamEvent } from '../../runtime/domain.ts';
import { type RecordDecoder, type RecordHeaders, schemaHeader } from '../record-decoder.ts';
import type { Envelope, Rejection, SourceRecord } from '../source.ts';
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
  readonly #raw: RawRecord;

  constructor({ topic, name }: Shard, raw: RawRecord, decoded: Decoded, timeBefore: number) {
    this.topic = topic;
    this.shard = name;
    this.offset = raw.offset;
    this.#raw = raw;
    if (decoded.event) {
      this.time = decoded.event.time;
      this.event = decoded.event;
    } else {
      this.time = timeBefore;
      this.rejection = decoded.rejection as Rejection;
    }
  }

  bytes(): Buffer {
    return copyOf(this.#raw.value) ?? Buffer.alloc(0);
  }

  envelope(): Envelope {
    const { key, schema } = this.#raw;
    return { key: copyOf(key), schema: copyOf(schema) };
  }
}

interface RawRecord extends Envelope {
  readonly offset: number;
  readonly value: Buffer | null;
}

/** Without the record batch that the bytes are part of. */
function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
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
  /** The newest time of an event taken, milliseconds; undefined before the first. */
  takenTime: number | undefined;
  /** The offset that it ends before. What comes into the queue later is for a later batch. */
  readonly #to: number;
  #position: number;
  readonly #decoder: RecordDecoder;
  readonly #now: number;

  constructor(shard: Shard, queue: RecordQueue, decoder: RecordDecoder, now: number, to = queue.end) {
    this.shard = shard;
    this.queue = queue;
    this.#decoder = decoder;
    this.#now = now;
    this.#to = to;
    this.#position = queue.position;
  }

  /** Where it stands: after the last record taken and, when all are, at its end, with the holes before that. */
  get position(): number {
    return this.head === undefined ? this.#to : this.#position;
  }

  /** Decodes the next record into `head`. A promise only when the decoder has to look something up. */
  peek(): Promise<void> | undefined {
    const raw = this.queue.head;
    this.head = undefined;
    if (raw === undefined || raw.offset >= this.#to) return undefined; // The end of its part.
    const { offset, value, key } = raw;
    this.size = (value?.length ?? 0) + (key?.length ?? 0);
    const headers = raw.headers();
    const schema = headers === undefined ? null : schemaOf(headers);
    const decoded = this.#decoder.decode(this.shard.topic, value, key, headers, this.#now);
    if (decoded instanceof Promise) return decoded.then((late) => this.#behead({ offset, value, key, schema }, late));
    this.#behead({ offset, value, key, schema }, decoded);
    return undefined;
  }

  /** Takes the head and decodes the next. */
  step(): Promise<void> | undefined {
    const { offset, event } = this.head as KafkaRecord;
    this.#position = offset + 1;
    if (event !== undefined && !(event.time <= this.takenTime!)) this.takenTime = event.time;
    this.queue.take();
    this.taken++;
    return this.peek();
  }

  #behead(raw: RawRecord, decoded: Decoded): void {
    this.head = new KafkaRecord(this.shard, raw, decoded, this.order);
    this.order = this.head.time;
  }
}

/**
 * The records of the cursors in one order, in as many portions as wanted: always the least by (time, place of the topic,
 * shard). How many are taken depends on the limits; their order on the records alone, so that ranges that are read again
 * give the same.
 */
export class Merge {
  readonly cursors: readonly Cursor[];
  /** Records given so far. */
  taken = 0;
  /** Of those, keys and values. */
  bytes = 0;
  readonly #isDryEnd: (cursor: Cursor, taken: number) => boolean;
  #waiting: Cursor[] | undefined;

  /** `isDryEnd` says of a cursor that has no more whether it is better to end there than to go on with the others. */
  constructor(cursors: readonly Cursor[], isDryEnd: (cursor: Cursor, taken: number) => boolean = () => false) {
    this.cursors = cursors;
    this.#isDryEnd = isDryEnd;
  }

  /** The next records, up to `eventsMax` of them or until all are `bytesMax` long together; none at the end. */
  async take(eventsMax: number, bytesMax: number): Promise<KafkaRecord[]> {
    const records: KafkaRecord[] = [];
    const waiting = this.#waiting ?? (await this.#begin());
    while (waiting.length > 0 && records.length < eventsMax && this.bytes < bytesMax) {
      const cursor = waiting.reduce((least, other) => (isBefore(other, least) ? other : least));
      const rivals = waiting.filter((other) => other !== cursor);
      const rival = rivals.length === 0 ? undefined : rivals.reduce((a, b) => (isBefore(b, a) ? b : a));
      do {
        records.push(cursor.head as KafkaRecord);
        this.bytes += cursor.size;
        const late = cursor.step();
        if (late !== undefined) await late;
      } while (
        cursor.head !== undefined &&
        records.length < eventsMax &&
        this.bytes < bytesMax &&
        (rival === undefined || isBefore(cursor, rival))
      );
      if (cursor.head !== undefined) continue;
      waiting.splice(waiting.indexOf(cursor), 1);
      if (this.#isDryEnd(cursor, this.taken + records.length)) waiting.length = 0;
    }
    this.taken += records.length;
    return records;
  }

  async #begin(): Promise<Cursor[]> {
    for (const cursor of this.cursors) await cursor.peek();
    this.#waiting = this.cursors.filter(({ head }) => head !== undefined);
    return this.#waiting;
  }
}

function schemaOf(headers: RecordHeaders): Buffer | null {
  const schema = headers[schemaHeader];
  return Buffer.isBuffer(schema) ? schema : null;
}

function isBefore(a: Cursor, b: Cursor): boolean {
  if (a.order !== b.order) return a.order < b.order;
  if (a.shard.place !== b.shard.place) return a.shard.place < b.shard.place;
  return a.shard.name < b.shard.name;
}

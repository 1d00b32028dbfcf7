import { isAscii, isUtf8 } from 'node:buffer';
import { createDecoder, type Decoder } from '../../../events/decode.ts';
import type { StreamEvent, Topic } from '../../../runtime/domain.ts';
import { hasByteOrderMark, linePlace } from '../line-places.ts';
import { kinds, type PackedEvents, type Shape } from './packed-events.ts';

interface KnownShape {
  readonly shape: Shape;
  readonly place: number;
}

/** How often the texts of a field were looked for among those of the block, and found. */
interface Repetitions {
  asked: number;
  found: number;
  isLookedUp: boolean;
}

/** What there is so far of a block. */
class Block {
  readonly shapes: Shape[] = [];
  readonly lines: number[] = [];
  readonly times: number[] = [];
  readonly cells: number[] = [];
  readonly doubles: number[] = [];
  readonly values: unknown[] = [];
  readonly texts: string[] = [];
  readonly placeOf = new Map<string, number>();
  /** By field, that of the last event: those that follow one another share most of them. */
  readonly lastTexts: string[] = [];
  readonly lastPlaces: number[] = [];

  packed(): PackedEvents {
    return {
      lines: new Int32Array(this.lines),
      times: new Float64Array(this.times),
      cells: new Int32Array(this.cells),
      doubles: new Float64Array(this.doubles),
      texts: this.texts,
      values: this.values,
      shapes: this.shapes,
    };
  }
}

/** Blocks after which it is seen anew which fields repeat their texts. */
const learnedAnewAfter = 64;

/** Events of more shapes than these are left alone: each shape costs a function. */
const shapesMax = 1_000;

/**
 * Parses and checks the lines of blocks, and packs what is an event beyond doubt. All else (what is refused, or may be by
 * the time of its batch, and what cannot be told without what lies before the block) is left to who asked.
 */
export class EventPacker {
  readonly #decoder: Decoder;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #shapesOf = new Map<string, KnownShape>();
  #block = new Block();
  /** The last event's shape: those that follow one another share it. */
  #last: KnownShape | undefined;
  #fields: Repetitions[] = [];
  #blocks = 0;

  constructor(topics: readonly Topic[]) {
    this.#decoder = createDecoder(topics);
    this.#keys = new Map(topics.map(({ name, key }) => [name, key]));
  }

  /** Undefined for bytes that are to be looked at as a whole: no UTF-8, or a byte order mark. */
  pack(topic: string, bytes: Buffer): PackedEvents | undefined {
    const isPlain = isAscii(bytes);
    if (!isPlain && (hasByteOrderMark(bytes) || !isUtf8(bytes))) return undefined;
    const { eventBytesMax } = this.#decoder;
    for (let place = linePlace(bytes, undefined, 0); place !== undefined; ) {
      const { start, end, next } = place;
      let event: StreamEvent | undefined;
      if (end - start <= eventBytesMax) {
        event = this.#decoder.recognise(topic, bytes.toString(isPlain ? 'latin1' : 'utf8', start, end));
      }
      const cell = this.#block.cells.length;
      const shape = event === undefined ? -1 : this.#add(event);
      this.#block.lines.push(start, end, next, shape, cell);
      this.#block.times.push(event?.time ?? 0);
      place = linePlace(bytes, undefined, next);
    }
    return this.#take();
  }

  /** The number of its shape; -1 when it is left alone. */
  #add({ topic, value }: StreamEvent): number {
    const fields = value as Readonly<Record<string, unknown>>;
    const last = this.#last;
    if (last !== undefined && last.shape.topic === topic && this.#addAs(last.shape, fields)) return last.place;
    const found = this.#shape(topic, fields);
    return found !== undefined && this.#addAs(found.shape, fields) ? found.place : -1;
  }

  /** False, and nothing added, when it has another shape. */
  #addAs({ names, kinds: kindsOf }: Shape, fields: Readonly<Record<string, unknown>>): boolean {
    const before = this.#block.cells.length;
    let field = 0;
    for (const name in fields) {
      const value = fields[name];
      if (name !== names[field] || kindOf(value) !== kindsOf[field]) {
        this.#block.cells.length = before;
        return false;
      }
      this.#block.cells.push(this.#cell(field, value));
      field++;
    }
    if (field === names.length) return true;
    this.#block.cells.length = before;
    return false;
  }

  #cell(field: number, value: unknown): number {
    if (typeof value === 'string') return this.#text(field, value);
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value !== 'number') return this.#block.values.push(value) - 1;
    return isInteger(value) ? value : this.#block.doubles.push(value) - 1;
  }

  /** Of a field whose texts come again and again, each is taken once; to look others up would be in vain. */
  #text(field: number, text: string): number {
    if (this.#block.lastTexts[field] === text) return this.#block.lastPlaces[field]!;
    const texts = this.#repetitions(field);
    let place: number | undefined;
    if (texts.isLookedUp) {
      texts.asked++;
      place = this.#block.placeOf.get(text);
    }
    if (place === undefined) {
      place = this.#block.texts.push(text) - 1;
      if (texts.isLookedUp) this.#block.placeOf.set(text, place);
    } else {
      texts.found++;
    }
    this.#block.lastTexts[field] = text;
    this.#block.lastPlaces[field] = place;
    return place;
  }

  #repetitions(field: number): Repetitions {
    let repetitions = this.#fields[field];
    if (repetitions === undefined) {
      repetitions = { asked: 0, found: 0, isLookedUp: true };
      this.#fields[field] = repetitions;
    }
    return repetitions;
  }

  #shape(topic: string, fields: Readonly<Record<string, unknown>>): KnownShape | undefined {
    const names = Object.keys(fields);
    const kindsOf = names.map((name) => kindOf(fields[name])).join('');
    // A literal with that name would set the prototype.
    if (names.includes('__proto__')) return undefined;
    const signature = JSON.stringify([topic, kindsOf, names]);
    let known = this.#shapesOf.get(signature);
    if (known === undefined) {
      if (this.#shapesOf.size === shapesMax) return undefined;
      const shape = { topic, key: this.#keys.get(topic)!, names, kinds: kindsOf };
      known = { shape, place: this.#shapesOf.size };
      this.#shapesOf.set(signature, known);
      this.#block.shapes.push(shape);
    }
    this.#last = known;
    return known;
  }

  #take(): PackedEvents {
    const packed = this.#block.packed();
    this.#block = new Block();
    this.#learn();
    return packed;
  }

  #learn(): void {
    this.#blocks++;
    if (this.#blocks % learnedAnewAfter === 0) this.#fields = [];
    for (const field of this.#fields) if (field !== undefined) field.isLookedUp &&= field.found * 4 >= field.asked;
  }
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return kinds.text;
  if (typeof value === 'boolean') return kinds.boolean;
  if (typeof value !== 'number') return kinds.value;
  return isInteger(value) ? kinds.integer : kinds.double;
}

/** Of 32 bits. Negative zero is not the integer zero. */
function isInteger(value: number): boolean {
  return Object.is(value | 0, value);
}

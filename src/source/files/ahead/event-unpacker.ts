import type { StreamEvent } from '../../../runtime/domain.ts';
import type { LinePlace } from '../line-places.ts';
import { kinds, lineWidth, type PackedEvents, type Shape } from './packed-events.ts';

type Make = (packed: PackedEvents, cell: number, time: number) => StreamEvent;

/** As for the engine's own parser: texts up to this length are mostly words that come again and again. */
const wordLengthMax = 10;
const wordsMax = 10_000;

/** Makes events of what one `EventPacker` packed, block after block. */
export class EventUnpacker {
  readonly #makes: Make[] = [];
  readonly #words = new Map<string, string>();

  unpack(packed: PackedEvents): ParsedLines {
    for (const shape of packed.shapes) this.#makes.push(compile(shape));
    const { texts } = packed;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index]!;
      if (text.length <= wordLengthMax) texts[index] = this.#word(text);
    }
    return new ParsedLines(packed, this.#makes);
  }

  /** One text for all that are the same: who compares the two then only has to see that. */
  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size === wordsMax) this.#words.clear();
    this.#words.set(text, text);
    return text;
  }
}

/** The lines of a block, and the events that were made of them elsewhere. */
export class ParsedLines {
  readonly #packed: PackedEvents;
  readonly #makes: readonly Make[];
  /** Place of the first number of the line that was found last. */
  #at = 0;

  constructor(packed: PackedEvents, makes: readonly Make[]) {
    this.#packed = packed;
    this.#makes = makes;
  }

  /** The first line at or after `at`; undefined when there is none. Quick for the line after the one found last. */
  find(at: number): LinePlace | undefined {
    const { lines } = this.#packed;
    let place = this.#at;
    while (place > 0 && lines[place - lineWidth]! >= at) place -= lineWidth;
    while (place < lines.length && lines[place]! < at) place += lineWidth;
    this.#at = place;
    if (place === lines.length) return undefined;
    return { start: lines[place]!, end: lines[place + 1]!, next: lines[place + 2]! };
  }

  /** The event of the line that was found last, but for whether its time is in range; undefined where it has to be read. */
  event(): StreamEvent | undefined {
    const { lines, times } = this.#packed;
    const shape = lines[this.#at + 3]!;
    if (shape < 0) return undefined;
    return this.#makes[shape]!(this.#packed, lines[this.#at + 4]!, times[this.#at / lineWidth]!);
  }
}

/**
 * A function that makes events of a shape: one literal, so that all events of it are of one kind to the engine. Field by
 * field it would be several times slower.
 */
function compile({ topic, key, names, kinds: kindsOf }: Shape): Make {
  const fields = names.map((name, index) => `${JSON.stringify(name)}: ${reading(kindsOf[index]!, index)}`);
  const keyed = reading(kinds.text, names.indexOf(key));
  return new Function(
    'packed',
    'cell',
    'time',
    `const { cells, doubles, texts, values } = packed;
    return { topic: ${JSON.stringify(topic)}, key: ${keyed}, time, value: { ${fields.join(', ')} } };`,
  ) as Make;
}

function reading(kind: string, index: number): string {
  const cell = `cells[cell + ${index}]`;
  if (kind === kinds.text) return `texts[${cell}]`;
  if (kind === kinds.integer) return cell;
  if (kind === kinds.boolean) return `${cell} === 1`;
  return kind === kinds.double ? `doubles[${cell}]` : `values[${cell}]`;
}

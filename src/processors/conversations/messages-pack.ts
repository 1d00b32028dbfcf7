import type { About, KeptMessage } from './message-pass.ts';

/**
 * Settled messages as text, which costs the collector little, is looked through by `includes`, and is written to the
 * store as it is. Ids hold no control characters (src/events/fields.ts), so these can part them.
 * A record: RECORD id FIELD time-firstTime FIELD place-in-abouts FIELD text-length FIELD text and tags (JSON).
 */
export interface Pack {
  /** One or more records each: adding to one text would make a tree of its parts, which the collector walks through. */
  parts: string[];
  count: number;
  /** Time of the first message in it. */
  firstTime: number;
  abouts: readonly About[];
  /** Empties it. `abouts` stays: messages that come hold on to it. */
  clear(): void;
}

const RECORD = '\u0001';
const FIELD = '\u0002';
/** More than these and `abouts` is made anew from the messages that are packed next. */
const ABOUTS_MAX = 64;

const noAbouts: readonly About[] = [];

class TextPack implements Pack {
  parts: string[] = [];
  count = 0;
  firstTime = 0;
  abouts: readonly About[] = noAbouts;

  clear(): void {
    this.parts = [];
    this.count = 0;
    if (this.abouts.length > ABOUTS_MAX) this.abouts = noAbouts;
  }
}

export function newPack(): Pack {
  return new TextPack();
}

export function isPacked(pack: Pack, id: string): boolean {
  const record = RECORD + id + FIELD;
  return pack.parts.some((part) => part.includes(record));
}

export function packMessages(pack: Pack, messages: readonly KeptMessage[]): void {
  if (messages.length === 0) return;
  if (pack.count === 0) pack.firstTime = messages[0]!.time;
  const parts: string[] = [];
  for (const { id, time, about, textLength, text, textTags } of messages) {
    let place = pack.abouts.indexOf(about);
    if (place < 0) {
      place = pack.abouts.length;
      pack.abouts = [...pack.abouts, about];
    }
    const record = `${RECORD}${id}${FIELD}${time - pack.firstTime}${FIELD}${place}${FIELD}${textLength ?? ''}`;
    parts.push(text === null && textTags.length === 0 ? record : record + FIELD + JSON.stringify([text, textTags]));
  }
  pack.parts.push(parts.join(''));
  pack.count += messages.length;
}

export function unpackMessages(pack: Pack): KeptMessage[] {
  if (pack.count === 0) return [];
  return packedText(pack)
    .slice(1)
    .split(RECORD)
    .map((record) => {
      const [id, time, place, length, body] = record.split(FIELD) as [string, string, string, string, string?];
      const [text, textTags] = body === undefined ? [null, []] : (JSON.parse(body) as [string | null, string[]]);
      return {
        id,
        time: pack.firstTime + Number(time),
        about: pack.abouts[Number(place)]!,
        textLength: length === '' ? null : Number(length),
        text,
        textTags,
        previous: null,
        responseSeconds: null,
        isFirstResponse: false,
        sessionStartedAt: null,
      };
    });
}

/** All of it as one text, which it is from then on. */
export function packedText(pack: Pack): string {
  if (pack.parts.length > 1) pack.parts = [pack.parts.join('')];
  return pack.parts[0] ?? '';
}

/** The id of the last message in it. */
export function lastPackedId({ parts }: Pack): string {
  const last = parts.at(-1) ?? '';
  const start = last.lastIndexOf(RECORD) + 1;
  return last.slice(start, last.indexOf(FIELD, start));
}

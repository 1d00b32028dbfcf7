import type { TimelineEntry } from './timeline.ts';

/**
 * Settled entries as text, which costs the collector little, is looked through by `includes`, and is written to the
 * store as it is. Ids hold no control characters (src/events/fields.ts), so these can part them; what else a domain
 * writes must hold none of them either.
 * A record: RECORD id FIELD time-firstTime FIELD place-in-abouts FIELD … what the domain writes.
 */
export interface Pack<About> {
  /** One or more records each: adding to one text would make a tree of its parts, which the collector walks through. */
  parts: string[];
  count: number;
  /** Time of the first entry in it. */
  firstTime: number;
  /** What entries mostly share, kept once for all that do. */
  abouts: readonly About[];
  /** Empties it. `abouts` stays while it is short: entries that come hold on to it. */
  clear(): void;
}

/** How entries of a domain are written and read. */
export interface PackedForm<Entry, About> {
  aboutOf(entry: Entry): About;
  /** The entry's own fields, joined by FIELD. */
  write(entry: Entry): string;
  read(id: string, time: number, about: About, fields: readonly string[]): Entry;
}

export const FIELD = '\u0002';
const RECORD = '\u0001';
/** Fields before the domain's own. */
const FIXED = 3;
/** More than these and `abouts` is made anew from the entries that are packed next. */
const ABOUTS_MAX = 256;

class TextPack<About> implements Pack<About> {
  parts: string[] = [];
  count = 0;
  firstTime = 0;
  abouts: readonly About[] = [];

  clear(): void {
    this.parts = [];
    this.count = 0;
    if (this.abouts.length > ABOUTS_MAX) this.abouts = [];
  }
}

export function newPack<About>(): Pack<About> {
  return new TextPack();
}

export function isPacked(pack: Pack<unknown>, id: string): boolean {
  const record = RECORD + id + FIELD;
  return pack.parts.some((part) => part.includes(record));
}

export function packEntries<Entry extends TimelineEntry, About>(
  pack: Pack<About>,
  entries: readonly Entry[],
  { aboutOf, write }: PackedForm<Entry, About>,
): void {
  if (entries.length === 0) return;
  if (pack.count === 0) pack.firstTime = entries[0]!.time;
  const parts: string[] = [];
  for (const entry of entries) {
    const about = aboutOf(entry);
    let at = pack.abouts.indexOf(about);
    if (at < 0) {
      at = pack.abouts.length;
      pack.abouts = [...pack.abouts, about];
    }
    parts.push(RECORD, entry.id, FIELD, String(entry.time - pack.firstTime), FIELD, String(at), FIELD, write(entry));
  }
  pack.parts.push(parts.join(''));
  pack.count += entries.length;
}

export function unpackEntries<Entry extends TimelineEntry, About>(
  pack: Pack<About>,
  { read }: PackedForm<Entry, About>,
): Entry[] {
  if (pack.count === 0) return [];
  return packedText(pack)
    .slice(1)
    .split(RECORD)
    .map((record) => {
      const fields = record.split(FIELD);
      return read(fields[0]!, pack.firstTime + Number(fields[1]), pack.abouts[Number(fields[2])]!, fields.slice(FIXED));
    });
}

/** All of it as one text, which it is from then on. */
export function packedText(pack: Pack<unknown>): string {
  if (pack.parts.length > 1) pack.parts = [pack.parts.join('')];
  return pack.parts[0] ?? '';
}

/** The id of the last entry in it. */
export function lastPackedId({ parts }: Pack<unknown>): string {
  const last = parts.at(-1) ?? '';
  const start = last.lastIndexOf(RECORD) + 1;
  return last.slice(start, last.indexOf(FIELD, start));
}

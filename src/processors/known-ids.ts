/**
 * The ids that came last, so that a repeat is known however late it comes: 48 bits of each, as eight characters of
 * base64url, one after the other in the order of arrival. A text costs the collector nothing, is looked through by
 * `indexOf` and is stored as it is.
 *
 * Only the newest `idsMax` count. That is a rule of the order of events alone, never of when something was forgotten
 * for good. An id that is new is taken for one of n others with a chance of n / 2^48: for 2,000, 7 in 10^12.
 */
export const KNOWN_IDS_MAX = 2_000;

const WIDTH = 8;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Two digits for each number of 12 bits. */
const PAIRS = Array.from({ length: 4096 }, (_, number) => DIGITS[number >> 6]! + DIGITS[number & 63]!);

/** Stored with the state: what it gives for an id must never change. Mixing as in cyrb53 and MurmurHash3. */
export function shortId(id: string): string {
  let left = 0xdeadbeef | 0;
  let right = 0x41c6ce57 | 0;
  for (let index = 0; index < id.length; index++) {
    const unit = id.charCodeAt(index);
    left = Math.imul(left ^ unit, 2654435761);
    right = Math.imul(right ^ unit, 1597334677);
  }
  left = Math.imul(left ^ (left >>> 16), 2246822507) ^ Math.imul(right ^ (right >>> 13), 3266489909);
  right = Math.imul(right ^ (right >>> 16), 2246822507) ^ Math.imul(left ^ (left >>> 13), 3266489909);
  return PAIRS[left >>> 20]! + PAIRS[(left >>> 8) & 4095]! + PAIRS[right >>> 20]! + PAIRS[(right >>> 8) & 4095]!;
}

/** Whether the short id is among the newest. */
export function isKnown(known: string, short: string, idsMax = KNOWN_IDS_MAX): boolean {
  let at = known.indexOf(short, Math.max(0, known.length - idsMax * WIDTH));
  while (at >= 0 && at % WIDTH !== 0) at = known.indexOf(short, at + 1);
  return at >= 0;
}

/** Whether ids have been forgotten: without one, `isKnown` knows all that ever came. */
export function isFull(known: string, idsMax = KNOWN_IDS_MAX): boolean {
  return known.length >= idsMax * WIDTH;
}

/** The text with one more at its end. Forgets many at a time: a long text is not copied for every id. */
export function remember(known: string, short: string, idsMax = KNOWN_IDS_MAX): string {
  return known.length < 1.25 * idsMax * WIDTH ? known + short : known.slice(-idsMax * WIDTH) + short;
}

/** Fails when a text that was read cannot be one of short ids. */
export function checkKnown(known: string): string {
  if (known.length % WIDTH !== 0)
    throw new Error(`${known.length} characters of known ids, not a multiple of ${WIDTH}`);
  return known;
}

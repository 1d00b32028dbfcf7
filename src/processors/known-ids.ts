/**
 * The ids that came last, so that a repeat is known however late it comes: 48 bits of each, in the order of arrival. In
 * memory they are numbers in one array, which costs the collector nothing and takes a new one without an object; stored,
 * they are eight characters of base64url each.
 *
 * Only the newest `idsMax` count. That is a rule of the order of events alone, never of when something was forgotten
 * for good. An id that is new is taken for one of n others with a chance of n / 2^48: for 2,000, 7 in 10^12.
 */
export const KNOWN_IDS_MAX = 2_000;

const WIDTH = 8;
const HALF = 2 ** 24;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Two digits for each number of 12 bits. */
const PAIRS = Array.from({ length: 4096 }, (_, number) => DIGITS[number >> 6]! + DIGITS[number & 63]!);
/** Of each character, what it stands for; 64 for one that is no digit. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => (DIGITS.indexOf(String.fromCharCode(code)) + 65) % 65);

/** Stored with the state: what it gives for an id must never change. Mixing as in cyrb53 and MurmurHash3. */
export function shortId(id: string): number {
  let left = 0xdeadbeef | 0;
  let right = 0x41c6ce57 | 0;
  for (let index = 0; index < id.length; index++) {
    const unit = id.charCodeAt(index);
    left = Math.imul(left ^ unit, 2654435761);
    right = Math.imul(right ^ unit, 1597334677);
  }
  left = Math.imul(left ^ (left >>> 16), 2246822507) ^ Math.imul(right ^ (right >>> 13), 3266489909);
  right = Math.imul(right ^ (right >>> 16), 2246822507) ^ Math.imul(left ^ (left >>> 13), 3266489909);
  return (left >>> 8) * HALF + (right >>> 8);
}

/** Whether the short id is among the newest. */
export function isKnown(known: readonly number[], short: number, idsMax = KNOWN_IDS_MAX): boolean {
  const oldest = Math.max(0, known.length - idsMax);
  for (let index = known.length - 1; index >= oldest; index--) if (known[index] === short) return true;
  return false;
}

/** Whether ids have been forgotten: without one, `isKnown` knows all that ever came. */
export function isFull(known: readonly number[], idsMax = KNOWN_IDS_MAX): boolean {
  return known.length >= idsMax;
}

/** Adds one at the end. Forgets many at a time: a long array is not moved for every id. */
export function remember(known: number[], short: number, idsMax = KNOWN_IDS_MAX): void {
  if (known.length >= 1.25 * idsMax) known.splice(0, known.length - idsMax);
  known.push(short);
}

export function encodeKnown(known: readonly number[]): string {
  let text = '';
  for (const short of known) {
    const high = Math.floor(short / HALF);
    const low = short % HALF;
    text += PAIRS[high >> 12]! + PAIRS[high & 4095]! + PAIRS[low >> 12]! + PAIRS[low & 4095]!;
  }
  return text;
}

/** Fails when a text that was read cannot be one of short ids. */
export function decodeKnown(text: string): number[] {
  if (text.length % WIDTH !== 0) throw new Error(`${text.length} characters of known ids, not a multiple of ${WIDTH}`);
  const known: number[] = [];
  for (let at = 0; at < text.length; at += WIDTH) known.push(half(text, at) * HALF + half(text, at + WIDTH / 2));
  return known;
}

function half(text: string, at: number): number {
  let bits = 0;
  for (let index = at; index < at + WIDTH / 2; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? 64;
    if (value === 64) throw new Error(`not a digit of a known id: ${JSON.stringify(text[index])}`);
    bits = bits * 64 + value;
  }
  return bits;
}

/** Where a line lies in a block: without its newline, and a carriage return before that. `next` is after them. */
export interface LinePlace {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/**
 * The first line at or after `at` that is not empty; undefined when there is none. `ascii`: the same bytes as text, one
 * character each, where there is one; to look through it is quicker.
 */
export function linePlace(bytes: Buffer, ascii: string | undefined, at: number): LinePlace | undefined {
  const { length } = bytes;
  for (let start = at; start < length; ) {
    const newline = ascii === undefined ? bytes.indexOf(10, start) : ascii.indexOf('\n', start);
    const next = newline < 0 ? length : newline + 1;
    let end = newline < 0 ? length : newline;
    if (end > start && bytes[end - 1] === 13) end--;
    if (end > start) return { start, end, next };
    start = next;
  }
  return undefined;
}

export const byteOrderMarkBytes = 3;

/** Whether the bytes begin with the mark by which some editors tell UTF-8. It is no part of the first line. */
export function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

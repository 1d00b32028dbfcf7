/**
 * `previous` is NEVER (gaps.ts) before the first.
 *
 * Sessions by inactivity: a gap longer than `gapMs` starts a new one. A session is known by its key and its start, so
 * its identity does not depend on the order in which messages arrive.
 */
export function startsSession(previous: number, time: number, gapMs: number): boolean {
  return time - previous > gapMs;
}

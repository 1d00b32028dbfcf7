import type { LineReader } from './line-reader.ts';

/**
 * The time of the last event in `tail`, the bytes of the content before `offset`; 0 without one. A rejected record has the
 * time of the record before it, which is in another batch when reading begins with the rejected one.
 */
export function lastEventTime(tail: Buffer, offset: number, reader: LineReader, now: number): number {
  let bytes = tail;
  while (bytes.length > 0) {
    const line = bytes[bytes.length - 1] === 10 ? bytes.subarray(0, -1) : bytes;
    const start = line.lastIndexOf(10) + 1;
    // The first line of the tail may be cut, unless the content begins there.
    if (line.length > start && (start > 0 || tail.length === offset)) {
      const { event } = reader.read(line.toString('utf8', start), now);
      if (event) return event.time;
    }
    bytes = bytes.subarray(0, start);
  }
  return 0;
}

import { corrupt } from './level-errors.ts';
import type { Place, ValueLog } from './value-log.ts';
import { headerBytes, isIntact, recordAt } from './value-record.ts';
import type { ValueSegment } from './value-segment.ts';

/** A segment is cleaned when less than this of it still counts: each byte is then written twice at most, on average. */
const liveShareMin = 0.5;
const windowBytes = 1024 * 1024;

/** A record that was moved: its key now leads to another place. */
export interface Move {
  readonly key: string;
  readonly to: Place;
}

/** The segment that is most worth cleaning; undefined when none is. */
export function worthCleaning(log: ValueLog): ValueSegment | undefined {
  let worst: ValueSegment | undefined;
  for (const segment of log.segments) {
    if (log.isCurrent(segment) || segment.liveBytes >= liveShareMin * segment.bytes) continue;
    if (worst === undefined || segment.liveBytes * worst.bytes < worst.liveBytes * segment.bytes) worst = segment;
  }
  return worst;
}

/**
 * Moves the records of a segment that still count to the log's end. `placesOf` gives where keys lead to now. The moves
 * are to be written down, after a `sync`, before the segment is deleted. Fails with PARLEY_STATE_CORRUPT when the
 * segment is damaged.
 */
export async function moveLive(
  log: ValueLog,
  segment: ValueSegment,
  placesOf: (keys: string[]) => Promise<(Place | undefined)[]>,
): Promise<Move[]> {
  const moves: Move[] = [];
  for (let start = 0; start < segment.bytes; ) {
    const { bytes, records } = await recordsFrom(segment, start);
    const places = await placesOf(records.map(({ key }) => key));
    const live = records.filter(({ from }, index) => {
      const place = places[index];
      return place?.segment === segment.number && place.offset === start + from;
    });
    for (const { from, end } of live) if (!isIntact(bytes, from, end)) throw damaged(segment, start + from);
    if (live.length > 0) {
      let to = await log.append(Buffer.concat(live.map(({ from, end }) => bytes.subarray(from, end))));
      for (const { key, from, end } of live) {
        moves.push({ key, to: { ...to, bytes: end - from } });
        log.release({ segment: segment.number, offset: start + from, bytes: end - from });
        to = { segment: to.segment, offset: to.offset + end - from };
      }
    }
    start += records.at(-1)!.end;
  }
  return moves;
}

/** The whole records of a window, one at least; their bounds are within it. */
async function recordsFrom(segment: ValueSegment, start: number) {
  const left = segment.bytes - start;
  for (let length = Math.min(windowBytes, left); ; ) {
    const bytes = await segment.read(start, length);
    const records: { key: string; from: number; end: number }[] = [];
    for (let from = 0; from < bytes.length; ) {
      const record = recordAt(bytes, from);
      if (record === undefined) break;
      records.push({ key: record.key, from, end: record.end });
      from = record.end;
    }
    if (records.length > 0) return { bytes, records };
    // A value larger than a window: its header says how much it is.
    const whole = length < headerBytes ? 0 : headerBytes + bytes.readUInt32LE(4) + bytes.readUInt32LE(8);
    if (whole <= length || whole > left) throw damaged(segment, start);
    length = whole;
  }
}

function damaged(segment: ValueSegment, offset: number): Error {
  return corrupt(segment.path, `a record at byte ${offset}`, 'something else');
}

import { crc32c, masked } from './crc32c.ts';

/**
 * Reads LevelDB's log as LevelDB does (doc/log_format.md): blocks of 32 KB with records of a masked CRC-32C, a length
 * and a type, where a record that does not fit is cut into a first, middle and last piece.
 *
 * LevelDB takes any damage for the end of a log that a crash cut off, and drops it, even when writes that were synced
 * stand behind it. The two can be told apart, because each write of ours is synced before the next one begins: when a
 * whole write, or the start of one, follows the damage, then what was damaged had been synced.
 */
const blockBytes = 32_768;
const headerBytes = 7;
const typeFull = 1;
const typeFirst = 2;
const typeLast = 4;

/** Where a log is damaged before its last write; undefined when it is whole, or torn at its end. */
export function findLogDamage(log: Uint8Array): number | undefined {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let damage: number | undefined;
  for (let block = 0; block < log.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, log.length);
    for (let at = block; at + headerBytes <= end; ) {
      const next = at + headerBytes + view.getUint16(at + 4, true);
      const type = log[at + 6]!;
      const isBegin = type === typeFull || type === typeFirst;
      // Behind damage lengths may be wrong: from there on every place is tried for the beginning of a write.
      const isCandidate = next <= end && (damage === undefined || isBegin);
      const isWhole = isCandidate && view.getUint32(at, true) === masked(crc32c(log, at + 6, next));
      if (isWhole && isBegin && damage !== undefined) return damage;
      if (!isWhole) damage ??= at;
      at = isWhole ? next : at + 1;
    }
  }
  return undefined;
}

/** The records of a log up to its end, or to where it is damaged or torn. */
export function* logRecords(log: Buffer): Generator<Buffer, void, undefined> {
  let pieces: Buffer[] = [];
  for (let at = 0; at + headerBytes <= log.length; ) {
    const blockEnd = at - (at % blockBytes) + blockBytes;
    if (blockEnd - at < headerBytes) {
      at = blockEnd;
      continue;
    }
    const next = at + headerBytes + log.readUInt16LE(at + 4);
    const type = log[at + 6]!;
    if (next > Math.min(blockEnd, log.length) || log.readUInt32LE(at) !== masked(crc32c(log, at + 6, next))) return;
    if (type === typeFull || type === typeFirst) pieces = [];
    pieces.push(log.subarray(at + headerBytes, next));
    if (type === typeFull || type === typeLast) yield Buffer.concat(pieces);
    at = next;
  }
}

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
      const isWhole = isCandidate && view.getUint32(at, true) === mask(crc32c(log, at + 6, next));
      if (isWhole && isBegin && damage !== undefined) return damage;
      if (!isWhole) damage ??= at;
      at = isWhole ? next : at + 1;
    }
  }
  return undefined;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

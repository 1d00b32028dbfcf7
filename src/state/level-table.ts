import { crc32c, masked } from './crc32c.ts';
import { varintAt } from './varint.ts';

/**
 * Checks LevelDB's tables (doc/table_format.md): blocks, each with a byte for its compression and a masked CRC-32C, an
 * index block that says where they are, and a footer of 48 bytes that says where the index is. LevelDB leaves these
 * checksums alone when it reads, and classic-level has no option for it. A bit that flips in a key would make the key
 * unknown, and its state would begin anew: of 120 single bits flipped, 26 did that, and some end the process.
 */
const footerBytes = 48;
const trailerBytes = 5;
const magic = 0xdb4775248b80fb57n;

/** What is wrong with a table; undefined when all of it is as it was written. */
export function findTableDamage(table: Buffer): string | undefined {
  const footer = table.length - footerBytes;
  if (footer < 0 || table.readBigUInt64LE(table.length - 8) !== magic) return 'no footer at its end';
  try {
    const [metaindex, afterMetaindex] = handleAt(table, footer);
    const [index] = handleAt(table, afterMetaindex);
    // The metaindex names the filter, which says of keys that they are not there.
    for (const names of [metaindex, index]) {
      if (!isWhole(table, names, footer)) return damageAt(names);
      if (table[names.offset + names.size] !== 0) return 'an index that is compressed';
      for (const block of handlesIn(table, names)) if (!isWhole(table, block, footer)) return damageAt(block);
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return 'an index that leads nowhere';
    throw error;
  }
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function isWhole(table: Buffer, { offset, size }: Handle, footer: number): boolean {
  const end = offset + size + 1;
  if (end + 4 > footer) return false;
  return table.readUInt32LE(end) === masked(crc32c(table, offset, end));
}

function damageAt({ offset, size }: Handle): string {
  return `damage in bytes ${offset} to ${offset + size + trailerBytes}`;
}

/** The blocks that an index block names. Its entries end where its restart points begin. */
function handlesIn(table: Buffer, { offset, size }: Handle): Handle[] {
  const restarts = table.readUInt32LE(offset + size - 4);
  const end = offset + size - 4 - 4 * restarts;
  const handles: Handle[] = [];
  for (let at = offset; at < end; ) {
    const [, afterShared] = varintAt(table, at);
    const [keyBytes, afterKeyBytes] = varintAt(table, afterShared);
    const [valueBytes, key] = varintAt(table, afterKeyBytes);
    handles.push(handleAt(table, key + keyBytes)[0]);
    at = key + keyBytes + valueBytes;
  }
  return handles;
}

function handleAt(table: Buffer, at: number): [handle: Handle, next: number] {
  const [offset, afterOffset] = varintAt(table, at);
  const [size, next] = varintAt(table, afterOffset);
  return [{ offset, size }, next];
}

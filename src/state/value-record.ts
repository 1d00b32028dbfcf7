import { crc32 } from 'node:zlib';

/**
 * A value with its key, as it lies in a value log: a CRC-32 of what follows it, the bytes of the key and of the value
 * (32 bits each, little-endian), then both in UTF-8. The key tells, when a segment is cleaned, whether the record still
 * counts, and when it is read, that it is the one meant.
 */
export const headerBytes = 12;

/** Room that a record may need: UTF-8 takes at most three bytes for a UTF-16 unit. */
export function recordBytesMax(key: string, value: string): number {
  return headerBytes + 3 * (key.length + value.length);
}

/** Writes a record at `start`; returns where it ends. */
export function writeRecord(bytes: Buffer, start: number, key: string, value: string): number {
  const keyStart = start + headerBytes;
  const keyBytes = bytes.write(key, keyStart, 'utf8');
  const valueBytes = bytes.write(value, keyStart + keyBytes, 'utf8');
  const end = keyStart + keyBytes + valueBytes;
  bytes.writeUInt32LE(keyBytes, start + 4);
  bytes.writeUInt32LE(valueBytes, start + 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(start + 4, end)), start);
  return end;
}

export interface ValueRecord {
  readonly key: string;
  readonly end: number;
}

/** The key and the end of the record at `start`; undefined when there is no whole record within the bytes. */
export function recordAt(bytes: Buffer, start: number): ValueRecord | undefined {
  const keyStart = start + headerBytes;
  if (keyStart > bytes.length) return undefined;
  const valueStart = keyStart + bytes.readUInt32LE(start + 4);
  const end = valueStart + bytes.readUInt32LE(start + 8);
  if (end > bytes.length) return undefined;
  return { key: bytes.toString('utf8', keyStart, valueStart), end };
}

/** Whether the bytes from `start` to `end` are what was written. */
export function isIntact(bytes: Buffer, start: number, end: number): boolean {
  return bytes.readUInt32LE(start) === crc32(bytes.subarray(start + 4, end));
}

/** The value of the record from `start` to `end`; undefined when that is not an intact record of this key. */
export function valueAt(bytes: Buffer, start: number, end: number, key: string): string | undefined {
  const keyStart = start + headerBytes;
  if (keyStart > end || !isIntact(bytes, start, end)) return undefined;
  const valueStart = keyStart + bytes.readUInt32LE(start + 4);
  if (valueStart + bytes.readUInt32LE(start + 8) !== end || bytes.toString('utf8', keyStart, valueStart) !== key) {
    return undefined;
  }
  return writtenValue(bytes, start, end);
}

/** As `valueAt` of a record that this process wrote to memory: there is nothing to check. */
export function writtenValue(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start + headerBytes + bytes.readUInt32LE(start + 4), end);
}

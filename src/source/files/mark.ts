import { createHash } from 'node:crypto';
import { edgeBytes, type Opened } from './content.ts';

/**
 * What is kept with the position of a file, to find the file again under another name and to see that the bytes that
 * were counted are still the same. Plain JSON.
 */
export interface FileMark {
  /** Where the file was when this was written; the shard keeps the name that it had at first. */
  readonly path: string;
  /** The first bytes of the counted content, up to 64 KiB. */
  readonly head: Digest;
  /** The last bytes of the counted content, up to 4 KiB. */
  readonly tail: Digest;
  /** Of a compressed file that was read to its end: its size and time, which spare decompressing it again. */
  readonly whole?: { readonly bytes: number; readonly modifiedMs: number };
}

export interface Digest {
  readonly bytes: number;
  readonly hash: string;
}

export const tailBytes = 4096;

/** A digest of the bytes: the first 128 bits of their SHA-256. */
export function digest(bytes: Buffer): Digest {
  return { bytes: bytes.length, hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 22) };
}

/** Digests of the head and tail of the content before an offset. `head` and `tail` may be longer than needed. */
export function digestsAt(offset: number, head: Buffer, tail: Buffer): { head: Digest; tail: Digest } {
  return {
    head: digest(head.subarray(0, Math.min(edgeBytes, offset))),
    tail: digest(tail.subarray(-Math.min(tailBytes, offset))),
  };
}

/** Whether the counted content of a mark is what was found before the same offset. */
export function matches(mark: FileMark, opened: Opened): boolean {
  const found = digestsAt(opened.offset, opened.head, opened.tail);
  return isSame(mark.head, found.head) && isSame(mark.tail, found.tail);
}

export function isSame(a: Digest, b: Digest): boolean {
  return a.bytes === b.bytes && a.hash === b.hash;
}

/** A position's mark, when it is one of ours. */
export function asMark(mark: unknown): FileMark | undefined {
  const candidate = mark as Partial<FileMark> | null | undefined;
  return typeof candidate?.path === 'string' && candidate.head && candidate.tail ? (candidate as FileMark) : undefined;
}

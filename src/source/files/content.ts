import { ParleyError } from '../../errors.ts';
import { GzipContent } from './gzip.ts';
import { type Content, PlainContent } from './plain-content.ts';

/** A file opened at an offset of its uncompressed content, with what lies before that offset. */
export interface Opened {
  readonly content: Content;
  readonly offset: number;
  /** The first bytes of the content, up to `edgeBytes`, of those before the offset. */
  readonly head: Buffer;
  /** The last bytes before the offset, up to `edgeBytes`. */
  readonly tail: Buffer;
}

/** Bytes at the start of a file that tell it from others, and bytes before an offset that are looked at again. */
export const edgeBytes = 65_536;

/** Opens a file at an offset; undefined when its content ends before. Errors: PARLEY_SOURCE_UNREADABLE. */
export async function openAt(path: string, offset: number): Promise<Opened | undefined> {
  if (await isGzip(path)) return skipTo(new GzipContent(path), offset);
  const edge = new PlainContent(path, 0);
  const head = await readUpTo(edge, Math.min(edgeBytes, offset));
  const tailAt = Math.max(0, offset - edgeBytes);
  const content = new PlainContent(path, tailAt);
  const tail = tailAt === 0 ? head : await readUpTo(content, offset - tailAt);
  if (tail.length < offset - tailAt) return undefined;
  return { content: tailAt === 0 ? new PlainContent(path, offset) : content, offset, head, tail };
}

/** The first bytes of a file's content. What is readable of a damaged file. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const content = (await isGzip(path)) ? new GzipContent(path) : new PlainContent(path, 0);
  try {
    return await readUpTo(content, bytes);
  } finally {
    content.close();
  }
}

/** Opens a file at its start. */
export async function openStart(path: string): Promise<Content> {
  return (await isGzip(path)) ? new GzipContent(path) : new PlainContent(path, 0);
}

/** Whatever the name says: what begins with the two bytes of gzip cannot be lines of JSON. */
async function isGzip(path: string): Promise<boolean> {
  if (path.endsWith('.gz')) return true;
  const magic = Buffer.alloc(2);
  const bytes = await new PlainContent(path, 0).fill(magic, 0, 2);
  return bytes === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
}

/** A gzip stream can only be read from its start. */
async function skipTo(content: Content, offset: number): Promise<Opened | undefined> {
  const head = await readUpTo(content, Math.min(edgeBytes, offset));
  let tail = head;
  let at = head.length;
  while (at < offset) {
    const more = await readUpTo(content, Math.min(edgeBytes, offset - at));
    if (more.length === 0) break;
    at += more.length;
    tail = Buffer.concat([tail, more]).subarray(-edgeBytes);
  }
  if (at === offset) return { content, offset, head, tail };
  content.close();
  return undefined;
}

/** Stops short at the end of the content, and at a fault: what was there before it is what counts. */
async function readUpTo(content: Content, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let filled = 0;
  try {
    while (filled < bytes) {
      const count = await content.fill(buffer, filled, bytes);
      if (count === 0) break;
      filled += count;
    }
  } catch (error) {
    if (!(error instanceof ParleyError) || !(content instanceof GzipContent)) throw error;
  }
  return buffer.subarray(0, filled);
}

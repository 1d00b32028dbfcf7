import { openStart } from './content.ts';
import type { DiscoveredFile } from './discover.ts';
import type { Assignment, Assignments } from './identity.ts';
import type { Content } from './plain-content.ts';

/** A file that is not read, because another one holds all of it. */
export interface SkippedFile {
  readonly path: string;
  readonly heldBy: string;
}

/** How much of the first line groups files; only files in a group are compared further. */
const groupBytes = 4096;
const compareBytes = 262_144;

/**
 * Leaves out files that hold the same as another file of their topic, or the beginning of it, such as `x.ndjson` beside
 * `x.ndjson.gz`. Whole contents are compared, but only of files that begin with the same 64 KiB.
 */
export async function withoutCopies(
  assigned: readonly Assignment[],
  heads: ReadonlyMap<string, Buffer>,
): Promise<Omit<Assignments, 'changed'>> {
  const groups = new Map<string, Assignment[]>();
  for (const each of assigned) {
    const head = heads.get(each.file.path) as Buffer;
    const newline = head.indexOf(10);
    const firstLine = head.subarray(0, Math.min(groupBytes, newline < 0 ? head.length : newline));
    const name = `${each.file.topic}\n${firstLine.toString('latin1')}`;
    if (firstLine.length === 0) continue;
    const group = groups.get(name);
    if (group) group.push(each);
    else groups.set(name, [each]);
  }
  const heldBy = new Map<string, string>();
  for (const group of groups.values()) {
    for (const [index, first] of group.entries()) {
      for (const second of group.slice(index + 1)) {
        if (heldBy.has(first.file.path) || heldBy.has(second.file.path)) continue;
        const longer = await longerOf(first, second, heads);
        if (longer === undefined) continue;
        const shorter = longer === first ? second : first;
        heldBy.set(shorter.file.path, longer.file.path);
      }
    }
  }
  return {
    files: assigned.filter((each) => !heldBy.has(each.file.path)),
    skipped: [...heldBy].map(([path, holder]) => ({ path, heldBy: holder })),
  };
}

/** The one of two files that holds all of the other; undefined when they differ before either ends. */
async function longerOf(
  a: Assignment,
  b: Assignment,
  heads: ReadonlyMap<string, Buffer>,
): Promise<Assignment | undefined> {
  const [headA, headB] = [heads.get(a.file.path) as Buffer, heads.get(b.file.path) as Buffer];
  const common = Math.min(headA.length, headB.length);
  if (headA.compare(headB, 0, common, 0, common) !== 0) return undefined;
  const longer = await compareContents(a.file, b.file);
  if (longer === 'neither') return undefined;
  if (longer === 'first') return a;
  if (longer === 'second') return b;
  // The same: better the one whose shard is known already.
  return b.offset > 0 && b.copyOf === undefined && (a.offset === 0 || a.copyOf !== undefined) ? b : a;
}

async function compareContents(a: DiscoveredFile, b: DiscoveredFile): Promise<'first' | 'second' | 'same' | 'neither'> {
  const [contentA, contentB] = await Promise.all([openStart(a.path), openStart(b.path)]);
  const [bufferA, bufferB] = [Buffer.allocUnsafe(compareBytes), Buffer.allocUnsafe(compareBytes)];
  try {
    for (;;) {
      const [bytesA, bytesB] = await Promise.all([fillWhole(contentA, bufferA), fillWhole(contentB, bufferB)]);
      const common = Math.min(bytesA, bytesB);
      if (bufferA.compare(bufferB, 0, common, 0, common) !== 0) return 'neither';
      if (bytesA !== bytesB) return bytesA > bytesB ? 'first' : 'second';
      if (bytesA === 0) return 'same';
    }
  } finally {
    contentA.close();
    contentB.close();
  }
}

/** Fills the buffer unless the content ends before; a damaged file ends where it cannot be read on. */
async function fillWhole(content: Content, buffer: Buffer): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const count = await content.fill(buffer, filled, buffer.length).catch(() => 0);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

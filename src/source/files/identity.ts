import { stat } from 'node:fs/promises';
import { ParleyError } from '../../errors.ts';
import type { Position, Positions } from '../source.ts';
import { edgeBytes, type Opened, openAt, readHead } from './content.ts';
import { type SkippedFile, withoutCopies } from './copies.ts';
import type { DiscoveredFile } from './discover.ts';
import { asMark, type Digest, digest, type FileMark, isSame, matches } from './mark.ts';

/** Where the reading of a file begins, and under which shard. */
export interface Assignment {
  readonly file: DiscoveredFile;
  readonly shard: string;
  readonly offset: number;
  /** The shard whose counted lines this file repeats, when it is not its own. */
  readonly copyOf?: string;
  /** The file was read to its end and has not been touched since. */
  readonly isDone: boolean;
}

export interface Assignments {
  readonly files: readonly Assignment[];
  readonly skipped: readonly SkippedFile[];
  /** Files that do not hold any more what was counted of them; they are assigned as new ones. PARLEY_SOURCE_CHANGED. */
  readonly changed: readonly ChangedFile[];
}

export interface ChangedFile {
  readonly topic: string;
  readonly error: ParleyError;
}

interface Known {
  readonly shard: string;
  readonly position: Position;
  readonly mark: FileMark | undefined;
  readonly path: string;
  claimedBy?: string;
  /** Whether the file at its own path still holds what was counted; looked up when asked first. */
  isInPlace?: Promise<boolean>;
}

/**
 * Says for each file which shard it continues, and from where. A file is known by what it holds, not by its name:
 * it continues the farthest position whose counted bytes it begins with.
 *
 * - It stands where the position was, or that place no longer holds those bytes (moved, renamed, compressed): same shard.
 * - The file is still in its place, so this one is a copy: a shard of its own, which begins at the position's offset.
 * - It stands where a position was and does not hold what was counted, and no other file does: changed, for the caller to refuse.
 * - Otherwise it is new.
 *
 * Then of files that hold the same, or of which one is the beginning of another, only the longest is left.
 */
export async function assignShards(files: readonly DiscoveredFile[], positions: Positions): Promise<Assignments> {
  const known = [...positions].map(([shard, position]): Known => {
    const mark = asMark(position.mark);
    return { shard, position, mark, path: mark?.path ?? pathOfShard(shard) };
  });
  const taken = new Set(positions.keys());
  const heads = new Map<string, Buffer>();
  const assigned: Assignment[] = [];
  const displaced: { file: DiscoveredFile; known: Known }[] = [];

  for (const file of files) {
    const own = known.find((each) => each.path === file.path && each.position.topic === file.topic);
    const head = await readHead(file.path, edgeBytes).catch(() => Buffer.alloc(0));
    heads.set(file.path, head);
    const continued = await findContinued(file, head, known);
    if (continued === undefined) {
      if (own && own.position.offset > 0) displaced.push({ file, known: own });
      assigned.push({ file, shard: newShard(file.path, taken), offset: 0, isDone: false });
      continue;
    }
    const { shard, position, mark } = continued;
    if (continued.claimedBy === undefined && (continued.path === file.path || !(await isInPlace(continued)))) {
      continued.claimedBy = file.path;
      const isDone = mark?.whole !== undefined && (await isUntouched(file, mark));
      assigned.push({ file, shard, offset: position.offset, isDone });
    } else {
      const name = newShard(file.path, taken);
      assigned.push({ file, shard: name, offset: position.offset, copyOf: shard, isDone: false });
    }
  }
  const changed: ChangedFile[] = [];
  for (const { file, known: own } of displaced) {
    if (own.claimedBy === undefined) changed.push({ topic: file.topic, error: await changeOf(file, own) });
  }
  return { ...(await withoutCopies(assigned, heads)), changed };
}

/** The path that a shard was named after. */
export function pathOfShard(shard: string): string {
  return shard.replace(/#\d+$/, '');
}

async function findContinued(file: DiscoveredFile, head: Buffer, known: readonly Known[]): Promise<Known | undefined> {
  const digests = new Map<number, Digest>(); // Of the beginnings that were asked for, by length.
  const candidates = known
    .filter((each) => each.position.topic === file.topic && each.position.offset > 0)
    .filter((each) => (each.mark ? beginsAs(head, each.mark, digests) : each.path === file.path))
    .sort(
      (a, b) => b.position.offset - a.position.offset || Number(b.path === file.path) - Number(a.path === file.path),
    );
  for (const candidate of candidates) {
    if (await holds(file, candidate)) return candidate;
  }
  return undefined;
}

async function holds(file: DiscoveredFile, { mark, path, position }: Known): Promise<boolean> {
  if (mark?.whole && path === file.path && (await isUntouched(file, mark))) return true;
  const opened = await openAt(file.path, position.offset).catch(() => undefined);
  opened?.content.close();
  return opened !== undefined && (mark === undefined || matches(mark, opened));
}

function beginsAs(head: Buffer, { head: expected }: FileMark, digests: Map<number, Digest>): boolean {
  if (head.length < expected.bytes) return false;
  const found = digests.get(expected.bytes) ?? digest(head.subarray(0, expected.bytes));
  digests.set(expected.bytes, found);
  return isSame(found, expected);
}

function isInPlace(known: Known): Promise<boolean> {
  known.isInPlace ??= (async () => {
    const opened: Opened | undefined = await openAt(known.path, known.position.offset).catch(() => undefined);
    opened?.content.close();
    return opened !== undefined && known.mark !== undefined && matches(known.mark, opened);
  })();
  return known.isInPlace;
}

async function isUntouched(file: DiscoveredFile, { whole }: FileMark): Promise<boolean> {
  const { size, mtimeMs } = await stat(file.path);
  return whole !== undefined && whole.bytes === size && whole.modifiedMs === mtimeMs;
}

/** A path may have named an earlier shard, whose file is elsewhere now. */
function newShard(path: string, taken: Set<string>): string {
  let shard = path;
  for (let number = 2; taken.has(shard); number++) shard = `${path}#${number}`;
  taken.add(shard);
  return shard;
}

async function changeOf(file: DiscoveredFile, { position, mark }: Known): Promise<ParleyError> {
  const opened = await openAt(file.path, position.offset).catch(() => undefined);
  opened?.content.close();
  const received = opened ? 'other bytes before it' : 'a file whose content ends before it';
  return new ParleyError('PARLEY_SOURCE_CHANGED', `${file.path} is not the file that was counted any more`, {
    expected: `the content counted up to byte ${position.offset}${mark ? '' : ' (of which no digest was kept)'}`,
    received,
    where: file.path,
  });
}

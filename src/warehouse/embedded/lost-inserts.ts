import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../errors.ts';
import type { ServerFolder } from './folder.ts';

/**
 * A table that deduplicates notes an insert's token in a log of its own, and only then puts the part in its place.
 * Killed between the two, the engine comes back knowing the token of rows that it has not got, and drops their
 * repetition as one: rows acknowledged and lost. (Seen in a third of the kills aimed at that moment, engine 26.7.2.)
 *
 * So before it is started again the tokens of parts that are not there are revoked, as the engine itself does for a part
 * that is dropped. No engine may be running on the folder. How many there were.
 */
export function revokeLostInserts(folder: ServerFolder): number {
  // The file that the engine locks goes when it ends in good order, and then nothing can be missing.
  if (!existsSync(join(folder.data, 'status'))) return 0;
  let revoked = 0;
  const store = join(folder.data, 'store');
  for (const first of namesIn(store)) {
    for (const table of namesIn(join(store, first))) revoked += revokeInTable(join(store, first, table));
  }
  return revoked;
}

const [added, dropped] = ['1', '2'];
const partName = /^(.+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;

function revokeInTable(table: string): number {
  const logs = join(table, 'deduplication_logs');
  const files = namesIn(logs)
    .map((name) => ({ path: join(logs, name), number: Number(/^deduplication_log_(\d+)\.txt$/.exec(name)?.[1]) }))
    .filter(({ number }) => !Number.isNaN(number))
    .sort((left, right) => left.number - right.number);
  const last = files.at(-1);
  if (last === undefined) return 0;
  const noted = new Map<string, string>();
  for (const { path } of files) {
    for (const line of wholeLines(path)) {
      const [operation, part = '', block = ''] = line.split('\t');
      if (operation === added) noted.set(block, part);
      else noted.delete(block);
    }
  }
  const parts = namesIn(table);
  const names = new Set(parts);
  const isThere = (part: string) => names.has(part) || parts.some((other) => isWithin(part, other));
  const lost = [...noted].filter(([, part]) => !isThere(part));
  if (lost.length > 0)
    appendFileSync(last.path, lost.map(([block, part]) => `${dropped}\t${part}\t${block}\n`).join(''));
  return lost.length;
}

/** Whether a part was merged into another one: a part is named `partition_firstBlock_lastBlock_level`. */
function isWithin(part: string, other: string): boolean {
  const [, partition, first, last] = partName.exec(part) ?? [];
  const [, otherPartition, otherFirst, otherLast] = partName.exec(other) ?? [];
  return partition === otherPartition && Number(otherFirst) <= Number(first) && Number(last) <= Number(otherLast);
}

/** The kill may have torn the last line, whose part is not there then; what is appended must not run into it. */
function wholeLines(path: string): string[] {
  const text = readFileSync(path, 'latin1');
  const end = text.lastIndexOf('\n') + 1;
  if (end < statSync(path).size) truncateSync(path, end);
  return text.slice(0, end).split('\n').slice(0, -1);
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}

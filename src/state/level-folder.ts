import { mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { folderError, ParleyError } from '../errors.ts';
import { corrupt, levelError } from './level-errors.ts';
import { findLogDamage } from './level-log.ts';
import { liveTables } from './level-manifest.ts';
import { findTableDamage } from './level-table.ts';

const claimed = new Set<string>();

/**
 * Claims a folder within this process, and makes it when it is not there; returns what gives it up. LevelDB's own LOCK
 * is not enough: POSIX drops the locks of a process when it closes any handle of the file, which is what LevelDB does
 * when it refuses a folder that it has open already. Another process could then open it too. For the same reason
 * nothing in this process may read the file LOCK.
 */
export async function claimLevelFolder(path: string): Promise<() => void> {
  let folder: string;
  try {
    await mkdir(path, { recursive: true });
    folder = await realpath(path);
  } catch (error) {
    // Not what LevelDB says: on a disk that is read-only Node.js reports a missing folder, which is no damage.
    throw folderError(error, path);
  }
  if (claimed.has(folder)) {
    throw new ParleyError('PARLEY_DATA_DIR_IN_USE', 'The state folder is in use by this process', { where: path });
  }
  claimed.add(folder);
  return () => void claimed.delete(folder);
}

/**
 * Looks at a folder before LevelDB does. LevelDB takes a folder without the file CURRENT for an empty one and starts a
 * new database in it, which deletes the tables of the old one; it does not miss a log that is gone; it drops what is
 * damaged in a log; and it does not look at the checksums of its tables. Each would be a silent loss, so each is refused here with PARLEY_STATE_CORRUPT.
 *
 * What a crash while creating leaves is let through: no CURRENT yet, and of the manifests only the first.
 */
export async function checkLevelFolder(path: string): Promise<void> {
  const names = await list(path);
  if (!names.includes('CURRENT')) {
    const left = names.find((name) => isData(name) && name !== 'MANIFEST-000001');
    if (left !== undefined) throw corrupt(path, 'the file CURRENT', `${left} without it`);
    return;
  }
  const manifest = await current(path);
  if (!names.includes(manifest)) throw corrupt(path, `${manifest}, which CURRENT names`, 'no such file');
  // Opening writes a log before the second manifest, so that only a database that was never opened has none.
  if (manifest !== 'MANIFEST-000001' && !names.some((name) => /^\d+\.log$/.test(name))) {
    throw corrupt(path, 'the log of the last writes (*.log)', 'no such file');
  }
  for (const name of names.filter((file) => file.endsWith('.log'))) await checkLog(path, name);
  const live = await tablesOf(path, manifest);
  for (const name of names) {
    const number = /^(\d+)\.(ldb|sst)$/.exec(name)?.[1];
    // Others are what a crash left half-written; LevelDB deletes them. It misses those that are gone by itself.
    if (number !== undefined && live.has(Number(number))) await checkTable(path, name);
  }
}

/** Also for the manifest, which is a log. */
async function checkLog(path: string, name: string): Promise<Buffer> {
  const log = await read(path, name);
  const damage = findLogDamage(log);
  if (damage !== undefined) throw corrupt(path, `a whole ${name}`, `damage at byte ${damage}, with writes behind it`);
  return log;
}

async function tablesOf(path: string, manifest: string): Promise<ReadonlySet<number>> {
  const bytes = await checkLog(path, manifest);
  try {
    return liveTables(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw corrupt(path, `edits that can be read in ${manifest}`, error.message, error);
    throw error;
  }
}

async function checkTable(path: string, name: string): Promise<void> {
  const damage = findTableDamage(await read(path, name));
  if (damage !== undefined) throw corrupt(path, `a whole ${name}`, damage);
}

function read(path: string, name: string): Promise<Buffer> {
  return readFile(join(path, name)).catch((error: unknown) => {
    throw levelError(error, path);
  });
}

async function current(path: string): Promise<string> {
  const text = await readFile(join(path, 'CURRENT'), 'utf8').catch((error: unknown) => {
    throw levelError(error, path);
  });
  const manifest = /^(MANIFEST-\d{6,})\n$/.exec(text)?.[1];
  if (manifest === undefined) throw corrupt(path, 'the name of a manifest in CURRENT', JSON.stringify(text));
  return manifest;
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    throw levelError(error, path);
  }
}

function isData(name: string): boolean {
  return /^(\d+\.(ldb|sst|log)|MANIFEST-\d+)$/.test(name);
}

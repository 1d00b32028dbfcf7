import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chainOf, codeOf, isDiskFull, messageOf, ParleyError } from '../errors.ts';

/**
 * What LevelDB says, as an error with a Parley code.
 *
 * | LevelDB | Parley |
 * |---|---|
 * | no space left, quota exceeded | PARLEY_DISK_FULL |
 * | the LOCK is held, by this process or another | PARLEY_DATA_DIR_IN_USE |
 * | corruption; a file that the database names and the folder lacks, or that was cut | PARLEY_STATE_CORRUPT |
 * | any other fault of the disk, or a folder that cannot be used | PARLEY_STATE_UNAVAILABLE |
 */
export function levelError(error: unknown, path: string): ParleyError {
  if (error instanceof ParleyError) return error;
  const where = path;
  const received = innermost(error);
  if (isDiskFull(error)) {
    return new ParleyError('PARLEY_DISK_FULL', 'The disk of the state folder is full', {
      received,
      where,
      cause: error,
    });
  }
  if (hasCode(error, 'LEVEL_LOCKED')) {
    const pid = lockHolder(path);
    const who = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
    return new ParleyError('PARLEY_DATA_DIR_IN_USE', `The state folder is used by ${who}`, {
      received,
      where,
      cause: error,
    });
  }
  // Reading past the end of a table that was cut is an "Invalid argument".
  if (hasCode(error, 'LEVEL_CORRUPTION') || /no such file or directory|\.(ldb|sst): invalid argument/i.test(received)) {
    return corrupt(path, 'a whole database', received, error);
  }
  return new ParleyError('PARLEY_STATE_UNAVAILABLE', 'The state folder cannot be read or written', {
    received,
    where,
    cause: error,
  });
}

export function corrupt(path: string, expected: string, received: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_STATE_CORRUPT', 'The state folder is damaged', {
    expected,
    received,
    where: path,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** LevelDB's own words are at the end of the chain: abstract-level wraps them in "Database failed to open". */
function innermost(error: unknown): string {
  let text = messageOf(error);
  for (const at of chainOf(error)) text = messageOf(at);
  return text;
}

function hasCode(error: unknown, code: string): boolean {
  return [...chainOf(error)].some((at) => codeOf(at) === code);
}

/**
 * The process that holds the LOCK of a folder, where the system tells: Linux does, by the inode. The file itself must
 * not be opened (see level-folder.ts).
 */
function lockHolder(path: string): number | undefined {
  try {
    const { ino } = statSync(join(path, 'LOCK'));
    const line = new RegExp(`WRITE +(\\d+) +[0-9a-f]+:[0-9a-f]+:${ino} `).exec(readFileSync('/proc/locks', 'utf8'));
    return Number(line?.[1]) || undefined;
  } catch {
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from '../../errors.ts';

/** Where the embedded server keeps its things: all in `<dataDir>/clickhouse`, beside `<dataDir>/server.json`. */
export interface ServerFolder {
  readonly root: string;
  /** ClickHouse's own folder: tables, metadata, temporary files. */
  readonly data: string;
  readonly config: string;
  readonly users: string;
  readonly log: string;
  readonly password: string;
  /** Says which process serves the data folder, and where. */
  readonly lease: string;
}

export function serverFolder(dataDir: string): ServerFolder {
  const root = resolve(dataDir, 'clickhouse');
  return {
    root,
    data: join(root, 'data'),
    config: join(root, 'config.xml'),
    users: join(root, 'users.xml'),
    log: join(root, 'server.log'),
    password: join(root, 'password'),
    lease: resolve(dataDir, 'server.json'),
  };
}

/** Only the owner may look inside: the configuration holds the password. */
export function makeServerFolder(folder: ServerFolder): void {
  mkdirSync(folder.data, { recursive: true });
  chmodSync(folder.root, 0o700);
}

/** Writes a file that only its owner can read, also when it was there with wider rights. */
export function writePrivate(path: string, text: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
}

/** Writes a file into ClickHouse's own folder; `path` are its folders and its name. */
export function writeIntoData(folder: ServerFolder, path: readonly string[], text: string): void {
  const file = join(folder.data, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writePrivate(file, text);
}

/** The password of `parley`: made once for a data folder, so that a BI tool's saved connection outlives a restart. */
export function ensurePassword(folder: ServerFolder): string {
  const temporary = `${folder.password}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    return readPassword(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  try {
    writeFileSync(temporary, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
    linkSync(temporary, folder.password);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readPassword(folder);
}

export function readPassword(folder: ServerFolder): string {
  return readFileSync(folder.password, 'utf8').trim();
}

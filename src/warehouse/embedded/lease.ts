import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, ParleyError } from '../../errors.ts';
import { isAlive, type Owner, thisProcess } from './owner.ts';

/** What `server.json` says: whose the data folder is and, once the server is ready, where it listens. */
export interface Lease extends Owner {
  readonly server?: ServerAddress;
}

export interface ServerAddress {
  readonly url: string;
  readonly httpPort: number;
  readonly tcpPort: number;
  readonly version: string;
}

/**
 * Takes the data folder for this process. The file comes into being whole, by a link, so that nobody ever reads half of
 * one. A dead owner's file is moved aside first; the engine's own lock of its folder is what holds should two
 * processes do that in the same instant.
 *
 * Fails with PARLEY_DATA_DIR_IN_USE while a living process, this one included, has it.
 */
export function takeLease(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const mine = write(path, thisProcess());
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        return;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
      const owner = readLease(path);
      if (owner && isAlive(owner)) throw inUse(path, owner.pid);
      moveAside(path, owner);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Adds to this process's lease where its server is. */
export function publishLease(path: string, server: ServerAddress): void {
  renameSync(write(path, { ...thisProcess(), server }), path);
}

export function releaseLease(path: string): void {
  if (readLease(path)?.pid === process.pid) rmSync(path, { force: true });
}

/** Undefined when there is none, or when it is not one. */
export function readLease(path: string): Lease | undefined {
  try {
    const lease = JSON.parse(readFileSync(path, 'utf8')) as Lease | null;
    return typeof lease?.pid === 'number' ? lease : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function inUse(path: string, pid: number | undefined): ParleyError {
  const who = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new ParleyError('PARLEY_DATA_DIR_IN_USE', `The data folder is used by ${who}.`, { where: dirname(path) });
}

function moveAside(path: string, seen: Owner | undefined): void {
  const aside = `${path}.${suffix()}`;
  try {
    renameSync(path, aside);
    // Somebody else may have taken the folder since it was looked at: give it back.
    if (readLease(aside)?.pid !== seen?.pid) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function write(path: string, lease: Lease): string {
  const temporary = `${path}.${suffix()}`;
  try {
    writeFileSync(temporary, `${JSON.stringify(lease, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 });
    return temporary;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function suffix(): string {
  return `${process.pid}.${randomBytes(4).toString('hex')}`;
}

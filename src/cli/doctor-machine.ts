import { constants, existsSync } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, ParleyError } from '../errors.ts';
import { findLibrary } from '../warehouse/embedded/library.ts';
import { choosePort } from '../warehouse/embedded/ports.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { bytes } from './output.ts';
import type { Session } from './session.ts';

/** One line of what `parley doctor` finds. `action` is there when something should be done. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly action?: string;
}

/** The oldest Node that Parley is tested on. */
const nodeLeast = [20, 19] as const;
const gibibyte = 1024 ** 3;

export function configurationCheck(session: Session): Check {
  try {
    const { app, domains } = session.configuration;
    return { name: 'configuration', status: 'ok', found: `app ${app}, domains ${domains.join(', ')}` };
  } catch (error) {
    return failing('configuration', error);
  }
}

export async function checkMachine(session: Session, dataDir: string | undefined): Promise<Check[]> {
  const isEmbedded = session.configuration.clickhouse.url === undefined;
  const checks = [checkNode()];
  if (isEmbedded) checks.push(checkEngine());
  if (dataDir === undefined) return checks;
  const running = isEmbedded ? await findRunningServer(dataDir, 2_000) : undefined;
  checks.push(await checkFolder(dataDir, running?.ownerPid), await checkDisk(dataDir));
  if (isEmbedded && running === undefined) checks.push(await checkPorts(session));
  return checks;
}

/** A check that failed with an error: its message and the action of its code. */
export function failing(name: string, error: unknown): Check {
  const coded = error instanceof ParleyError ? error : undefined;
  const detail = coded?.detail.received === undefined ? '' : ` (received ${coded.detail.received})`;
  const found = `${coded === undefined ? '' : `${coded.code}: `}${messageOf(error).split('\n')[0]}${detail}`;
  return { name, status: 'fail', found, ...(coded === undefined ? {} : { action: coded.action }) };
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > nodeLeast[0] || (major === nodeLeast[0] && minor >= nodeLeast[1]);
  const found = `${process.versions.node} on ${process.platform} ${process.arch}`;
  if (isNewEnough) return { name: 'Node.js', status: 'ok', found };
  return { name: 'Node.js', status: 'fail', found, action: `Install Node.js ${nodeLeast.join('.')} or newer.` };
}

function checkEngine(): Check {
  try {
    return { name: 'engine', status: 'ok', found: shortPath(findLibrary()) };
  } catch (error) {
    return failing('engine', error);
  }
}

async function checkFolder(dataDir: string, ownerPid: number | undefined): Promise<Check> {
  const name = 'data folder';
  const nearest = existing(dataDir);
  try {
    await access(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const action = `Allow this user to write in ${nearest}, or name another folder.`;
    return { name, status: 'fail', found: `${nearest} cannot be written`, action };
  }
  if (ownerPid !== undefined) {
    const action = 'Only `query` and `dlq` work until that process ends.';
    return { name, status: 'warn', found: `served by process ${ownerPid}`, action };
  }
  return { name, status: 'ok', found: nearest === dataDir ? `${dataDir}, free` : `${dataDir} will be made` };
}

async function checkDisk(dataDir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(existing(dataDir));
  const free = bavail * bsize;
  const found = `${bytes(free)} free`;
  if (free < gibibyte / 4) {
    return { name: 'disk', status: 'fail', found, action: 'Make room: an insert that does not fit fails.' };
  }
  if (free < 2 * gibibyte) return { name: 'disk', status: 'warn', found, action: 'Make room before large replays.' };
  return { name: 'disk', status: 'ok', found };
}

async function checkPorts(session: Session): Promise<Check> {
  const { httpPort, tcpPort } = session.configuration.clickhouse;
  const http = await choosePort(httpPort);
  const tcp = await choosePort(tcpPort, [http]);
  const found = `HTTP ${http}, native ${tcp}`;
  const taken = [
    ...(httpPort !== 0 && http !== httpPort ? [httpPort] : []),
    ...(tcpPort !== 0 && tcp !== tcpPort ? [tcpPort] : []),
  ];
  if (taken.length === 0) return { name: 'ports', status: 'ok', found };
  const action = `${taken.join(' and ')} taken by another program: saved BI connections need the ports found.`;
  return { name: 'ports', status: 'warn', found, action };
}

/** The folder, or the nearest one above it that is there. */
function existing(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function shortPath(path: string): string {
  const at = path.lastIndexOf('node_modules');
  return at < 0 ? path : path.slice(at);
}

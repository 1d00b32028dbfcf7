import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerFolder } from './folder.ts';

/** ClickHouse writes its pid into the file that it locks, and removes the file when it ends in good order. */
export function lockHolder(folder: ServerFolder): number | undefined {
  try {
    return Number(/PID: (\d+)/.exec(readFileSync(join(folder.data, 'status'), 'utf8'))?.[1]) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether an engine still runs on the folder, whose parent may be dead. Another process with its old pid is none. */
export function isServed(folder: ServerFolder): boolean {
  const pid = lockHolder(folder);
  return pid !== undefined && commandLine(pid).includes(folder.data);
}

/** Empty when there is no such process, or when it is dead and nobody has waited for it. */
function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { codeOf } from '../../errors.ts';

/** A process, so named that another one with the same pid later is not taken for it. */
export interface Owner {
  readonly pid: number;
  /** When it started, as the system says it; missing where the system does not. */
  readonly startedAt?: string;
}

export function thisProcess(): Owner {
  const startedAt = startOf(process.pid);
  return { pid: process.pid, ...(startedAt === undefined ? {} : { startedAt }) };
}

export function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') return false;
  }
  const startedAt = startOf(owner.pid);
  if (startedAt === 'dead') return false;
  return owner.startedAt === undefined || startedAt === undefined || owner.startedAt === startedAt;
}

/** A killed process that nobody has waited for still has its pid: 'dead'. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : fields[19];
    }
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return state?.startsWith('Z') ? 'dead' : start.join(' ');
  } catch {
    return undefined;
  }
}

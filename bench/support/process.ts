import { readdirSync, readFileSync } from 'node:fs';

/** What Linux says of a process that is not ours to ask. All answers are undefined when it is gone. */

function statOf(pid: number): string[] | undefined {
  try {
    // The name is in parentheses and may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

/** CPU seconds, user and system, of all its threads. A tick is a hundredth of a second on Linux. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields && (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most memory that it ever had resident. */
export function peakMemoryBytes(pid: number): number | undefined {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Number(line[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** The ClickHouse process that a Parley process runs: its child. */
export function serverPidOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .find((pid) => Number.isInteger(pid) && Number(statOf(pid)?.[1]) === parent);
}

/** Pids of the processes that a process has started itself. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && Number(statOf(pid)?.[1]) === parent);
}

import { readdirSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** How far helpers stand behind the thread that they help: they get a third of its share of a core that both want. */
const stepsBehind = 5;
const lookEveryMs = 1_000;

/**
 * Puts the other threads of this process (the collector's, those of the pool, the stores' and the one that parses) behind
 * the thread that runs the processors, now and whenever there are new ones. All of the work waits for that thread alone,
 * and what helps it can run whenever it waits, or on another core. Only on Linux, where threads have priorities of
 * their own; elsewhere nothing changes. Does not keep the process alive.
 *
 * Returns what ends it.
 */
export function putHelpersBehind(): () => void {
  if (process.platform !== 'linux') return () => undefined;
  const own = String(process.pid);
  const behind = priorityBehind();
  let seen: ReadonlySet<string> = new Set();
  const look = () => {
    const threads = attempt(() => readdirSync('/proc/self/task')) ?? [];
    for (const thread of threads) {
      if (thread !== own && !seen.has(thread)) attempt(() => setPriority(Number(thread), behind));
    }
    seen = new Set(threads);
  };
  look();
  const timer = setInterval(look, lookEveryMs).unref();
  return () => clearInterval(timer);
}

/**
 * Puts a process that was just started, and all that it will start, behind this one. Where the system shares the cores
 * among sessions first (Linux' autogroup), its session is put behind as well: there a process' own priority counts
 * among those of its session only.
 */
export function putProcessBehind(pid: number): void {
  const behind = priorityBehind();
  attempt(() => setPriority(pid, behind));
  if (process.platform === 'linux') attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(behind)));
}

function priorityBehind(): number {
  return Math.min(getPriority() + stepsBehind, constants.priority.PRIORITY_LOW);
}

/** A thread may have ended, a system may know no priorities: it would only have been a help. */
function attempt<T>(what: () => T): T | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}

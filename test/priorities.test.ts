import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { putHelpersBehind, putProcessBehind } from '../src/priorities.ts';

const isLinux = process.platform === 'linux';
const ends: (() => unknown)[] = [];
const behind = () => Math.min(getPriority() + 5, 19);

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Priorities as the kernel has them, by thread. */
function priorities(): Map<number, number> {
  return new Map(
    readdirSync('/proc/self/task').map((thread) => {
      // The name, in brackets, may hold anything; field 19 of proc(5) is the priority, the 17th after it.
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
      return [Number(thread), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])];
    }),
  );
}

describe.runIf(isLinux)('putHelpersBehind', () => {
  it('puts all threads behind the one that runs the processors, and leaves that where it is', async () => {
    const own = getPriority();
    const others = behind();
    await readFile(import.meta.filename); // The pool has threads from the first asynchronous read on.
    ends.push(putHelpersBehind());
    const all = priorities();
    expect(all.get(process.pid)).toBe(own);
    all.delete(process.pid);
    expect(all.size).toBeGreaterThan(4);
    expect(new Set(all.values())).toEqual(new Set([others]));
  });

  it('finds a thread that starts later', async () => {
    ends.push(putHelpersBehind());
    const before = priorities();
    const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
    ends.push(() => worker.terminate());
    await vi.waitFor(
      () => {
        const later = [...priorities()].filter(([thread]) => !before.has(thread));
        expect(later.length).toBeGreaterThan(0);
        for (const [, priority] of later) expect(priority).toBe(behind());
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});

describe('putProcessBehind', () => {
  it('puts a process and its session behind this one', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached: true });
    ends.push(() => child.kill('SIGKILL'));
    const pid = child.pid as number;
    const before = autogroup(pid);
    putProcessBehind(pid);
    expect(getPriority(pid)).toBe(behind());
    // No such file where the system knows no such groups.
    if (before !== undefined) expect(autogroup(pid)).toBe(`nice ${behind()}`);
  });

  it('takes a process that has ended for what it is', () => {
    expect(() => putProcessBehind(2 ** 30)).not.toThrow();
  });
});

function autogroup(pid: number): string | undefined {
  try {
    return /nice -?\d+/.exec(readFileSync(`/proc/${pid}/autogroup`, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

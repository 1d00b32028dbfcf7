import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { codeOf } from '../../src/errors.ts';

export interface GuardedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes what the program prints, appended. Without it, it prints where this process prints. */
  readonly log?: string;
}

/** A server process that cannot outlive this one. */
export interface GuardedChild {
  readonly pid: number;
  /** Resolves when the process is gone, saying how it ended. Never rejects. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  signal(name: NodeJS.Signals): void;
}

/**
 * The guard: a shell that waits on a pipe from this process in the background, and becomes the program. When the pipe
 * ends without a word, its writer is dead, whatever killed it, and the guard kills the program (`$$` stays the pid of
 * the shell that became it). Written to, the guard ends quietly. Its input is named, because a shell gives what it runs
 * in the background an empty one.
 */
const guard = 'exec 3<&0; (read -r word <&3 || kill -9 $$) >&- 2>&- & exec 3<&-; exec "$@" </dev/null';

/**
 * Starts a program. It has a session of its own, so that a Ctrl-C in the terminal reaches this process alone, which then
 * ends its servers in the right order.
 */
export function startGuarded(command: GuardedCommand): GuardedChild {
  const log = command.log === undefined ? 'inherit' : openSync(command.log, 'a');
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', guard, 'guard', command.program, ...command.args], {
      stdio: ['pipe', log, log],
      detached: true,
      env: { ...process.env, ...command.environment },
    });
  } finally {
    if (log !== 'inherit') closeSync(log);
  }
  child.stdin!.on('error', () => undefined);
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ending ??= how;
      resolve(ending);
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      // The pid may soon be another's: the guard must not kill it.
      child.stdin!.end('ended\n');
      end(signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => ending !== undefined,
    signal: (name) => {
      child.kill(name);
    },
  };
}

/** The last lines of a program's log; none when there is no such file. */
export function lastLines(log: string, linesMax = 20): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-linesMax).join('\n');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

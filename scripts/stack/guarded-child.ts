import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { codeOf } from '../../src/errors.ts';

export interface GuardedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Takes what the program prints, appended. Without it, it prints where this process prints. */
  readonly log?: string;
  /** Removed by the guard, when this process dies without having ended the program. */
  readonly temporaryFolder?: string;
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
 * the shell that became it) and removes its temporary folder. Written to, the guard ends quietly. The pipe is not
 * standard input, which Node closes by itself when the program ends, before a word can be written.
 */
const guard = [
  'folder=$1; shift',
  '(read -r word <&3 || { kill -9 $$; sleep 1; [ -z "$folder" ] || rm -rf "$folder"; }) >&- 2>&- &',
  'exec 3<&-; exec "$@"',
].join('\n');

/**
 * Starts a program. It has a session of its own, so that a Ctrl-C in the terminal reaches this process alone, which then
 * ends its servers in the right order.
 */
export function startGuarded(command: GuardedCommand): GuardedChild {
  const log = command.log === undefined ? 'inherit' : openSync(command.log, 'a');
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', guard, 'guard', command.temporaryFolder ?? '', command.program, ...command.args], {
      stdio: ['ignore', log, log, 'pipe'],
      detached: true,
      env: { ...process.env, ...command.environment },
    });
  } finally {
    if (log !== 'inherit') closeSync(log);
  }
  const pipe = child.stdio[3] as Writable;
  pipe.on('error', () => undefined);
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ending ??= how;
      resolve(ending);
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      // The pid may soon be another's, and the folder be used again: the guard must leave both alone.
      pipe.end('ended\n');
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

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, ParleyError } from '../../src/errors.ts';
import { type GuardedChild, type GuardedCommand, lastLines, startGuarded } from './guarded-child.ts';

/**
 * One server of the stack. It is running or down; `kill` takes it down as a crash would, `restart` brings it back from
 * either, on the same ports and the same data. It ends with this process, however this process ends.
 */
export interface Service {
  /** Of the present life. */
  readonly pid: number;
  /** What it printed. */
  readonly log: string;
  /** Ends it in good order, where it runs, starts it again and waits until it answers. */
  restart(): Promise<void>;
  /** SIGKILL. It stays down until `restart`. */
  kill(): void;
  /** SIGSTOP: alive, and silent. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends it for good, and removes its data where the folder was not given. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  /** What it is called in errors. */
  readonly name: string;
  readonly folder: DataFolder;
  readonly command: Omit<GuardedCommand, 'log' | 'temporaryFolder'>;
  /** Resolves when the server answers; called again and again until it does. */
  answers(): Promise<unknown>;
}

/** Three seconds on a quiet machine. */
const readyMs = 120_000;
const probeMs = 50;
const endMs = 15_000;

/** Starts a server and waits until it answers. Fails with PARLEY_STACK_START and the last lines that it printed. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { folder } = options;
  const log = join(folder.path, `${options.name}.log`);
  let child: GuardedChild;
  const start = async () => {
    child = startGuarded({ ...options.command, log, ...(folder.isTemporary && { temporaryFolder: folder.path }) });
    await waitUntilItAnswers(options, child, log);
  };
  const end = async (name: 'SIGTERM' | 'SIGKILL') => {
    child.signal(name);
    // A paused process acts on SIGTERM only when it goes on.
    child.signal('SIGCONT');
    const timer = setTimeout(() => child.signal('SIGKILL'), endMs);
    await child.ended;
    clearTimeout(timer);
  };
  try {
    await start();
  } catch (error) {
    await end('SIGKILL');
    folder.remove();
    throw error;
  }
  return {
    get pid() {
      return child.pid;
    },
    log,
    restart: async () => {
      await end('SIGTERM');
      await start();
    },
    kill: () => child.signal('SIGKILL'),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    stop: async () => {
      await end(folder.isTemporary ? 'SIGKILL' : 'SIGTERM');
      folder.remove();
    },
  };
}

async function waitUntilItAnswers({ name, answers }: ServiceOptions, child: GuardedChild, log: string): Promise<void> {
  const deadline = Date.now() + readyMs;
  for (;;) {
    const silence = await answers().then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    if (child.hasEnded()) throw startFailed(name, await child.ended, log);
    if (silence === undefined) return;
    if (Date.now() > deadline) throw startFailed(name, `did not answer in ${readyMs / 1000} s: ${silence}`, log);
    await delay(probeMs);
  }
}

export function startFailed(name: string, how: string, log: string): ParleyError {
  return new ParleyError('PARLEY_STACK_START', `${name} ${how}`, {
    expected: `${name} up and answering`,
    received: lastLines(log),
    where: log,
  });
}

/** Where a server keeps its data. */
export interface DataFolder {
  readonly path: string;
  readonly isTemporary: boolean;
  /** Removes a temporary folder; leaves one that was given. */
  remove(): void;
}

export function dataFolder(name: string, given: string | undefined): DataFolder {
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    return { path: given, isTemporary: false, remove: () => undefined };
  }
  const path = mkdtempSync(join(tmpdir(), `parley-${name}-`));
  return { path, isTemporary: true, remove: () => rmSync(path, { recursive: true, force: true }) };
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const sample = join(root, 'examples/twitter-care');
const program = join(root, 'bin/parley.js');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Any free ports, and nothing of the machine's own configuration. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PARLEY_'));
  const ports = { PARLEY_CLICKHOUSE_HTTP_PORT: '0', PARLEY_CLICKHOUSE_TCP_PORT: '0', PARLEY_HTTP_PORT: '0' };
  return { ...(Object.fromEntries(own) as Record<string, string>), ...ports, ...more };
}

/** Runs the built program, as people do, to its end. */
export function parley(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: environment(more), maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' as const };
    execFile(process.execPath, [program, ...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, out, err });
    });
  });
}

/** Runs a line of the shell in which `parley` is the built program. */
export function shell(line: string): Promise<Ended> {
  const command = line.replaceAll(/(^|\| )parley /g, `$1'${process.execPath}' '${program}' `);
  return new Promise((resolve) => {
    const options = { env: environment(), maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' as const };
    execFile('bash', ['-o', 'pipefail', '-c', command], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, out, err });
    });
  });
}

/** Starts the program and leaves it running; it is ended with the test. */
export function start(args: readonly string[]): ChildProcess & { readonly printed: () => string } {
  const child = spawn(process.execPath, [program, ...args], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return Object.assign(child, { printed: () => text });
}

/** How a process that was started ends. */
export function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

export async function until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'parley-cli-'));
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

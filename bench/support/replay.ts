import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuSeconds, peakMemoryBytes, serverPidOf } from './process.ts';

const parley = fileURLToPath(new URL('../../bin/parley.js', import.meta.url));

/** What a replay came to, as it says itself and as it looks from outside. */
export interface Replayed {
  readonly summary: {
    readonly events: number;
    readonly elapsedMs: number;
    readonly duplicates: number;
    readonly late: number;
  };
  readonly wallSeconds: number;
  readonly processorCpu: number;
  readonly serverCpu: number;
  readonly processorMemory: number;
  readonly serverMemory: number;
}

/** Runs the built program to its end. */
export async function runParley(args: readonly string[]): Promise<string> {
  const options = { maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(process.execPath, [parley, ...args], options)).stdout;
}

/** Replays the events into a new data folder and watches both processes from outside. */
export async function replayWatched(events: string, dataDir: string): Promise<Replayed> {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
  const startedAt = performance.now();
  // By its first line, as people run it: that sets the collector's flags.
  const child = spawn(parley, ['replay', events, '--data-dir', dataDir, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const last = { processorCpu: 0, serverCpu: 0, processorMemory: 0, serverMemory: 0 };
  const timer = setInterval(() => {
    const server = serverPidOf(child.pid!);
    last.processorCpu = cpuSeconds(child.pid!) ?? last.processorCpu;
    last.processorMemory = peakMemoryBytes(child.pid!) ?? last.processorMemory;
    if (server === undefined) return;
    last.serverCpu = cpuSeconds(server) ?? last.serverCpu;
    last.serverMemory = peakMemoryBytes(server) ?? last.serverMemory;
  }, 50);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`parley replay ended with ${code}`);
  const summary = JSON.parse(output) as Replayed['summary'];
  return { summary, wallSeconds: (performance.now() - startedAt) / 1000, ...last };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { childrenOf, cpuSeconds, peakMemoryBytes } from './process.ts';

export const program = fileURLToPath(new URL('../../bin/parley.js', import.meta.url));

/** What the program's first line gives Node, so that what is measured is what operators start. */
function programArgs(): string[] {
  return readFileSync(program, 'utf8')
    .split('\n', 1)[0]!
    .split(' ')
    .filter((word) => word.startsWith('--'));
}

/** Only the domain whose topics the benches make: a member waits for every input topic. */
const settings = { PARLEY_LOG_LEVEL: 'debug', PARLEY_HTTP_PORT: '0', PARLEY_DOMAINS: 'conversations' };

interface Line {
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** `parley run` as operators start it, seen from outside: its log, its address, and what the kernel says of it. */
export class ParleyRun {
  readonly startedAt = Date.now();
  readonly lines: Line[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #out = '';
  #hasEnded = false;

  constructor(
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    nodeArgs: readonly string[] = [],
  ) {
    this.#child = spawn(process.execPath, [...programArgs(), ...nodeArgs, program, 'run', ...args], {
      env: { ...process.env, ...settings, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#out += chunk;
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#hasEnded = true;
        resolve(code);
      });
    });
  }

  /** Of all its processes. */
  get pids(): number[] {
    const pid = this.#child.pid!;
    return [pid, ...childrenOf(pid)];
  }

  get cpuSeconds(): number {
    return this.pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0);
  }

  /** The most that its processes had resident, added up. */
  get peakMemoryBytes(): number {
    return this.pids.reduce((sum, pid) => sum + (peakMemoryBytes(pid) ?? 0), 0);
  }

  /** Milliseconds since 1970 of the first log line that says so. */
  async until(pattern: RegExp): Promise<number> {
    for (;;) {
      const found = this.lines.find(({ msg }) => pattern.test(msg));
      if (found !== undefined) return Date.parse(found.time);
      await this.#pause(String(pattern));
    }
  }

  /** Until it says that it is ready; milliseconds since 1970. */
  async ready(): Promise<number> {
    for (;;) {
      const url = /metrics: (http:\S+)\/health\/ready/.exec(this.#out)?.[1];
      const answer = url && (await fetch(`${url}/health/ready`).catch(() => undefined));
      if (answer && answer.status === 200) return Date.now();
      await this.#pause('ready');
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }

  #take(line: string): void {
    if (!line.startsWith('{')) {
      if (line !== '') process.stderr.write(`${line}\n`);
      return;
    }
    const parsed = JSON.parse(line) as Line & { level: string };
    if (parsed.level === 'error' || parsed.level === 'fatal') process.stderr.write(`${line}\n`);
    this.lines.push(parsed);
  }

  async #pause(what: string): Promise<void> {
    if (this.#hasEnded) throw new Error(`parley run ended before ${what}: ${JSON.stringify(this.lines.slice(-5))}`);
    await sleep(20);
  }
}

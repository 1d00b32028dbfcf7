import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environment, root } from '../../cli/program.ts';

export interface ProcessorOptions {
  /** Default: replay. */
  readonly command?: readonly string[];
  readonly paths: readonly string[];
  readonly dataDir: string;
  readonly more?: Readonly<Record<string, string>>;
}

export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

const living = new Set<Processor>();

/** One life of the real program, `parley replay` or another command that ends, in a process of its own, whose ClickHouse is a child of that. */
export class Processor {
  readonly ended: Promise<Death>;
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #dataDir: string;
  #death: Death | undefined;
  #errors = '';
  #out = '';
  #waiting: (() => void)[] = [];

  constructor({ command = ['replay'], paths, dataDir, more = {} }: ProcessorOptions) {
    this.#dataDir = dataDir;
    const args = [join(root, 'bin/parley.js'), ...command, ...paths, '--json', '--data-dir', dataDir];
    this.#child = spawn(process.execPath, args, {
      env: environment({ PARLEY_LOG_LEVEL: 'debug', ...more }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(this);
    let rest = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{"level"')) this.lines.push(JSON.parse(line) as LogLine);
      this.#wake();
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#out += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        living.delete(this);
        this.#death = { code, signal };
        this.#wake();
        resolve(this.#death);
      });
    });
  }

  get hasEnded(): boolean {
    return this.#death !== undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it printed on standard error. */
  get errors(): string {
    return this.#errors;
  }

  /** What it printed at its end. */
  get summary(): Readonly<Record<string, number>> {
    return JSON.parse(this.#out) as Record<string, number>;
  }

  /** Waits for a line that says so; false when the process, or the time, ended before. */
  async saw(pattern: RegExp, timeoutMs = 30_000, from = 0): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (this.lines.slice(from).some(({ msg }) => pattern.test(msg))) return true;
      const left = deadline - performance.now();
      if (this.hasEnded || left <= 0) return false;
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), sleep(Math.min(left, 50))]);
    }
  }

  /** `saw` for what must come. */
  async until(pattern: RegExp): Promise<void> {
    if (await this.saw(pattern)) return;
    throw new Error(`${pattern} was not seen before the end (${JSON.stringify(this.#death)}):\n${this.#errors}`);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): boolean {
    return !this.hasEnded && this.#child.kill(signal);
  }

  /**
   * Ends the ClickHouse process with `kill -9`, if it is there and is the child of this very process. With `aimMs` it
   * waits, so long at most, for the moment when a part of the domain's tables is half written.
   */
  async killServer(aimMs = 0): Promise<boolean> {
    const pid = this.#lockingPid();
    if (pid === undefined || !this.#isParentOf(pid)) return false;
    for (const deadline = performance.now() + aimMs; performance.now() < deadline && !this.hasEnded; ) {
      if (halfWrittenParts(this.#dataDir) > 0) break;
      await sleep(1);
    }
    if (this.hasEnded || this.#lockingPid() !== pid) return false;
    try {
      return process.kill(pid, 'SIGKILL');
    } catch {
      return false;
    }
  }

  /** ClickHouse writes its pid into the file that it locks. */
  #lockingPid(): number | undefined {
    try {
      const text = readFileSync(join(this.#dataDir, 'clickhouse/data/status'), 'utf8');
      return Number(/PID: (\d+)/.exec(text)?.[1]) || undefined;
    } catch {
      return undefined;
    }
  }

  #isParentOf(pid: number): boolean {
    try {
      return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' })) === this.#child.pid;
    } catch {
      return false;
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Ends what a failed test left behind. */
export async function endProcessors(): Promise<void> {
  for (const processor of [...living]) {
    processor.kill();
    await processor.ended;
  }
}

/** Runs the program to its end. */
export async function runToEnd(options: ProcessorOptions): Promise<Processor> {
  const processor = new Processor(options);
  const { code } = await processor.ended;
  if (code !== 0) throw new Error(`parley ended with ${code}:\n${processor.errors}`);
  return processor;
}

/** Parts of the domain's tables that ClickHouse is writing, or was when it died: it removes those when it starts again. */
export function halfWrittenParts(dataDir: string): number {
  const tables = join(dataDir, 'clickhouse/data/data/conversations');
  const parts = namesIn(tables).flatMap((table) => namesIn(join(tables, table)));
  return parts.filter((part) => part.startsWith('tmp_insert_')).length;
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

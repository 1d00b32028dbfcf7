import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environment, root } from '../../cli/program.ts';
import type { Death, LogLine } from './processor.ts';

/** One life of the real program: `parley run`, with all its processes. */
export class Member {
  readonly ended: Promise<Death>;
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  #errors = '';
  #out = '';
  #death: Death | undefined;

  constructor(more: Readonly<Record<string, string>>, args: readonly string[] = []) {
    this.#child = spawn(process.execPath, [join(root, 'bin/parley.js'), 'run', ...args], {
      env: environment({ PARLEY_LOG_LEVEL: 'debug', PARLEY_HTTP_PORT: '0', ...more }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let rest = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{"level"')) this.lines.push(JSON.parse(line) as LogLine);
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#out += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#death = { code, signal };
        resolve(this.#death);
      });
    });
  }

  /** What it printed on standard error, the last of it, without what is for debugging. */
  get errors(): string {
    const lines = this.#errors.split('\n').filter((line) => !line.startsWith('{"level":"debug"'));
    return lines.slice(-60).join('\n');
  }

  /** Whether it has said anything: before that, Node still loads the program, which touches nothing yet. */
  get hasBegun(): boolean {
    return this.#errors !== '';
  }

  get hasEnded(): boolean {
    return this.#death !== undefined;
  }

  kill(signal: NodeJS.Signals): boolean {
    return !this.hasEnded && this.#child.kill(signal);
  }

  /** The same to it and to all its workers, at the same moment as far as that goes. */
  signalAll(signal: NodeJS.Signals): void {
    if (this.hasEnded) return;
    // The parent first: it would start a worker again that is killed before it.
    for (const pid of [this.#child.pid!, ...this.workers()]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** Pids of the workers that it has started. */
  workers(): number[] {
    try {
      const children = execFileSync('pgrep', ['-P', String(this.#child.pid)], { encoding: 'utf8' });
      return children.split('\n').filter(Boolean).map(Number);
    } catch {
      return []; // pgrep fails when it finds none.
    }
  }

  /** Waits for a log line that says so. */
  async until(pattern: RegExp, timeoutMs = 60_000, from = 0): Promise<void> {
    await this.#wait(String(pattern), timeoutMs, async () =>
      this.lines.slice(from).some(({ msg }) => pattern.test(msg)),
    );
  }

  /** Where it serves health and metrics, once it has started. */
  async url(): Promise<string> {
    const find = () => /Health and metrics: (http:\S+)\/health\/ready/.exec(this.#out)?.[1];
    await this.#wait('an address', 60_000, async () => find() !== undefined);
    return find()!;
  }

  async ready(timeoutMs = 60_000): Promise<void> {
    const url = await this.url();
    await this.#wait('ready', timeoutMs, async () => (await fetch(`${url}/health/ready`)).status === 200);
  }

  /** What the dashboard of the process answers. */
  async dashboard<Body>(path: string): Promise<Body> {
    return (await (await fetch(`${await this.url()}${path}`)).json()) as Body;
  }

  /** The sum of a metric over its labels, or of the series whose labels hold `label`. */
  async metric(name: string, label = ''): Promise<number> {
    const page = await (await fetch(`${await this.url()}/metrics`)).text();
    const lines = page.split('\n').filter((line) => new RegExp(`^${name}(\\{| )`).test(line) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Waits until a metric has a value. */
  async shows(value: number, name: string, label = ''): Promise<void> {
    await this.#wait(`${name} ${label} ${value}`, 60_000, async () => (await this.metric(name, label)) === value);
  }

  async #wait(what: string, timeoutMs: number, condition: () => Promise<boolean>): Promise<void> {
    for (const deadline = performance.now() + timeoutMs; !(await condition().catch(() => false)); await sleep(50)) {
      if (this.hasEnded || performance.now() > deadline) {
        throw new Error(`${what} was not seen before the end (${JSON.stringify(this.#death)}):\n${this.errors}`);
      }
    }
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { AggregatorRegistry } from 'prom-client';
import type { LivePartition } from '../dashboard/live.ts';
import { joinReadiness, type Readiness } from '../http/health.ts';
import type { Log } from '../runtime/log.ts';
import { exitWrongUse } from './failure.ts';
import type { FromWorker, ToWorker } from './worker-channel.ts';

export interface WorkersOptions {
  readonly count: number;
  /** The program, and the arguments that make it a worker. */
  readonly program: string;
  readonly args: readonly string[];
  readonly log: Log;
  /** A worker ended in a way that starting it again cannot mend. */
  readonly onFatal: (code: number) => void;
  /** Before the first restart, milliseconds; twice as long each time. */
  readonly restartMs?: number;
  readonly restartMsMost?: number;
}

/** How long a worker may take to say how it is: it may be in the middle of a batch. */
const answerMs = 5_000;
/** A worker that lived so long was well. */
const wellMs = 60_000;

/** The processes of `parley run --workers N`: started, started again when they crash, asked how they are, and stopped. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #workers: readonly Worker[];

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.count }, (_, index) => new Worker(`worker ${index + 1}`, options));
  }

  get pids(): number[] {
    return this.#workers.flatMap(({ pid }) => pid ?? []);
  }

  start(): void {
    for (const worker of this.#workers) worker.start();
  }

  async readiness(): Promise<Readiness> {
    const states = await this.#ask();
    return joinReadiness(new Map([...states].map(([name, state]) => [name, state?.readiness])));
  }

  /** The metrics of all workers that answer, added up, as a page. */
  async metrics(): Promise<string> {
    const states = await this.#ask();
    const parts = [...states.values()].flatMap((state) => (state === undefined ? [] : [[...state.metrics]]));
    return AggregatorRegistry.aggregate(parts).metrics();
  }

  /** The tasks of all workers that answer. */
  async partitions(): Promise<LivePartition[]> {
    const states = await this.#ask();
    return [...states.values()].flatMap((state) => state?.partitions ?? []);
  }

  /** Asks all to stop, and ends by force what has not ended within that time. */
  async stop(withinMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(withinMs)));
    this.#options.log.info({}, 'all workers have ended');
  }

  async #ask(): Promise<Map<string, FromWorker | undefined>> {
    const answers = this.#workers.map(async (worker) => [worker.name, await worker.ask()] as const);
    return new Map(await Promise.all(answers));
  }
}

class Worker {
  readonly name: string;
  readonly #options: WorkersOptions;
  readonly #questions = new Map<number, (answer: FromWorker | undefined) => void>();
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #crashes = 0;
  #asked = 0;
  #isStopping = false;

  constructor(name: string, options: WorkersOptions) {
    this.name = name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { program, args } = this.#options;
    this.#startedAt = performance.now();
    const child = fork(program, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    child.on('message', (message) => {
      const answer = message as FromWorker;
      this.#questions.get(answer.answer)?.(answer);
    });
    // An error without an exit: it could not be started at all.
    child.once('error', () => this.#ended(child, null, null));
    child.once('exit', (code, signal) => this.#ended(child, code, signal));
  }

  /** How it is; undefined when it does not answer in time. */
  ask(): Promise<FromWorker | undefined> {
    const number = ++this.#asked;
    return new Promise((resolve) => {
      const done = (answer: FromWorker | undefined) => {
        clearTimeout(timer);
        this.#questions.delete(number);
        resolve(answer);
      };
      const timer = setTimeout(done, answerMs, undefined);
      this.#questions.set(number, done);
      if (!this.#send({ ask: 'state', number })) done(undefined);
    });
  }

  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    // Not by a signal: a terminal sends its own to every process, and a second one ends a worker at once.
    this.#send({ ask: 'stop' });
    await ended;
    clearTimeout(timer);
  }

  #send(message: ToWorker): boolean {
    const child = this.#child;
    if (child === undefined || !child.connected) return false;
    child.send(message, () => undefined);
    return true;
  }

  #ended(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const done of [...this.#questions.values()]) done(undefined);
    if (this.#isStopping) return;
    const { log, onFatal, restartMs = 1_000, restartMsMost = 30_000 } = this.#options;
    if (code === exitWrongUse) {
      onFatal(code);
      return;
    }
    if (performance.now() - this.#startedAt > wellMs) this.#crashes = 0;
    const delayMs = Math.min(restartMsMost, restartMs * 2 ** this.#crashes++);
    const how = signal === null ? `code ${code ?? 'none'}` : signal;
    log.warn({ delayMs }, `${this.name} ended with ${how} and is started again`);
    this.#restart = setTimeout(() => this.start(), delayMs);
  }
}

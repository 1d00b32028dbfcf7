import { ParleyError } from '../errors.ts';
import { createDecoder } from '../events/decode.ts';
import type { Domain, LandingTable, StateSpace } from '../runtime/domain.ts';
import { defaultLimits, type Step, type TaskLimits } from '../runtime/task.ts';
import { Crash, seededRandom } from './life.ts';
import { type InsertFault, MemoryWarehouse, type SignedRow } from './memory-warehouse.ts';
import { type Disks, Incarnation } from './process.ts';

export interface TestDriverOptions {
  readonly domain: Domain;
  /** As in production, but batches are small, so that a test that sends little still sees several. */
  readonly limits?: Partial<TaskLimits>;
  /** Chooses the order in which concurrent work ends. The same seed, the same order. Default 1. */
  readonly seed?: number;
  /** Where the clock starts, milliseconds since 1970. Default 2026-01-01 00:00 UTC. */
  readonly startAt?: number;
  /** States kept in memory besides those of the batch in hand. 0 lets every state go and come back. Default 1000. */
  readonly cacheEntriesMax?: number;
  /** Makes inserts fail, to see them retried. */
  readonly insertFault?: InsertFault;
}

export interface CrashPoint {
  /** The nth time that any task has done that step from now on. Default 1. */
  readonly occurrence?: number;
  /** Only this task, `<domain>.<stage>/0`. Default any. */
  readonly task?: string;
}

/** A landing table, or its name. */
type TableName = LandingTable | string;

/**
 * Runs a domain without brokers, files or ClickHouse: events in, clock forward, rows and state out. Only what stands
 * outside is replaced, by ports in memory; decoding, processors, state cache and the commit path are the real ones, so a
 * crash between two steps of it can be tried out too.
 *
 *     const driver = createTestDriver({ domain: conversationsDomain() });
 *     driver.send('conversations.messages', { message_id: 'm1', … });
 *     await driver.drain();
 *     expect(driver.rows('landing_messages')).toMatchObject([{ message_id: 'm1' }]);
 *     await driver.close();
 */
export interface TestDriver {
  /** Milliseconds since 1970 on the driver's clock. It moves by `advance` alone. */
  readonly now: number;
  /**
   * Publishes an event, or the text of a record as it is. It is checked by the topic's schema as in production: what
   * does not pass is found in `deadLetters`, not thrown. Fails with PARLEY_TOPIC_UNKNOWN for a topic of no stage.
   */
  send(topic: string, value: object | string): void;
  /** Processes, delivers, commits and checkpoints all that was sent. False when the process crashed before the end. */
  drain(): Promise<boolean>;
  /** Moves the clock and does what is due by then: timed checkpoints and the expiry of old states. Drain first. */
  advance(milliseconds: number): Promise<void>;
  /** The rows that are true now, in no particular order. Fails with PARLEY_INTERNAL when a row counts twice, or less than not at all. */
  rows<Row = Readonly<Record<string, unknown>>>(table: TableName): Row[];
  /** Every row inserted, with its sign and version, in the order of arrival. */
  signedRows(table: TableName): readonly SignedRow[];
  /** The state of a key as the last checkpoint has it; undefined when there is none. */
  state<State>(space: StateSpace<State> | string, key: string): State | undefined;
  /** Refused records: topic, offset, code, message and bytes. */
  deadLetters(): Readonly<Record<string, unknown>>[];
  /** What the processors counted in committed batches: late, too_late, duplicate … */
  counts(): Readonly<Record<string, number>>;
  /** Kills the process: at once, or as soon as a task has done a step of the commit path. State in memory is gone. */
  crash(afterStep?: Step, point?: CrashPoint): void;
  /** Starts the process again after a crash (or a clean stop, if it runs): the commit path's steps 0 and 1. */
  restart(): Promise<boolean>;
  /**
   * Starts a second owner beside the one that runs, which is not told: what that one has under way it goes on with, until
   * it finds itself fenced. Returns the old owner's end: the error that stopped it.
   */
  supersede(): Promise<unknown>;
  readonly isRunning: boolean;
  readonly warehouse: MemoryWarehouse;
  close(): Promise<void>;
}

const driverLimits: TaskLimits = { ...defaultLimits, batchEventsMax: 100 };

/** A driver for one domain, running. See `TestDriver`. */
export function createTestDriver(options: TestDriverOptions): TestDriver {
  return new Driver(options);
}

class Driver implements TestDriver {
  readonly warehouse = new MemoryWarehouse();
  readonly #options: TestDriverOptions;
  readonly #random: () => number;
  readonly #decoder: ReturnType<typeof createDecoder>;
  readonly #counts = new Map<string, number>();
  readonly #disks: Disks;
  #clock: number;
  #process: Incarnation | undefined;
  #crash: { readonly step: Step; readonly task: string | undefined; left: number } | undefined;

  constructor(options: TestDriverOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
    this.#decoder = createDecoder(options.domain.topics);
    this.#clock = options.startAt ?? Date.UTC(2026, 0, 1);
    this.#disks = Incarnation.emptyDisks(options.domain);
    this.#process = this.#newProcess();
  }

  get now(): number {
    return this.#clock;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  send(topic: string, value: object | string): void {
    const { domain } = this.#options;
    if (!domain.topics.some(({ name }) => name === topic)) {
      throw new ParleyError('PARLEY_TOPIC_UNKNOWN', `Domain ${domain.name} has no topic ${topic}`, {
        expected: domain.topics.map(({ name }) => name).join(', '),
        received: topic,
      });
    }
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    this.#disks.topics.append(topic, text, this.#decoder.decode(topic, text, this.#clock));
  }

  async drain(): Promise<boolean> {
    return this.#run((process) => process.drain());
  }

  async advance(milliseconds: number): Promise<void> {
    this.#clock += milliseconds;
    await this.#run((process) => process.tick());
  }

  rows<Row>(table: TableName): Row[] {
    return this.warehouse.rows(nameOf(table)) as Row[];
  }

  signedRows(table: TableName): readonly SignedRow[] {
    return this.warehouse.signedRows(nameOf(table));
  }

  state<State>(space: StateSpace<State> | string, key: string): State | undefined {
    return Incarnation.stateOf(this.#options.domain, this.#disks, space as StateSpace<unknown> | string, key) as
      | State
      | undefined;
  }

  deadLetters(): Readonly<Record<string, unknown>>[] {
    return this.warehouse
      .rows('landing_dead_letters')
      .map((row) => ({ ...row, bytes: Buffer.from(row.bytes as Uint8Array).toString() }));
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  crash(afterStep?: Step, { occurrence = 1, task }: CrashPoint = {}): void {
    if (afterStep === undefined) this.#die();
    else this.#crash = { step: afterStep, task, left: occurrence };
  }

  async restart(): Promise<boolean> {
    const old = this.#process;
    if (old !== undefined) {
      await this.#run((process) => process.drain());
      await old.close();
    }
    this.#process = this.#newProcess();
    return this.#run((process) => process.open());
  }

  async supersede(): Promise<unknown> {
    const old = this.#process;
    if (old === undefined) throw new ParleyError('PARLEY_INTERNAL', 'No process runs that could be superseded');
    await old.open();
    const end = old.drain().then(
      () => undefined,
      (error: unknown) => error,
    );
    for (let turns = Math.floor(this.#random() * 40); turns > 0; turns--) await undefined;
    this.#process = this.#newProcess();
    await this.#run((process) => process.open());
    return end;
  }

  async close(): Promise<void> {
    await this.#process?.close();
    this.#process = undefined;
  }

  /** Runs something of the process; false when it crashed on purpose meanwhile. */
  async #run(work: (process: Incarnation) => Promise<void>): Promise<boolean> {
    const process = this.#process;
    if (process === undefined) return false;
    try {
      await process.open();
      await work(process);
      return true;
    } catch (error) {
      if (process.life.isOver && error instanceof Crash) return false;
      this.#die();
      throw error;
    }
  }

  #newProcess(): Incarnation {
    const { domain, limits, cacheEntriesMax = 1000, insertFault } = this.#options;
    const process: Incarnation = new Incarnation({
      domain,
      limits: { ...driverLimits, ...limits },
      cacheEntriesMax,
      disks: this.#disks,
      warehouse: this.warehouse,
      random: this.#random,
      clock: () => this.#clock,
      insertFault,
      onStep: (task, step) => {
        if (process === this.#process) this.#onStep(task, step);
      },
      onCounts: (counts) => {
        for (const [what, by] of counts) this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
      },
    });
    return process;
  }

  #onStep(task: string, step: Step): void {
    const crash = this.#crash;
    if (crash === undefined || crash.step !== step || (crash.task !== undefined && crash.task !== task)) return;
    if (--crash.left > 0) return;
    this.#die();
    throw new Crash(`Ended on purpose after step ${step} of ${task}`);
  }

  #die(): void {
    this.#crash = undefined;
    this.#process?.life.end();
    this.#process = undefined;
  }
}

function nameOf(table: TableName): string {
  return typeof table === 'string' ? table : table.name;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from './deployment.ts';
import type { Seat } from './seat.ts';

export interface FaultsOptions {
  readonly deployment: Deployment;
  /** `<domain>.<stage>` for each that has a task for each partition. */
  readonly stages: readonly string[];
  readonly partitions: number;
  /** How long what all members need stays away. */
  readonly downMs: number;
}

/** A step of the commit path, in a stage: the member that reaches it dies there. */
export interface Death {
  readonly step: number;
  readonly stage: string;
}

/** The zod bound of `kafka.sessionTimeoutMs`, and time for the brokers to look at their clocks. */
const sessionMs = 7_500;

/** What happens to a deployment that has to go on all the same; each is counted by its kind. */
export class Faults {
  readonly #options: FaultsOptions;
  readonly #counts = new Map<string, number>();
  #lives = 0;

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  describe(): string {
    return [...this.#counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
  }

  count(kind: string, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  async leaveAndReturn(seat: Seat): Promise<void> {
    await seat.leave();
    this.count('leave (SIGTERM)');
    seat.sit();
    this.count('join');
  }

  async killMember(seat: Seat): Promise<void> {
    await seat.kill();
    this.count('kill -9 of a member');
  }

  killWorker({ member }: Seat): void {
    const [worker] = member.workers();
    if (worker === undefined) return;
    process.kill(worker, 'SIGKILL');
    this.count('kill -9 of a worker');
  }

  /**
   * A zombie: it sleeps until others have its tasks, and wakes with batches of them in hand. Brokers that go away meanwhile
   * may forget how long it slept, and leave it its place: it then has nothing to say, and nobody can wait for that.
   */
  async sleepPastSession({ member }: Seat, areBrokersSteady = true): Promise<void> {
    const from = member.lines.length;
    member.signalAll('SIGSTOP');
    await sleep(sessionMs);
    member.signalAll('SIGCONT');
    this.count('SIGSTOP past the session');
    if (!areBrokersSteady) return;
    // Unless it was put out while it joined.
    await member.until(/has come back|The group gives this process/, 60_000, from);
  }

  /**
   * Members that join, and die at the step that is theirs. Where servers are away one after the other, no batch may get so
   * far in two minutes: such a member leaves.
   */
  async dieAt(deaths: readonly Death[], areServersThere = true): Promise<void> {
    const { deployment } = this.#options;
    const dying = deaths.map(({ step, stage }) => {
      const wish = { PARLEY_CRASH_AFTER_STEP: `${step}@1@${stage}` };
      return deployment.member(`dying-${++this.#lives}`, [], wish);
    });
    for (const [index, member] of dying.entries()) {
      const late = setTimeout(() => member.kill('SIGTERM'), 120_000);
      const { signal } = await member.ended;
      clearTimeout(late);
      const { step, stage } = deaths[index]!;
      if (signal !== 'SIGKILL' && !areServersThere) {
        this.count('leave (SIGTERM)');
        continue;
      }
      if (signal !== 'SIGKILL') throw new Error(`step ${step} of ${stage} was not reached:\n${member.errors}`);
      this.count(`kill -9 after step ${step}`);
    }
  }

  async restartBroker(): Promise<void> {
    await this.#options.deployment.broker.restart();
    this.count('broker restart');
  }

  async killBroker(downMs = 2_000): Promise<void> {
    const { broker } = this.#options.deployment;
    broker.kill();
    await sleep(downMs);
    await broker.restart();
    this.count('broker kill -9');
  }

  /** The flow writes by schemas that nobody has looked up when the registry goes. */
  async loseRegistry(whileDown: () => Promise<void> = async () => undefined): Promise<void> {
    const { deployment, downMs } = this.#options;
    deployment.wire.renew();
    deployment.registry.kill();
    await Promise.all([sleep(downMs), whileDown()]);
    await deployment.registry.restart();
    this.count('registry down');
    // Ids that are new to a registry that was down, and those for the next time.
    await deployment.wire.prepare();
    deployment.wire.renew();
    await deployment.wire.prepare();
  }

  async pauseWarehouse(): Promise<void> {
    const { deployment, downMs } = this.#options;
    deployment.pauseWarehouse();
    await sleep(downMs);
    deployment.resumeWarehouse();
    this.count('ClickHouse silent (SIGSTOP)');
  }

  async loseWarehouse(): Promise<void> {
    const { deployment, downMs } = this.#options;
    await deployment.restartWarehouse(downMs);
    this.count('ClickHouse down');
  }

  async killWarehouse(): Promise<void> {
    const { deployment } = this.#options;
    const isCut = await deployment.killWarehouse();
    await deployment.restartWarehouse();
    this.count(isCut ? 'ClickHouse kill -9 in mid-insert' : 'ClickHouse kill -9');
  }

  /** Until these members have all tasks, and have them open. */
  async allOpen(seats: readonly Seat[], withinMs = 90_000): Promise<void> {
    const { stages, partitions } = this.#options;
    const wanted = stages.length * partitions;
    for (const deadline = Date.now() + withinMs; ; await sleep(250)) {
      const open = seats.map(({ member }) => member.metric('parley_tasks', 'state="open"').catch(() => 0));
      const found = (await Promise.all(open)).reduce((sum, count) => sum + count, 0);
      if (found === wanted) return;
      if (Date.now() < deadline) continue;
      const errors = seats.map(({ name, member }) => `--- ${name}\n${member.errors}`);
      throw new Error(`${found} tasks of ${wanted} are open:\n${errors.join('\n')}`);
    }
  }
}

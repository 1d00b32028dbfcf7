import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyRun } from './group.ts';
import { cpuSeconds } from './process.ts';
import { CpuSamples } from './samples.ts';
import { round } from './statistics.ts';
import { type BenchWarehouse, checkCounts, committed } from './warehouse.ts';

export interface TakeoverOptions {
  readonly warehouse: BenchWarehouse;
  readonly brokerPid: number;
  /** Of a member with a state folder of this name. */
  readonly environment: (member: string) => Readonly<Record<string, string>>;
  readonly messages: number;
  readonly nodeArgs: readonly string[];
}

/**
 * A member works a topic through until it has the state of every conversation, and is killed. Another one, which has
 * nothing on its disk, takes over: from what the group says until all tasks take batches. Then a third one, on the disk
 * of the second, after a clean stop.
 */
export async function takeover(options: TakeoverOptions) {
  const { warehouse, environment, messages } = options;
  const first = new ParleyRun(environment('first'));
  while ((await committed(warehouse.client)) < messages) await sleep(250);
  await first.stop('SIGKILL');
  const second = await takenOver(options, 'second');
  await checkCounts(warehouse.client, messages);
  const third = await takenOver(options, 'second');
  return { afterKill: second, withItsOwnStore: third };
}

async function takenOver({ environment, brokerPid, nodeArgs }: TakeoverOptions, member: string) {
  const run = new ParleyRun(environment(member), [], nodeArgs);
  const samples = new CpuSamples({ parley: () => run.cpuSeconds, broker: () => cpuSeconds(brokerPid) });
  const assignedAt = await run.until(/gives this process [1-9]/);
  const readyAt = await run.ready();
  samples.stop();
  const cpu = samples.between(assignedAt, readyAt);
  const peakMemoryMb = Math.round(run.peakMemoryBytes / 1e6);
  const stopStartedAt = Date.now();
  await run.stop();
  return {
    secondsFromAssignmentUntilReady: round((readyAt - assignedAt) / 1000),
    secondsFromStartUntilAssignment: round((assignedAt - run.startedAt) / 1000),
    secondsToStop: round((Date.now() - stopStartedAt) / 1000),
    cpuSeconds: { parley: round(cpu.parley), broker: round(cpu.broker) },
    peakMemoryMb,
  };
}

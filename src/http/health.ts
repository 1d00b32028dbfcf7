import type { TaskStatus } from '../runtime/group/keeper.ts';
import { nameOf } from '../runtime/group/ports.ts';

/** Whether a process does its work, and why not. */
export interface Readiness {
  readonly isReady: boolean;
  /** What it waits for, for a person; empty when it is ready. */
  readonly reasons: readonly string[];
}

export interface HealthFacts {
  /** Whether the group has given this process its tasks, if perhaps none. */
  readonly isMember: boolean;
  readonly tasks: readonly TaskStatus[];
  /** Why ClickHouse does not answer; undefined when it does. */
  readonly warehouseFailure: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly stuckMs?: number;
}

/** A plan that waits longer than this for ClickHouse is stuck, whatever the retries say. */
const stuckMsDefault = 60_000;

export function readinessOf({ isMember, tasks, warehouseFailure, now, stuckMs }: HealthFacts): Readiness {
  const reasons: string[] = [];
  if (!isMember) reasons.push('not in the group yet');
  if (warehouseFailure !== undefined) reasons.push(`ClickHouse does not answer: ${warehouseFailure}`);
  for (const { id, state, failure, waitingSince } of tasks) {
    const name = nameOf(id);
    if (state === 'waiting') reasons.push(`${name} waits to be opened again (${failure ?? 'for a moment'})`);
    else if (state === 'opening' || state === 'restoring') reasons.push(`${name} is ${state}`);
    const age = waitingSince === undefined ? 0 : now - waitingSince;
    if (age > (stuckMs ?? stuckMsDefault)) {
      reasons.push(`${name} has a batch that ClickHouse has not taken for ${Math.round(age / 1000)} s`);
    }
  }
  return { isReady: reasons.length === 0, reasons };
}

/** Of several processes: ready when all are. */
export function joinReadiness(parts: ReadonlyMap<string, Readiness | undefined>): Readiness {
  const reasons = [...parts].flatMap(([name, part]) =>
    part === undefined ? [`${name} does not answer`] : part.reasons.map((reason) => `${name}: ${reason}`),
  );
  return { isReady: reasons.length === 0, reasons };
}

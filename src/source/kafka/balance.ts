import { type Extras, shareExtras } from './extras.ts';
import { type TaskId, taskName } from './shard.ts';

export interface StagePartitions {
  /** `<domain>.<stage>` */
  readonly stage: string;
  readonly partitions: number;
}

/** A member of the group, and the tasks that it says it has. */
export interface Claimant {
  readonly id: string;
  /** The stages that it reads all topics of. */
  readonly stages: ReadonlySet<string>;
  /** The group's generation in which it got them. Of two claims for a task the newer one holds. */
  readonly generation: number;
  readonly tasks: readonly TaskId[];
}

/**
 * Shares the tasks out. Each stage is spread evenly over the members that read it, within one; so are all tasks
 * together, where all members read all stages. Among the ways to do so it is one that moves the fewest tasks away from
 * members that have them. The same for the same members in any order. A stage that nobody reads is left out.
 */
export function balance(stages: readonly StagePartitions[], claimants: readonly Claimant[]): Map<string, TaskId[]> {
  const members = [...claimants].sort((a, b) => (a.id < b.id ? -1 : 1));
  const shared = new Map<string, TaskId[]>(members.map(({ id }) => [id, []]));
  const owners = ownersOf(members);
  const spread = stages
    .map(({ stage, partitions }) => {
      const readers = members.filter((member) => member.stages.has(stage)).map(({ id }) => id);
      const held = new Map<string, number[]>(readers.map((id) => [id, []]));
      for (let partition = 0; partition < partitions; partition++) {
        held.get(owners.get(taskName({ stage, partition })) ?? '')?.push(partition);
      }
      return { stage, partitions, readers, held, base: Math.floor(partitions / Math.max(1, readers.length)) };
    })
    .filter(({ readers }) => readers.length > 0);
  const extras = shareExtras(
    spread.map(
      ({ partitions, readers, held, base }): Extras => ({
        count: partitions - base * readers.length,
        gains: new Map(readers.map((id) => [id, held.get(id)!.length > base])),
      }),
    ),
    members.map(({ id }) => id),
  );
  for (const [index, { stage, partitions, readers, held, base }] of spread.entries()) {
    const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
    const rooms = new Map<string, number>();
    for (const id of readers) {
      const quota = base + (extras[index]!.has(id) ? 1 : 0);
      const kept = held.get(id)!.slice(0, quota);
      for (const partition of kept) {
        shared.get(id)!.push({ stage, partition });
        free.delete(partition);
      }
      rooms.set(id, quota - kept.length);
    }
    for (const [id, room] of rooms) {
      for (const partition of [...free].slice(0, room)) {
        shared.get(id)!.push({ stage, partition });
        free.delete(partition);
      }
    }
  }
  return shared;
}

/** By task name. */
function ownersOf(members: readonly Claimant[]): Map<string, string> {
  const newest = new Map<string, Claimant>();
  for (const member of members) {
    for (const task of member.tasks) {
      if (!member.stages.has(task.stage)) continue;
      const before = newest.get(taskName(task));
      if (before === undefined || before.generation < member.generation) newest.set(taskName(task), member);
    }
  }
  return new Map([...newest].map(([task, { id }]) => [task, id]));
}

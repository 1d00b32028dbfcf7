import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balance, type Claimant, type StagePartitions } from '../../../src/source/kafka/balance.ts';
import { taskName } from '../../../src/source/kafka/shard.ts';

const names = ['a.one', 'a.two', 'b.three'];

const stagesOf = (partitions: fc.Arbitrary<number>) =>
  fc
    .array(partitions, { minLength: 1, maxLength: 3 })
    .map((counts) => counts.map((count, index): StagePartitions => ({ stage: names[index]!, partitions: count })));

/** Members with claims as they may come: of any generation, contradicting each other, for tasks that do not exist. */
const claimantsOf = (membersMax: number, stagesRead = fc.constant(names)) =>
  fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 99 }).map((number) => `member-${number}`),
      stages: stagesRead.map((read) => new Set(read)),
      generation: fc.integer({ min: -1, max: 3 }),
      tasks: fc.array(fc.record({ stage: fc.constantFrom(...names), partition: fc.integer({ min: 0, max: 9 }) }), {
        maxLength: 12,
      }),
    }),
    { minLength: 1, maxLength: membersMax, selector: ({ id }) => id },
  ) as fc.Arbitrary<Claimant[]>;

const spreadOf = (counts: number[]) => Math.max(...counts) - Math.min(...counts);

function holders(shared: ReadonlyMap<string, readonly { stage: string; partition: number }[]>): Map<string, string> {
  return new Map([...shared].flatMap(([id, tasks]) => tasks.map((task) => [taskName(task), id] as const)));
}

/** As the next rebalance would see them. */
function settled(shared: ReadonlyMap<string, Claimant['tasks']>, generation: number): Claimant[] {
  return [...shared].map(([id, tasks]) => ({ id, stages: new Set(names), generation, tasks }));
}

describe('balance', () => {
  test('gives every task to one member, each stage and all of them within one', () => {
    fc.assert(
      fc.property(stagesOf(fc.integer({ min: 0, max: 10 })), claimantsOf(7), (stages, claimants) => {
        const shared = balance(stages, claimants);
        const given = [...shared.values()].flat().map(taskName);
        const all = stages.flatMap(({ stage, partitions }) =>
          Array.from({ length: partitions }, (_, partition) => taskName({ stage, partition })),
        );
        expect(given.sort()).toEqual(all.sort());
        for (const { stage } of stages) {
          const counts = [...shared.values()].map((tasks) => tasks.filter((task) => task.stage === stage).length);
          expect(spreadOf(counts)).toBeLessThanOrEqual(1);
        }
        expect(spreadOf([...shared.values()].map((tasks) => tasks.length))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('says the same whatever the order of members and claims', () => {
    const shuffled = claimantsOf(6).chain((claimants) =>
      fc.tuple(fc.constant(claimants), fc.shuffledSubarray(claimants, { minLength: claimants.length })),
    );
    fc.assert(
      fc.property(stagesOf(fc.integer({ min: 0, max: 10 })), shuffled, (stages, [claimants, other]) => {
        const turned = other.map((claimant) => ({ ...claimant, tasks: [...claimant.tasks].reverse() }));
        expect(holders(balance(stages, turned))).toEqual(holders(balance(stages, claimants)));
      }),
    );
  });

  test('moves nothing when nobody came or went', () => {
    fc.assert(
      fc.property(stagesOf(fc.integer({ min: 0, max: 10 })), claimantsOf(7), (stages, claimants) => {
        const shared = balance(stages, claimants);
        expect(holders(balance(stages, settled(shared, 9)))).toEqual(holders(shared));
      }),
    );
  });

  test('moves as few tasks as any balanced sharing does', () => {
    // Every way to share at most six tasks among at most three members is tried.
    fc.assert(
      fc.property(stagesOf(fc.integer({ min: 0, max: 2 })), claimantsOf(3), (stages, claimants) => {
        const shared = balance(stages, claimants);
        const owners = ownersIn(claimants);
        const kept = [...holders(shared)].filter(([task, id]) => owners.get(task) === id).length;
        expect(kept).toBe(mostKept(stages, claimants, owners));
      }),
    );
  });

  test('a member that leaves gives up its tasks only, one that joins gets its share only', () => {
    const stages = [
      { stage: 'a.one', partitions: 12 },
      { stage: 'a.two', partitions: 12 },
    ];
    const three = ['x', 'y', 'z'].map((id): Claimant => ({ id, stages: new Set(names), generation: -1, tasks: [] }));
    const before = balance(stages, three);
    const after = balance(
      stages,
      settled(before, 1).filter(({ id }) => id !== 'y'),
    );
    for (const id of ['x', 'z'])
      expect(after.get(id)!.map(taskName)).toEqual(expect.arrayContaining(before.get(id)!.map(taskName)));
    const back = balance(stages, [
      ...settled(after, 2),
      { id: 'y', stages: new Set(names), generation: 1, tasks: before.get('y')! },
    ]);
    // What it claims from before is older than what the others have, and still exactly a third comes back to it.
    expect(back.get('y')).toHaveLength(8);
    const moved = [...holders(back)].filter(([task, id]) => holders(after).get(task) !== id);
    expect(moved).toHaveLength(8);
  });

  test('the newer claim holds; state on a disk is claimed only from those who have nothing newer', () => {
    const stages = [{ stage: 'a.one', partitions: 2 }];
    const task = (partition: number) => ({ stage: 'a.one', partition });
    const member = (id: string, generation: number, partition: number): Claimant => {
      return { id, stages: new Set(names), generation, tasks: [task(partition)] };
    };
    expect(balance(stages, [member('a', 3, 1), member('b', 7, 1)]).get('b')).toEqual([task(1)]);
    expect(balance(stages, [member('a', -1, 1), member('b', -1, 0)]).get('a')).toEqual([task(1)]);
    expect(balance(stages, [member('a', -1, 0), member('b', 2, 0)]).get('b')).toEqual([task(0)]);
  });

  test('a stage goes to those who read it, evenly', () => {
    const read = fc.subarray(names, { minLength: 1 });
    fc.assert(
      fc.property(stagesOf(fc.integer({ min: 0, max: 10 })), claimantsOf(6, read), (stages, claimants) => {
        const shared = balance(stages, claimants);
        for (const { stage, partitions } of stages) {
          const readers = claimants.filter((claimant) => claimant.stages.has(stage));
          const counts = readers.map(({ id }) => shared.get(id)!.filter((task) => task.stage === stage).length);
          const given = [...shared.values()].flat().filter((task) => task.stage === stage).length;
          expect(given).toBe(readers.length === 0 ? 0 : partitions);
          if (readers.length > 0) expect(spreadOf(counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('a hundred members and three thousand tasks take no time to speak of', () => {
    const stages = Array.from({ length: 15 }, (_, index) => ({ stage: `d.${index}`, partitions: 200 + index }));
    const read = new Set(stages.map(({ stage }) => stage));
    const members = Array.from(
      { length: 100 },
      (_, id): Claimant => ({ id: `m${id}`, stages: read, generation: -1, tasks: [] }),
    );
    const before = performance.now();
    const shared = balance(stages, members);
    balance(
      stages,
      [...shared].slice(1).map(([id, tasks]) => ({ id, stages: read, generation: 1, tasks })),
    );
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

function ownersIn(claimants: readonly Claimant[]): Map<string, string> {
  const owners = new Map<string, Claimant>();
  for (const claimant of [...claimants].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    for (const task of claimant.tasks) {
      const before = owners.get(taskName(task));
      if (before === undefined || before.generation < claimant.generation) owners.set(taskName(task), claimant);
    }
  }
  return new Map([...owners].map(([task, { id }]) => [task, id]));
}

function mostKept(
  stages: readonly StagePartitions[],
  claimants: readonly Claimant[],
  owners: Map<string, string>,
): number {
  const tasks = stages.flatMap(({ stage, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ stage, partition })),
  );
  const ids = claimants.map(({ id }) => id);
  let most = 0;
  for (let way = 0; way < ids.length ** tasks.length; way++) {
    const given = tasks.map((_, index) => ids[Math.floor(way / ids.length ** index) % ids.length]!);
    const countOf = (id: string, stage?: string) =>
      given.filter((owner, index) => owner === id && (stage === undefined || tasks[index]!.stage === stage)).length;
    if (spreadOf(ids.map((id) => countOf(id))) > 1) continue;
    if (stages.some(({ stage }) => spreadOf(ids.map((id) => countOf(id, stage))) > 1)) continue;
    const kept = tasks.filter((task, index) => owners.get(taskName(task)) === given[index]).length;
    most = Math.max(most, kept);
  }
  return most;
}

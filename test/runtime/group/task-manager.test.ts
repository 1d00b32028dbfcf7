import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ParleyError } from '../../../src/errors.ts';
import { nameOf } from '../../../src/runtime/group/ports.ts';
import { Member, type MemberOptions, World } from './support.ts';

const events = ['a', 'b', 'a', 'c', 'a', 'b'];
const sums = { a: 3, b: 2, c: 1 };

function member(world: World, options?: MemberOptions): Member {
  const made = new Member(world, options);
  onTestFinished(() => made.manager.stop(0));
  return made;
}

const soon = { timeout: 5_000, interval: 5 };

describe('tasks of a process', () => {
  test('are opened when assigned, work side by side, and tell where they stand', async () => {
    const world = new World();
    const one = member(world);
    one.manager.assign(world.tasks);
    world.send(0, ...events);
    world.send(1, 'z', 'z');
    await vi.waitFor(() => expect(world.counts()).toEqual({ ...sums, z: 2 }), soon);
    await vi.waitFor(() => expect(world.warehouse.rows('landing_totals')).toHaveLength(2), soon);
    await vi.waitFor(() => expect(world.offsets.get('counting.events')).toBeDefined(), soon);
    expect(Object.values(one.states())).toEqual(['open', 'open', 'open', 'open']);
    await one.manager.stop(1_000);
    expect(one.manager.statuses).toEqual([]);
    expect(new Set(world.runs.map(({ stage, partition }) => `${stage}/${partition}`))).toEqual(
      new Set(world.tasks.map(nameOf)),
    );
    expect(world.inUse.size).toBe(0);
    // A clean stop leaves nothing to do again.
    for (const { plans, committed, covered } of world.journals.values()) {
      expect({ plans, covered }).toEqual({ plans: [], covered: committed });
    }
    expect(world.trimmed.length).toBeGreaterThan(0);
  });

  test('go from one process to another, and none of their events is lost or doubled', async () => {
    const world = new World();
    const [one, two] = [member(world, { limits: { batchEventsMax: 2 } }), member(world)];
    one.manager.assign(world.tasks);
    const mine = world.tasks.filter(({ partition }) => partition === 0);
    const theirs = world.tasks.filter(({ partition }) => partition === 1);
    for (let round = 1; round <= 6; round++) {
      world.send(0, ...events);
      world.send(1, 'y', 'z');
      const [left, right] = round % 2 === 0 ? [one, two] : [two, one];
      left.manager.assign(mine);
      right.manager.assign(theirs);
      if (round % 3 === 0) await vi.waitFor(() => expect(world.counts()).toMatchObject({ a: 3 * round }), soon);
    }
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 18, b: 12, c: 6, y: 6, z: 6 }), soon);
    expect([...one.fatal, ...two.fatal]).toEqual([]);
    expect(Object.keys({ ...one.states(), ...two.states() }).sort()).toEqual(world.tasks.map(nameOf).sort());
  });

  test('that others feed wait five times as long between two small batches', async () => {
    const world = new World();
    const one = member(world, { lingerMs: 40 });
    one.manager.assign(world.tasks.filter(({ partition }) => partition === 0));
    const batchesOf = (name: string) => world.runs.filter(({ stage }) => stage === `counting.${name}`).length;
    const [feeding, fed] = world.domain.stages.map(({ name }) => name) as [string, string];
    const startedAt = performance.now();
    await vi.waitFor(
      () => {
        world.send(0, 'a');
        expect(batchesOf(feeding)).toBeGreaterThanOrEqual(20);
      },
      { timeout: 20_000, interval: 10 },
    );
    const elapsedMs = performance.now() - startedAt;
    expect(batchesOf(feeding)).toBeLessThanOrEqual(elapsedMs / 40 + 2);
    expect(batchesOf(fed)).toBeLessThanOrEqual(elapsedMs / 200 + 2);
    expect(batchesOf(fed)).toBeGreaterThan(1);
  });

  test('wait for a sibling that is still closing the same folder', async () => {
    const world = new World(1);
    const [id] = world.tasks;
    world.inUse.add(nameOf(id!));
    const one = member(world);
    one.manager.assign([id!]);
    world.send(0, 'a');
    await vi.waitFor(() => expect(one.states()).toEqual({ [nameOf(id!)]: 'opening' }), soon);
    world.inUse.delete(nameOf(id!));
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 1 }), soon);
    expect(one.told).not.toContain(`failed ${nameOf(id!)}`);
  });

  test('that are taken away before they are open are never fenced', async () => {
    const world = new World(1);
    const [id] = world.tasks;
    world.inUse.add(nameOf(id!));
    const one = member(world);
    one.manager.assign([id!]);
    await vi.waitFor(() => expect(one.states()).toEqual({ [nameOf(id!)]: 'opening' }), soon);
    one.manager.assign([]);
    await vi.waitFor(() => expect(one.states()).toEqual({}), soon);
    expect(world.journals.get(nameOf(id!))!.owner).toBe(0);
  });
});

describe('a task that fails', () => {
  test('for a while is opened again, longer and longer apart, while the others go on', async () => {
    const world = new World();
    let failures = 0;
    const one = member(world, {
      ports: ({ partition }) => {
        if (partition !== 0 || failures >= 4) return {};
        return {
          journal() {
            failures++;
            throw new ParleyError('PARLEY_WAREHOUSE_UNREACHABLE', 'for now');
          },
        };
      },
    });
    one.manager.assign(world.tasks);
    world.send(0, ...events);
    world.send(1, 'z');
    await vi.waitFor(() => expect(world.counts()).toEqual({ ...sums, z: 1 }), soon);
    expect(failures).toBeGreaterThanOrEqual(4);
    expect(one.fatal).toEqual([]);
    expect(one.told.filter((line) => line.startsWith('failed') && line.endsWith('/1'))).toEqual([]);
  });

  test('in the middle of a batch is opened again, and its batch is delivered once', async () => {
    const world = new World(1);
    let lost = 0;
    const one = member(world, {
      limits: { batchEventsMax: 2 },
      // The journal cannot be reached after the rows were delivered: the plan is done again by the next life.
      ports: (_, ports) => ({
        journal: async (task) => {
          const journal = await ports.journal(task);
          const append = journal.append.bind(journal);
          journal.append = async (entry) => {
            if (entry.commit === 2 && lost++ < 2) throw new ParleyError('PARLEY_STATE_UNAVAILABLE', 'cut off');
            await append(entry);
          };
          return journal;
        },
      }),
    });
    one.manager.assign(world.tasks);
    world.send(0, ...events);
    await vi.waitFor(() => expect(world.counts()).toEqual(sums), soon);
    expect(lost).toBeGreaterThan(1);
    expect(world.warehouse.repeated).toBeGreaterThan(0);
    expect(world.runs.some(({ status }) => status === 'FAILED')).toBe(true);
    expect(world.runs.some(({ status }) => status === 'RECOVERED')).toBe(true);
  });

  test('for good ends the process with its error, told once', async () => {
    const world = new World();
    const refusal = new ParleyError('PARLEY_WAREHOUSE_REFUSED', 'no such column');
    const one = member(world, {
      insertFault(moment, table) {
        if (moment === 'before' && table === 'landing_counts') throw refusal;
      },
    });
    one.manager.assign(world.tasks);
    world.send(0, 'a');
    world.send(1, 'z');
    await vi.waitFor(() => expect(one.fatal).toEqual([refusal]), soon);
    await one.manager.stop(500);
    expect(world.inUse.size).toBe(0);
    expect(one.fatal).toHaveLength(1);
  });

  test('does not settle: half a batch in memory never becomes a checkpoint', async () => {
    const world = new World(1);
    const [id] = world.tasks;
    let isBroken = false;
    const one = member(world, {
      limits: { checkpointIntervalMs: 100 },
      ports: (_, ports) => ({
        store: async (task) => {
          const store = await ports.store(task);
          const getMany = store.getMany.bind(store);
          store.getMany = async (keys) => {
            if (isBroken) throw new ParleyError('PARLEY_STATE_UNAVAILABLE', 'a bad disk');
            return getMany(keys);
          };
          return store;
        },
      }),
    });
    one.manager.assign([id!]);
    world.send(0, 'a', 'a');
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 2 }), soon);
    isBroken = true;
    world.send(0, 'b');
    await vi.waitFor(() => expect(one.told).toContain(`failed ${nameOf(id!)}`), soon);
    isBroken = false;
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 2, b: 1 }), soon);
  });
});

describe('a task with a newer owner', () => {
  test('is let go of quietly, and opened again only after a while if the group still gives it here', async () => {
    const world = new World(1);
    const [id] = world.tasks;
    const name = nameOf(id!);
    const zombie = member(world, { backoff: { fencedMs: 150 } });
    zombie.manager.assign([id!]);
    await vi.waitFor(() => expect(zombie.states()).toEqual({ [name]: 'open' }), soon);
    // Another process has its own folder.
    world.inUse.delete(name);
    world.stores.get(name)!.owner = 0;
    const successor = member(world);
    successor.manager.assign([id!]);
    await vi.waitFor(() => expect(successor.states()).toEqual({ [name]: 'open' }), soon);
    world.send(0, 'a', 'b');
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 1, b: 1 }), soon);
    await vi.waitFor(() => expect(zombie.told).toContain(`failed ${name}`), soon);
    expect(zombie.fatal).toEqual([]);
    expect(zombie.states()).toEqual({ [name]: 'waiting' });
    // The successor goes; nobody tells the other one, which takes it up again by itself.
    await successor.manager.stop(1_000);
    world.send(0, 'a');
    await vi.waitFor(() => expect(world.counts()).toEqual({ a: 2, b: 1 }), soon);
    expect(zombie.states()).toEqual({ [name]: 'open' });
  });
});

describe('an insert that takes for ever', () => {
  test('stops no other task, and is left to the next owner when the task goes', async () => {
    const world = new World();
    let isDown = true;
    const stuck = new Map<string, () => void>();
    const options: MemberOptions = {
      revokedMs: 50,
      ports: ({ partition, stage }, ports) => {
        if (partition !== 0 || stage !== 'counting.count') return {};
        return {
          delivery(task, wishes) {
            const delivery = ports.delivery(task, wishes);
            const deliver = delivery.deliver.bind(delivery);
            delivery.deliver = async (shipment) => {
              if (isDown) {
                await new Promise<void>((resolve, reject) => {
                  stuck.set(shipment.token, resolve);
                  wishes.signal.addEventListener('abort', () => reject(wishes.signal.reason));
                });
              }
              await deliver(shipment);
            };
            return delivery;
          },
        };
      },
    };
    const one = member(world, options);
    one.manager.assign(world.tasks);
    world.send(0, ...events);
    world.send(1, 'z');
    await vi.waitFor(() => expect(world.counts()).toEqual({ z: 1 }), soon);
    await vi.waitFor(() => expect(stuck.size).toBe(1), soon);
    const waiting = one.manager.statuses.find(({ waitingSince }) => waitingSince !== undefined);
    expect(waiting?.id).toEqual({ stage: 'counting.count', partition: 0 });
    one.manager.assign([]);
    await vi.waitFor(() => expect(one.states()).toEqual({}), soon);
    expect(one.fatal).toEqual([]);
    isDown = false;
    const two = member(world, options);
    two.manager.assign(world.tasks);
    await vi.waitFor(() => expect(world.counts()).toEqual({ ...sums, z: 1 }), soon);
  });

  test('bounds a stop', async () => {
    const world = new World(1);
    const one = member(world, {
      ports: (_, ports) => ({
        delivery(task, wishes) {
          const delivery = ports.delivery(task, wishes);
          delivery.deliver = () =>
            new Promise((_resolve, reject) => {
              wishes.signal.addEventListener('abort', () => reject(wishes.signal.reason));
            });
          return delivery;
        },
      }),
    });
    one.manager.assign(world.tasks);
    world.send(0, 'a');
    await vi.waitFor(() => expect(one.manager.statuses.some((at) => at.waitingSince !== undefined)).toBe(true), soon);
    const since = performance.now();
    await one.manager.stop(100);
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(world.inUse.size).toBe(0);
  });
});

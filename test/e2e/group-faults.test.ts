import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parley } from '../cli/program.ts';
import { type DeadLetter, Deployment } from './support/deployment.ts';
import { generate, readEvents } from './support/events.ts';
import { type Death, Faults } from './support/faults.ts';
import { Flow } from './support/flow.ts';
import { folderOfTests } from './support/folder.ts';
import { type Line, linesInOrder } from './support/publish.ts';
import { Reference } from './support/reference.ts';
import { Seat } from './support/seat.ts';
import { Dice, seed } from './support/seed.ts';
import { undecodable } from './support/undecodable.ts';
import { differences, type WarehouseDigest } from './support/warehouse.ts';

/**
 * Three members, 8 partitions, events in every format, and everything that happens to a group. After each kind of fault,
 * and after all of them together, every row of every view is what the embedded run of the same events has.
 *
 * `PARLEY_FAULTS=full` keeps what members need away for a minute, and repeats all of it together for longer.
 */
const isFull = process.env.PARLEY_FAULTS === 'full';
const togetherMs = isFull ? 600_000 : 40_000;
const downMs = isFull ? 60_000 : 12_000;
const testMs = isFull ? 1_500_000 : 300_000;

const partitions = 8;
const stages = ['conversations.conversation', 'conversations.customer', 'conversations.clinic'];
const linesPerSecond = 120;
const folder = folderOfTests();
const dice = new Dice(seed);

let deployment: Deployment;
let faults: Faults;
let reference: Reference;
/** What is published with each test, in the order of the events' times but for the late ones. */
let parts: Line[][];
let lines: Line[];
let seats: [Seat, Seat, Seat];
const deadLetters: DeadLetter[] = [];
let hasFailed = false;
const done: [name: string, seconds: number][] = [];

beforeAll(async () => {
  const events = join(folder, 'generated');
  await generate({ out: events, messages: 24_000, seed, lateShare: 0.05 });
  lines = linesInOrder(readEvents(events));
  const size = Math.ceil(lines.length / 7);
  parts = Array.from({ length: 7 }, (_, index) => lines.slice(index * size, (index + 1) * size));
  reference = new Reference(join(folder, 'reference'));
  deployment = await Deployment.start(folder, partitions);
  faults = new Faults({ deployment, stages, partitions, downMs });
  expect((await parley(['migrate'], deployment.environment)).code).toBe(0);
  seats = [new Seat(deployment, 'one'), new Seat(deployment, 'two', ['--workers', '2']), new Seat(deployment, 'three')];
  await faults.allOpen(seats);
}, 180_000);

afterAll(async () => {
  await deployment?.stop();
  const times = done.map(([name, seconds]) => `${name}: ${seconds} s`).join(', ');
  process.stdout.write(`${hasFailed ? 'NOT survived' : 'Survived'}: ${faults?.total} faults, seed ${seed}: `);
  process.stdout.write(`${faults?.describe()}. ${times}\n`);
}, 60_000);

beforeEach(({ skip, onTestFailed }) => {
  skip(hasFailed, 'an earlier fault was not survived');
  onTestFailed(() => {
    hasFailed = true;
  });
});

/** Faults while events flow; afterwards, when all of them are counted, every row has to be right. */
async function duringEvents(name: string, happen: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const part = parts.shift()!;
  const { publisher, wire } = deployment;
  const flow = new Flow({ publisher, lines: part, encode: wire.encode, linesPerSecond });
  try {
    await happen();
  } catch (error) {
    flow.abandon();
    throw error;
  }
  await flow.end();
  const [expected] = await Promise.all([reference.after(part), deployment.caughtUp()]);
  await expectExact(expected);
  done.push([name, Math.round((performance.now() - startedAt) / 1_000)]);
}

async function expectExact(expected: WarehouseDigest): Promise<void> {
  const { digest, kept, facts, deadLetters: refused } = await deployment.found();
  // The embedded run has none: they are held against what was sent, each once.
  expect(sorted(refused)).toEqual(sorted(deadLetters));
  const others = (all: WarehouseDigest) => new Map([...all].filter(([view]) => view !== 'dead_letters'));
  expect(differences(others(expected), others(digest)), `seed ${seed}`).toEqual([]);
  expect(kept).toEqual(facts);
  expect(sorted(await deployment.deadLetterRecords())).toEqual(sorted(deadLetters));
}

function sorted(letters: readonly DeadLetter[]): string[] {
  return letters.map(({ shard, offset, code }) => `${shard} ${offset} ${code}`).sort();
}

/** Every kind of record that is no event, into every partition of a topic. */
async function sendUndecodable(topic: string): Promise<void> {
  const line = lines.find((one) => one.topic === topic)!;
  const sent = undecodable(deployment.wire, line);
  for (let partition = 0; partition < partitions; partition++) {
    const records = sent.map(({ record }) => record);
    const places = await deployment.publisher.sendTo(topic, partition, records);
    for (const [index, { offset }] of places.entries()) {
      deadLetters.push({ shard: deployment.shardOf(topic, partition), offset, code: sent[index]!.code });
    }
  }
  faults.count(`${partitions * sent.length} records that are no events, in every partition of a topic`);
}

describe('three members on 8 partitions are exact', { timeout: testMs }, () => {
  test('through members that join, leave, are killed, and sleep past their session', async () => {
    await duringEvents('members', async () => {
      const [one, two, three] = seats;
      await faults.leaveAndReturn(three);
      await faults.killMember(one);
      faults.killWorker(two);
      await faults.allOpen(seats);
      await faults.sleepPastSession(one);
      await faults.killMember(two);
      await three.leave();
      faults.count('leave (SIGTERM)');
      await faults.allOpen([one, two]);
      three.sit();
      faults.count('join');
    });
  });

  test('through kill -9 after every numbered step', async () => {
    await duringEvents('steps', async () => {
      const [conversation, customer, clinic] = stages as [string, string, string];
      const at = (steps: readonly number[], ...which: string[]): Death[] =>
        steps.flatMap((step) => which.map((stage) => ({ step, stage })));
      await faults.dieAt([...at([0, 1], conversation, customer), ...at([0], clinic)]);
      await faults.dieAt(at([2, 3], conversation, customer));
      await faults.dieAt(at([4, 5], conversation, customer));
      await faults.dieAt(at([6], conversation, customer));
    });
  });

  test('through a broker that restarts, and dies', async () => {
    await duringEvents('broker', async () => {
      await faults.restartBroker();
      await sleep(3_000);
      await faults.killBroker();
      await sleep(3_000);
      await Promise.all([faults.killMember(seats[0]), faults.restartBroker()]);
    });
  });

  test('through a registry that is down', async () => {
    await duringEvents('registry', async () => {
      await faults.loseRegistry(async () => {
        // Those who come now know no schema at all.
        await faults.killMember(seats[1]);
        await faults.leaveAndReturn(seats[0]);
      });
    });
  });

  test('through a ClickHouse that is silent, down, and killed in mid-insert', async () => {
    await duringEvents('ClickHouse', async () => {
      await faults.killWarehouse();
      await sleep(1_000);
      await faults.pauseWarehouse();
      await faults.killWarehouse();
      await Promise.all([faults.loseWarehouse(), faults.killMember(seats[2])]);
      await sleep(1_000);
      await faults.killWarehouse();
    });
  });

  test('through records in every partition that are no events', async () => {
    await duringEvents('undecodable', async () => {
      await sendUndecodable('conversations.messages');
      await Promise.all([sendUndecodable('conversations.customers'), faults.killWarehouse()]);
      await Promise.all([sendUndecodable('conversations.clinics'), faults.killMember(seats[0])]);
    });
  });

  test('through all of that together', async () => {
    await duringEvents('together', async () => {
      const until = performance.now() + togetherMs;
      const pick = <Choice>(choices: readonly Choice[]): Choice => choices[dice.whole(0, choices.length - 1)]!;
      const members = async () => {
        while (performance.now() < until) {
          const seat = pick(seats);
          const death = () => faults.dieAt([{ step: dice.whole(0, 5), stage: pick(stages.slice(0, 2)) }], false);
          const happen = pick([
            () => faults.killMember(seat),
            () => faults.leaveAndReturn(seat),
            () => faults.sleepPastSession(seat, false),
            death,
          ]);
          await happen();
          await sleep(dice.number(500, 4_000));
        }
      };
      const servers = async () => {
        const all = [
          () => faults.killBroker(),
          () => faults.loseRegistry(),
          () => faults.killWarehouse(),
          () => faults.restartBroker(),
          () => faults.pauseWarehouse(),
          () => faults.loseWarehouse(),
        ];
        for (let turn = dice.whole(0, all.length - 1); performance.now() < until; turn++) {
          await all[turn % all.length]!();
          await sleep(dice.number(500, 3_000));
        }
      };
      await Promise.all([members(), servers()]);
    });
    for (const seat of seats) await seat.leave();
    await expectExact(await reference.after([]));
  });
});

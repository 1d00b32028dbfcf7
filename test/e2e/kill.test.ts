import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { allDomains } from '../../src/domains.ts';
import { generate, linesOf, readEvents } from './support/events.ts';
import { folderOfTests } from './support/folder.ts';
import { tormentUntilEnough } from './support/kills.ts';
import { Processor, runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import {
  differences,
  readDigest,
  recounted,
  type WarehouseDigest,
  warehouseDigest,
  withWarehouse,
} from './support/warehouse.ts';

/**
 * The table of docs/commit-path.md, on the real program: whatever is ended with `kill -9`, and when, everything in the
 * warehouse is in the end what an undisturbed run leaves, row by row, in facts, dimensions and aggregates.
 */
const folder = folderOfTests();
const events = join(folder, 'events');
const paths = [events];
/** Each has a task, whether or not it has events. */
const stages = allDomains().flatMap((domain) => domain.stages).length;

let eventCount: number;
let undisturbed: WarehouseDigest;

beforeAll(async () => {
  await generate({ out: events, messages: 50_000, seed, lateShare: 0.05 });
  eventCount = [...readEvents(events).values()].reduce((sum, content) => sum + linesOf(content).length, 0);
  const dataDir = join(folder, 'undisturbed');
  const { summary } = await runToEnd({ paths, dataDir });
  expect(summary).toMatchObject({ events: eventCount, rejected: 0, duplicates: 0, tooLate: 0 });
  expect(summary.late).toBeGreaterThan(1_000);
  undisturbed = await withWarehouse(dataDir, async (client) => {
    const { kept, facts } = await recounted(client);
    expect(kept).toEqual(facts);
    return readDigest(client);
  });
}, 120_000);

async function expectUndisturbed(dataDir: string): Promise<void> {
  expect(differences(undisturbed, await warehouseDigest(dataDir)), `seed ${seed}`).toEqual([]);
}

describe('kill -9 of the processor after a step of the commit path', () => {
  const [conversation, customer, clinic] = ['conversation', 'customer', 'clinic'].map(
    (name) => `conversations.${name}`,
  );
  // `step@n`: after the nth time that any one task has done the step; `step@n@stage`: that this one has. Each life goes
  // on from the death before it, so a step that follows itself is one that dies again while it recovers.
  const deaths = [
    // The clinics are few and come first: one plan, taken through its steps life by life.
    ...[`0@1@${clinic}`, `1@1@${clinic}`, `3@1@${clinic}`, `2@1@${clinic}`, `4@1@${clinic}`, `5@1@${clinic}`],
    ...['0', '1', '2', '2', '2@7', `2@3@${customer}`],
    ...['3', '3@5', `3@2@${customer}`],
    ...['4', '4', '4@6', `4@2@${customer}`, `4@1@${conversation}`],
    ...['5', '5@8', `5@2@${customer}`],
    ...['6', '6', '6@4', `6@2@${customer}`],
    ...[`1@1@${customer}`, '1', '4', '6'],
  ];

  // The server outlives the processor, and so may end an insert that its dead sender's successor is already repeating.
  test('leaves nothing undone and nothing doubled', async () => {
    const dataDir = join(folder, 'steps');
    const dice = new Dice(seed);
    await withWarehouse(join(folder, 'steps-warehouse'), async (client, { url, username, password }) => {
      const account = {
        PARLEY_CLICKHOUSE_URL: url,
        PARLEY_CLICKHOUSE_USERNAME: username,
        PARLEY_CLICKHOUSE_PASSWORD: password,
      };
      for (const [life, death] of deaths.entries()) {
        const processor = new Processor({
          paths,
          dataDir,
          more: {
            ...account,
            PARLEY_CRASH_AFTER_STEP: death,
            PARLEY_BATCH_EVENTS_MAX: String(dice.whole(100, 700)),
            // A checkpoint with nearly every batch; or seldom, so that plans between it and the position are done again.
            PARLEY_CHECKPOINT_KEYS_MAX: String(death.startsWith('6') || dice.chance(0.5) ? 50 : 1_500),
          },
        });
        const { signal } = await processor.ended;
        expect(signal, `life ${life}, ${death}, seed ${seed}:\n${processor.errors}`).toBe('SIGKILL');
      }
      const last = await runToEnd({ paths, dataDir, more: account });
      expect(last.summary.events, 'events left for the last run').toBeGreaterThan(10_000);
      expect(differences(undisturbed, await readDigest(client)), `seed ${seed}`).toEqual([]);
    });
    console.log(`kill: ${deaths.length} deaths after steps 0 to 6, seed ${seed}`);
  }, 180_000);
});

describe('kill -9 at any moment', () => {
  test('of the processor, and of ClickHouse in the middle of inserts', async () => {
    await tormentUntilEnough({
      paths,
      dice: new Dice(seed + 1),
      batchEvents: [500, 4_000],
      least: { kills: 50, processor: 12, midInsert: 20 },
      timeMs: 200_000,
      dataDir: (round) => join(folder, `random-${round}`),
      expectExact: expectUndisturbed,
    });
  }, 280_000);
});

describe('a clean stop', () => {
  test('by SIGTERM and SIGINT leaves nothing to do again', async () => {
    const dataDir = join(folder, 'stops');
    const dice = new Dice(seed + 2);
    const more = { PARLEY_BATCH_EVENTS_MAX: '500', PARLEY_CHECKPOINT_KEYS_MAX: '500' };
    let counted = 0;
    for (const [stop, signal] of (['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGINT'] as const).entries()) {
      const processor = new Processor({ paths, dataDir, more });
      await processor.until(/: checkpoint$/);
      await sleep(dice.number(0, 300));
      processor.kill(signal);
      expect((await processor.ended).code, processor.errors).toBe(1);
      expect(processor.errors).toContain('Run the same command again to go on.');
      counted += processor.summary.events!;
      const recovered = processor.lines.filter(({ msg }) => /goes on after plan/.test(msg));
      expect(recovered.length).toBe(stop === 0 ? 0 : stages);
      for (const line of recovered) expect(line, `no plan is done again, stop ${stop}`).toMatchObject({ again: 0 });
      for (const line of recovered) expect(line, `no plan is pending, stop ${stop}`).not.toHaveProperty('pending');
    }
    // Before it has begun, too.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
      const early = new Processor({ paths, dataDir, more });
      await early.until(/is ready at/);
      await sleep(dice.number(0, 250));
      early.kill(signal);
      expect((await early.ended).code, early.errors).toBe(1);
      counted += early.summary.events!;
    }
    expect(counted, `a wish to stop was not heard, seed ${seed}`).toBeLessThan(eventCount);
    // The second signal ends it at once, which is a crash like any other.
    const hasty = new Processor({ paths, dataDir, more });
    await hasty.until(/: checkpoint$/);
    hasty.kill('SIGINT');
    hasty.kill('SIGINT');
    expect((await hasty.ended).code).toBe(1);
    await runToEnd({ paths, dataDir });
    await expectUndisturbed(dataDir);
  }, 90_000);
});

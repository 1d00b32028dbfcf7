import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as tables from '../../src/processors/assistant/tables.ts';
import { oracle } from '../processors/assistant/oracle.ts';
import { dayMs, generateTranscripts, linesOf, readEvents, shuffled, writeEvents } from './support/events.ts';
import { folderOfTests } from './support/folder.ts';
import { tormentUntilEnough } from './support/kills.ts';
import { computedDigest, landingDigest } from './support/landing.ts';
import { Processor, runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import { differences, type WarehouseDigest, withWarehouse } from './support/warehouse.ts';

/**
 * Transcripts through the real program into a real ClickHouse: what an oracle computes from all entries at once, whatever
 * their order, however often they come, and whatever is killed meanwhile.
 */
const folder = folderOfTests();
const events = join(folder, 'events');
const file = 'assistant.entries.ndjson';
const entries = 8_000;
const repeatShare = 0.02;
const landing = Object.values(tables);

let lines: string[];
let expected: WarehouseDigest;

beforeAll(async () => {
  await generateTranscripts({ out: events, entries, sessions: 80, seed, lateShare: 0.05, repeatShare });
  lines = linesOf(readEvents(events).get(file)!);
  const arrivals = lines.map((line) => ({ topic: 'assistant.entries', value: JSON.parse(line) as Row }));
  expected = computedDigest(landing, { ...oracle(arrivals) });
});

type Row = Readonly<Record<string, unknown>>;

async function expectExact(dataDir: string): Promise<void> {
  const found = await withWarehouse(dataDir, (client) => landingDigest(client, landing));
  expect(differences(expected, found), `seed ${seed}`).toEqual([]);
}

test('every row is what an oracle comes to, and is so still when all is replayed again', async () => {
  const dataDir = join(folder, 'whole');
  const { summary } = await runToEnd({ paths: [events], dataDir });
  const duplicates = lines.length - entries;
  expect(duplicates).toBeGreaterThan(100);
  expect(summary).toMatchObject({ events: lines.length, rejected: 0, duplicates, tooLate: 0 });
  expect(summary.late).toBeGreaterThan(100);
  await expectExact(dataDir);
  expect((await runToEnd({ paths: [events], dataDir })).summary).toMatchObject({ events: 0, batches: 0 });
  // The same entries from another file are not counted again either.
  writeEvents(join(folder, 'copy'), new Map([['assistant.entries.copy.ndjson', `${lines.toReversed().join('\n')}\n`]]));
  const copied = await runToEnd({ paths: [join(folder, 'copy')], dataDir });
  expect(copied.summary).toMatchObject({ events: lines.length, duplicates: lines.length });
  await expectExact(dataDir);
}, 180_000);

describe('shuffled', () => {
  test.each([150, 50_000])(
    'up to a day late, in batches of %i',
    async (batch) => {
      const paths = [join(folder, `shuffled-${batch}`)];
      const dice = new Dice(seed + batch);
      const content = Buffer.from([...new Set(lines)].join('\n'));
      writeEvents(paths[0]!, new Map([[file, shuffled(content, dice, dayMs)]]));
      const dataDir = join(folder, `shuffled-${batch}-data`);
      const { summary } = await runToEnd({ paths, dataDir, more: { PARLEY_BATCH_EVENTS_MAX: String(batch) } });
      expect(summary).toMatchObject({ events: entries, rejected: 0, duplicates: 0, tooLate: 0 });
      expect(summary.late).toBeGreaterThan(1_000);
      await expectExact(dataDir);
    },
    180_000,
  );
});

describe('kill -9', () => {
  test('after every step of the commit path', async () => {
    const dataDir = join(folder, 'steps');
    const dice = new Dice(seed);
    for (const death of ['0', '1', '2', '3', '4', '5', '6', '2@5', '4@4', '3', '6@2', '5@3']) {
      const processor = new Processor({
        paths: [events],
        dataDir,
        more: {
          PARLEY_CRASH_AFTER_STEP: death,
          PARLEY_BATCH_EVENTS_MAX: String(dice.whole(100, 300)),
          PARLEY_CHECKPOINT_KEYS_MAX: String(death.startsWith('6') ? 20 : 60),
        },
      });
      const { signal } = await processor.ended;
      expect(signal, `${death}, seed ${seed}:\n${processor.errors}`).toBe('SIGKILL');
    }
    const last = await runToEnd({ paths: [events], dataDir });
    expect(last.summary.events, 'events left for the last run').toBeGreaterThan(500);
    await expectExact(dataDir);
  }, 180_000);

  test('at any moment, of the processor and of ClickHouse', async () => {
    await tormentUntilEnough({
      paths: [events],
      dice: new Dice(seed + 1),
      batchEvents: [100, 600],
      least: { kills: 12, processor: 4, midInsert: 1 },
      timeMs: 200_000,
      dataDir: (round) => join(folder, `random-${round}`),
      expectExact,
    });
  }, 280_000);
});

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sample } from '../cli/program.ts';
import { dayMs, generate, lateLines, linesOf, readEvents, shuffled, writeEvents } from './support/events.ts';
import { folderOfTests } from './support/folder.ts';
import { runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import {
  differences,
  quantilesOff,
  readDigest,
  recounted,
  rowsOf,
  type WarehouseDigest,
  warehouseDigest,
  withWarehouse,
} from './support/warehouse.ts';

/** Whatever the order in which events come, up to a day late: facts, sessions, dimensions and every aggregate. */
const folder = folderOfTests();
const messages = 'conversations.messages.ndjson';
const generatedMessages = 4_000;

const inputs = [
  { name: 'the real sample', of: async () => sample },
  {
    name: 'generated events',
    of: async () => {
      const out = join(folder, 'generated');
      // Over five weeks, so that weeks and months end among them.
      await generate({ out, messages: generatedMessages, seed, lateShare: 0, rate: generatedMessages / (35 * 86_400) });
      return out;
    },
  },
];

describe.each(inputs)('$name', ({ name, of }) => {
  const place = join(folder, name.replaceAll(/\W/g, '-'));
  let events: Map<string, Buffer>;
  let count: number;
  let inOrder: WarehouseDigest;

  beforeAll(async () => {
    const input = await of();
    events = readEvents(input);
    count = [...events.values()].reduce((sum, content) => sum + linesOf(content).length, 0);
    const dataDir = join(place, 'in-order');
    const { summary } = await runToEnd({ paths: [input], dataDir });
    expect(summary).toMatchObject({ events: count, rejected: 0, duplicates: 0, tooLate: 0 });
    inOrder = await withWarehouse(dataDir, async (client) => {
      const { kept, facts } = await recounted(client);
      expect(kept).toEqual(facts);
      const { rows, off } = await quantilesOff(client);
      const shown = await rowsOf<[number]>(client, 'SELECT count() FROM conversations.agg_response_times');
      expect(rows).toBe(shown[0]![0]);
      expect(rows).toBeGreaterThan(100);
      expect(off).toEqual([]);
      return readDigest(client);
    });
  });

  test.each([
    { what: 'messages up to a day late', isLate: (file: string) => file === messages, batch: 150 },
    { what: 'messages a day late, in one batch', isLate: (file: string) => file === messages, batch: 50_000 },
    { what: 'every topic up to a day late', isLate: () => true, batch: 400 },
  ])('$what', async ({ what, isLate, batch }) => {
    const dice = new Dice(seed);
    const paths = [join(place, what)];
    const files = [...events].map(([file, content]): [string, string] => [
      file,
      isLate(file) ? shuffled(content, dice, dayMs) : content.toString(),
    ]);
    writeEvents(paths[0]!, new Map(files));
    const late = lateLines(new Map(files).get(messages)!);
    expect(late).toBeGreaterThan(100);
    const dataDir = join(place, `${what} data`);
    const { summary } = await runToEnd({ paths, dataDir, more: { PARLEY_BATCH_EVENTS_MAX: String(batch) } });
    console.log(
      `shuffle: ${name}, ${what} (seed ${seed}): ${late} lines came late, ${summary.late} in their conversation`,
    );
    expect(summary).toMatchObject({ events: count, rejected: 0, duplicates: 0, tooLate: 0 });
    expect(summary.late).toBeGreaterThan(20);
    expect(differences(inOrder, await warehouseDigest(dataDir)), `seed ${seed}`).toEqual([]);
  });
});

import { appendFileSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { sample } from '../cli/program.ts';
import { linesOf, readEvents, writeEvents } from './support/events.ts';
import { figuresOf } from './support/figures.ts';
import { folderOfTests } from './support/folder.ts';
import { Processor, runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import { differences, readDigest, recounted, type WarehouseDigest, withWarehouse } from './support/warehouse.ts';

const folder = folderOfTests();
const expected = JSON.parse(readFileSync(join(sample, 'expected.json'), 'utf8')) as Record<string, unknown>;
const events = readEvents(sample);
const eventCount = [...events.values()].reduce((sum, content) => sum + linesOf(content).length, 0);
const small = { PARLEY_BATCH_EVENTS_MAX: '100', PARLEY_CHECKPOINT_KEYS_MAX: '50' };

let whole: WarehouseDigest;

/** Every figure of the sample, and every row and aggregate as after one run over the whole. */
async function expectExact(dataDir: string): Promise<void> {
  const { figures, digest } = await withWarehouse(dataDir, async (client) => ({
    figures: await figuresOf(client),
    digest: await readDigest(client),
  }));
  expect(figures).toEqual(expected);
  expect(differences(whole, digest)).toEqual([]);
}

beforeAll(async () => {
  const dataDir = join(folder, 'whole');
  const { summary } = await runToEnd({ paths: [sample], dataDir });
  expect(summary).toMatchObject({ events: eventCount, rejected: 0, duplicates: 0, tooLate: 0 });
  whole = await withWarehouse(dataDir, readDigest);
});

describe('the real sample', () => {
  test('has every expected figure, and has them still when it is replayed again', async () => {
    const dataDir = join(folder, 'whole');
    await expectExact(dataDir);
    const { kept, facts } = await withWarehouse(dataDir, recounted);
    expect(kept).toEqual(facts);
    const again = await runToEnd({ paths: [sample], dataDir });
    expect(again.summary).toMatchObject({ events: 0, batches: 0 });
    await expectExact(dataDir);
  });

  test('in small batches with a checkpoint after each', async () => {
    const dataDir = join(folder, 'small');
    const { summary } = await runToEnd({ paths: [sample], dataDir, more: small });
    expect(summary.batches).toBeGreaterThan(eventCount / 100);
    await expectExact(dataDir);
  });

  test.each([1, 2, 3])('split anywhere, cut %i', async (cut) => {
    const dice = new Dice(seed + cut);
    const [paths, dataDir] = [[join(folder, `cut-${cut}`)], join(folder, `cut-${cut}-data`)];
    const more = cut % 2 === 0 ? small : {};
    let counted = 0;
    // Twice cut: at bytes, so in the middle of lines too, and each file elsewhere. Then whole.
    const places = new Map(
      [...events].map(([name, { length }]) => [name, [dice.whole(0, length), dice.whole(0, length)].sort(ascending)]),
    );
    for (const part of [0, 1, 2]) {
      for (const [name, content] of events) {
        const [first = 0, second = 0] = places.get(name)!;
        const [from, to] = [[0, first] as const, [first, second] as const, [second, content.length] as const][part]!;
        writeEvents(paths[0]!, part === 0 ? new Map([[name, '']]) : new Map());
        appendFileSync(join(paths[0]!, name), content.subarray(from, to));
      }
      counted += (await runToEnd({ paths, dataDir, more })).summary.events!;
    }
    expect(counted, `seed ${seed}, cut at ${JSON.stringify([...places])}`).toBe(eventCount);
    await expectExact(dataDir);
  });

  test('as several files, that come one after the other, compressed or not', async () => {
    const dice = new Dice(seed);
    const [paths, dataDir] = [[join(folder, 'parts')], join(folder, 'parts-data')];
    const later = new Map<string, Buffer>();
    for (const [name, content] of events) {
      const lines = linesOf(content);
      const cuts = [0, dice.whole(0, lines.length), dice.whole(0, lines.length), lines.length].sort(ascending);
      for (const part of [0, 1, 2]) {
        const text = lines.slice(cuts[part], cuts[part + 1]).map((line) => `${line}\n`);
        const isCompressed = dice.chance(0.5);
        const file = name.replace('.ndjson', `.${part}.ndjson${isCompressed ? '.gz' : ''}`);
        const bytes = isCompressed ? gzipSync(text.join('')) : Buffer.from(text.join(''));
        if (part < 2) writeEvents(paths[0]!, new Map([[file, bytes]]));
        else later.set(file, bytes);
      }
    }
    const first = await runToEnd({ paths, dataDir, more: small });
    writeEvents(paths[0]!, later);
    const second = await runToEnd({ paths, dataDir });
    expect(first.summary.events! + second.summary.events!).toBe(eventCount);
    await expectExact(dataDir);
  });

  test('compressed; a file that came cut short is told, and goes on where it broke off', async () => {
    const [paths, dataDir] = [[join(folder, 'gz')], join(folder, 'gz-data')];
    const packed = new Map([...events].map(([name, content]) => [`${name}.gz`, gzipSync(content)]));
    writeEvents(paths[0]!, packed);
    const messages = 'conversations.messages.ndjson.gz';
    truncateSync(join(paths[0]!, messages), Math.floor(packed.get(messages)!.length * 0.6));
    const broken = new Processor({ paths, dataDir, more: small });
    expect((await broken.ended).code).toBe(1);
    expect(broken.errors).toContain(messages);
    expect(broken.summary.events).toBeGreaterThan(eventCount / 2);
    writeEvents(paths[0]!, packed);
    const rest = await runToEnd({ paths, dataDir });
    expect(broken.summary.events! + rest.summary.events!).toBe(eventCount);
    await expectExact(dataDir);
    // Unpacked and renamed it is still the same file.
    const plain = join(folder, 'gz-plain');
    writeEvents(plain, events);
    renameSync(join(plain, 'conversations.messages.ndjson'), join(plain, 'conversations.messages-2020.ndjson'));
    expect((await runToEnd({ paths: [plain], dataDir })).summary.events).toBe(0);
    await expectExact(dataDir);
  });
});

function ascending(left: number, right: number): number {
  return left - right;
}

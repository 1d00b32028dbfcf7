import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ClassicLevel } from 'classic-level';
import { expect, test } from 'vitest';
import { openLevelStore } from '../../src/state/level-store.ts';
import { ReadPace } from '../../src/state/read-pace.ts';
import type { Change, StateStore } from '../../src/state/store.ts';
import { smallDisk, temporaryFolder } from './folders.ts';
import { runAndKill } from './killed-child.ts';
import { storeSuite } from './store-suite.ts';

storeSuite('LevelStore', openLevelStore);

/** As on a disk that is never quick enough. */
class SlowPace extends ReadPace {
  override isPrompt(): boolean {
    return false;
  }
}

storeSuite('LevelStore that is read by other threads', (path) => openLevelStore(path, { pace: new SlowPace() }));

test('killed while it writes: each checkpoint is whole or absent, and none that was acknowledged is lost', async () => {
  const folder = temporaryFolder();
  const keys = Array.from({ length: 500 }, (_, index) => `k${index}`);
  let reached = 0;
  for (const afterMs of [0, 3, 9, 17, 31, 60, 110, 200]) {
    const acknowledged = await runAndKill('write-checkpoints.ts', folder, afterMs);
    const store = await openLevelStore(folder);
    const plan = (await store.checkpoint())!.plan;
    expect(plan).toBeGreaterThanOrEqual(acknowledged);
    expect(plan).toBeGreaterThan(reached);
    reached = plan;
    const plans = (await store.getMany(keys)).map((value) => JSON.parse(value!).plan);
    expect(new Set(plans)).toEqual(new Set([plan]));
    expect((await store.scan('only', 10)).map(([key]) => key)).toEqual([`only${plan}`]);
    await store.close();
  }
}, 60_000);

/** A folder with ten checkpoints of 200 keys, the first ones in tables and the last ones in the log. */
async function filled(): Promise<string> {
  const folder = temporaryFolder();
  let store = await openLevelStore(folder, { writeBufferBytes: 64 * 1024 });
  for (let plan = 1; plan <= 10; plan++) {
    if (plan === 5) {
      await store.close();
      store = await openLevelStore(folder); // With room for all that follows, which so stays in the log.
    }
    const count = plan <= 4 ? 3_000 : 400;
    await store.write(
      Array.from({ length: count }, (_, index): Change => [`k${index}`, `${plan} value`]),
      { plan, positions: {} },
    );
  }
  await store.close();
  return folder;
}

function fileOf(folder: string, pattern: RegExp): string {
  const name = readdirSync(folder)
    .filter((file) => pattern.test(file))
    .sort((a, b) => statSync(join(folder, b)).size - statSync(join(folder, a)).size)[0];
  return join(folder, name ?? `none of ${pattern}`);
}

function flipByte(file: string, at: number): void {
  const byte = readFileSync(file)[at]! ^ 0xff;
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([byte]), 0, 1, at);
  closeSync(handle);
}

/** Opens, reads everything and writes once. */
async function useAll(folder: string): Promise<void> {
  const store = await openLevelStore(folder);
  try {
    const plan = (await store.checkpoint())!.plan;
    for (const [key] of await store.scan('', 10_000)) await store.getMany([key]);
    await store.write([['k', 'v']], { plan: plan + 1, positions: {} });
  } finally {
    await store.close();
  }
}

test('a whole folder can be used', async () => {
  const folder = await filled();
  expect(statSync(fileOf(folder, /\.ldb$/)).size).toBeGreaterThan(50_000);
  expect(statSync(fileOf(folder, /\.log$/)).size).toBeGreaterThan(32_768);
  await useAll(folder);
});

const damages: [name: string, damage: (folder: string) => void][] = [
  ['CURRENT is gone', (folder) => rmSync(join(folder, 'CURRENT'))],
  ['CURRENT is empty', (folder) => writeFileSync(join(folder, 'CURRENT'), '')],
  ['CURRENT is garbage', (folder) => writeFileSync(join(folder, 'CURRENT'), 'nonsense\n')],
  [
    'CURRENT names a manifest that is not there',
    (folder) => writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-000999\n'),
  ],
  ['the manifest is gone', (folder) => rmSync(fileOf(folder, /^MANIFEST/))],
  ['the manifest is empty', (folder) => truncateSync(fileOf(folder, /^MANIFEST/))],
  ['the manifest has a flipped byte', (folder) => flipByte(fileOf(folder, /^MANIFEST/), 20)],
  ['a table is gone', (folder) => rmSync(fileOf(folder, /\.ldb$/))],
  ['a table is cut', (folder) => truncateSync(fileOf(folder, /\.ldb$/), 30_000)],
  [
    'tables have a flipped byte in a value',
    (folder) => {
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.ldb')))
        flipByte(join(folder, name), 3_000);
    },
  ],
  ['the log is gone', (folder) => rmSync(fileOf(folder, /\.log$/))],
  ['the log has a flipped byte before its last write', (folder) => flipByte(fileOf(folder, /\.log$/), 12_000)],
];

test.each(damages)('%s: PARLEY_STATE_CORRUPT with the path, and not forgotten', async (_name, damage) => {
  const folder = await filled();
  damage(folder);
  for (const _time of ['at first', 'and when tried again']) {
    await expect(useAll(folder)).rejects.toMatchObject({
      code: 'PARLEY_STATE_CORRUPT',
      detail: { where: expect.stringContaining(folder) },
    });
  }
});

test.each([
  ['gone', (file: string) => rmSync(file)],
  ['cut', (file: string) => truncateSync(file, 100_000)],
  ['flipped in a value', (file: string) => flipByte(file, 200_015)],
  ['flipped in a length', (file: string) => flipByte(file, 0)],
])('a segment of values that is %s: PARLEY_STATE_CORRUPT with its path', async (_name, damage) => {
  const folder = await filled();
  const segment = join(folder, 'values', '00000001.values');
  // The last record of a key: those before it count no more.
  const bytes = readFileSync(segment);
  const live = bytes.lastIndexOf('k29994 value') - 12;
  damage(segment);
  if (_name.startsWith('flipped')) flipByte(segment, live + (_name.endsWith('length') ? 8 : 20));
  await expect(useAll(folder)).rejects.toMatchObject({
    code: 'PARLEY_STATE_CORRUPT',
    detail: { where: expect.stringContaining('00000001.values') },
  });
});

test('a tail of values that was never acknowledged is cut off, and files that nothing names are deleted', async () => {
  const folder = await filled();
  const segment = join(folder, 'values', '00000001.values');
  const size = statSync(segment).size;
  appendFileSync(segment, 'what a crash left');
  writeFileSync(join(folder, 'values', '00000002.values'), 'so did this');
  await useAll(folder);
  expect(readdirSync(join(folder, 'values'))).toEqual(['00000001.values']);
  expect(statSync(segment).size).toBe(size + 12 + 'kv'.length);
});

test('values are cleaned away: the disk holds about twice what counts, and all that counts is there', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore(folder, { segmentBytes: 32 * 1024 });
  const expected = new Map<string, string>();
  const reading: Promise<unknown>[] = [];
  for (let plan = 1; plan <= 120; plan++) {
    const changes = Array.from({ length: 40 }, (_, index): Change => {
      // Some keys change always, some seldom, some are deleted.
      const key = `k${index % 2 === 0 ? index : (plan * 40 + index) % 400}`;
      const value = plan % 17 === 0 && index % 5 === 0 ? undefined : `${plan} ${'x'.repeat((plan * index) % 900)}`;
      if (value === undefined) expected.delete(key);
      else expected.set(key, value);
      return [key, value];
    });
    // Readers meet segments that are being cleaned.
    reading.push(store.getMany([...expected.keys()]));
    await store.write(changes, { plan, positions: {} });
  }
  await Promise.all(reading);
  const check = async (opened: StateStore) => {
    const keys = [...expected.keys()];
    expect(await opened.getMany(keys)).toEqual(keys.map((key) => expected.get(key)));
    expect(new Map(await opened.scan('', 10_000))).toEqual(expected);
  };
  await check(store);
  await store.close();
  const sizes = readdirSync(join(folder, 'values')).map((name) => statSync(join(folder, 'values', name)).size);
  const live = [...expected].reduce((sum, [key, value]) => sum + 12 + key.length + value.length, 0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2 * live + 3 * 32 * 1024);
  const again = await openLevelStore(folder, { segmentBytes: 32 * 1024 });
  await check(again);
  await again.close();
  expect(await liveBytesIn(folder)).toBe(live);
});

/** What the bookkeeping says of the bytes that still count. Were it wrong, segments would be kept, or cleaned, for nothing. */
async function liveBytesIn(folder: string): Promise<number> {
  const level = new ClassicLevel(folder);
  const records = await level.values({ gte: '\0segment/', lt: '\0segment/~' }).all();
  await level.close();
  return records.reduce((sum, text) => sum + (JSON.parse(text) as { liveBytes: number }).liveBytes, 0);
}

test('a value larger than all buffers, cleaned away around it', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore(folder, { segmentBytes: 1024 });
  const large = 'é'.repeat(1_500_000);
  await store.write(
    [
      ['large', large],
      ['a', '1'],
    ],
    { plan: 1, positions: {} },
  );
  await store.write([['b', 'y'.repeat(4_000_000)]], { plan: 2, positions: {} });
  for (let plan = 3; plan < 9; plan++) await store.write([['b', `${plan}`]], { plan, positions: {} });
  expect(await store.getMany(['large', 'a', 'b'])).toEqual([large, '1', '8']);
  await store.close();
});

test('a torn end of the log is the write that a crash cut off', async () => {
  const folder = await filled();
  const log = fileOf(folder, /\.log$/);
  truncateSync(log, statSync(log).size - 100);
  const store = await openLevelStore(folder);
  expect((await store.checkpoint())?.plan).toBe(9);
  expect((await store.getMany(['k1']))[0]).toMatch(/^9 /);
  await store.close();
});

test('a folder whose creation was cut off is a new one', async () => {
  for (const leftovers of [
    [],
    ['LOCK', 'LOG'],
    ['LOCK', 'LOG', 'MANIFEST-000001'],
    ['MANIFEST-000001', '000001.dbtmp'],
  ]) {
    const folder = temporaryFolder();
    for (const name of leftovers) writeFileSync(join(folder, name), '');
    const store = await openLevelStore(folder);
    expect(await store.checkpoint()).toBeUndefined();
    await store.write([['a', '1']], { plan: 1, positions: {} });
    await store.close();
  }
});

test('a checkpoint that is not one is PARLEY_STATE_CORRUPT', async () => {
  for (const checkpoint of [{ plan: -1, positions: {} }, { plan: 1 }, { plan: 2, positions: { a: { topic: 't' } } }]) {
    const folder = temporaryFolder();
    const store = await openLevelStore(folder);
    await store.write([['a', '1']], { plan: 1, positions: {} });
    await store.close();
    // The checksum is right, the content is not: a fault of the code that wrote it.
    const text = JSON.stringify(checkpoint);
    await withLevel(folder, (level) => level.put('\0checkpoint', crc32(text).toString(16).padStart(8, '0') + text));
    await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
  }
});

test('a folder of a newer layout is PARLEY_STATE_VERSION, one of something else PARLEY_STATE_CORRUPT', async () => {
  for (const [header, code] of [
    [{ kind: 'state', layout: 3 }, 'PARLEY_STATE_VERSION'],
    [{ kind: 'journal', layout: 1 }, 'PARLEY_STATE_CORRUPT'],
  ] as const) {
    const folder = temporaryFolder();
    await (await openLevelStore(folder)).close();
    await withLevel(folder, (level) => level.put('\0header', JSON.stringify(header)));
    await expect(openLevelStore(folder)).rejects.toMatchObject({ code });
  }
  const foreign = temporaryFolder();
  await withLevel(foreign, (level) => level.put('somebody', 'else'));
  await expect(openLevelStore(foreign)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
});

test('a folder in use is PARLEY_DATA_DIR_IN_USE, and free again when closed', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore(folder);
  await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'PARLEY_DATA_DIR_IN_USE' });
  await store.write([['a', '1']], { plan: 1, positions: {} });
  await store.close();
  await store.close();
  await (await openLevelStore(folder)).close();
});

test('a second opening by the same process does not let another process in', async () => {
  const folder = temporaryFolder();
  const store = await openLevelStore(folder);
  await expect(openLevelStore(join(folder, '.'))).rejects.toMatchObject({ code: 'PARLEY_DATA_DIR_IN_USE' });
  await expect(runAndKill('write-checkpoints.ts', folder, 1000)).rejects.toThrow(/PARLEY_DATA_DIR_IN_USE/);
  await store.close();
});

test('a path that is no folder is PARLEY_STATE_UNAVAILABLE', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, 'not a folder');
  await expect(openLevelStore(file)).rejects.toMatchObject({ code: 'PARLEY_STATE_UNAVAILABLE' });
});

test('a full disk is PARLEY_DISK_FULL, all writes after it fail, and the last checkpoint is whole', async () => {
  const folder = join(smallDisk('3m'), 'store');
  const store = await openLevelStore(folder, { writeBufferBytes: 256 * 1024 });
  const write = (plan: number) =>
    store.write(
      Array.from({ length: 400 }, (_, index): Change => [`${plan}k${index}`, `${plan} ${'x'.repeat(500)}`]),
      { plan, positions: {} },
    );
  let last = 0;
  const fill = async () => {
    for (let plan = 1; plan < 100; plan++) {
      await write(plan);
      last = plan;
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'PARLEY_DISK_FULL' });
  await expect(write(last + 1)).rejects.toMatchObject({ code: 'PARLEY_DISK_FULL' });
  await store.close();
  execFileSync('mount', ['-o', 'remount,size=30m', join(folder, '..')]);
  const again = await openLevelStore(folder);
  const plan = (await again.checkpoint())!.plan;
  expect([last, last + 1]).toContain(plan);
  expect((await again.scan(`${plan}k`, 1000, `${plan}l`)).length).toBe(400);
  expect(await again.scan(`${plan + 1}k`, 1000, `${plan + 1}l`)).toEqual([]);
  await again.close();
});

async function withLevel(folder: string, use: (level: ClassicLevel) => Promise<void>): Promise<void> {
  const level = new ClassicLevel(folder);
  await level.open();
  await use(level);
  await level.close();
}

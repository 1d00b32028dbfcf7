import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { crc32c } from '../../src/state/crc32c.ts';
import { liveTables } from '../../src/state/level-manifest.ts';
import { openLevelStore } from '../../src/state/level-store.ts';
import { findTableDamage } from '../../src/state/level-table.ts';

/**
 * LevelDB reads its tables without looking at their checksums: a bit that flipped in a key made the key unknown, and its
 * state began anew without a word.
 */
const keys = Array.from({ length: 2000 }, (_, index) => `mconversation-${index}`);
let folder = '';
let whole = '';
let table = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-table-'));
  whole = join(folder, 'whole');
  const store = await openLevelStore(whole);
  await store.write(
    keys.map((key) => [key, `value of ${key}`] as const),
    { plan: 1, positions: {} },
  );
  await store.close();
  await (await openLevelStore(whole)).close(); // It makes a table of its log.
  table = readdirSync(whole).find((name) => name.endsWith('.ldb'))!;
});
afterAll(() => rm(folder, { recursive: true }));

function copied(damage: (path: string) => void): string {
  const path = join(folder, 'copy');
  rmSync(path, { recursive: true, force: true });
  cpSync(whole, path, { recursive: true });
  damage(path);
  return path;
}

test('the checksum is CRC-32C', () => {
  const bytes = Buffer.from('x123456789x');
  expect(crc32c(bytes, 1, 10)).toBe(0xe3069283); // The check value of its catalogue entry.
  expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43); // RFC 3720, B.4.
  expect(crc32c(bytes, 1, 10)).not.toBe(crc32('123456789'));
});

test('a table is whole, and not with any bit of its blocks flipped', () => {
  const bytes = readFileSync(join(whole, table));
  expect(findTableDamage(bytes)).toBe(undefined);
  const footer = bytes.length - 48;
  for (let at = 0; at < footer; at += 97) {
    const flipped = Buffer.from(bytes);
    flipped[at] = flipped[at]! ^ (1 << (at % 8));
    expect(findTableDamage(flipped), `byte ${at}`).toMatch(/damage|index/);
  }
  for (const length of [0, 47, 1000, bytes.length - 1]) {
    expect(findTableDamage(bytes.subarray(0, length))).toBe('no footer at its end');
  }
});

test('a folder with a flipped bit in a key is refused', async () => {
  const path = copied((copy) => {
    const bytes = readFileSync(join(copy, table));
    const at = bytes.indexOf('conversation-'); // Of the first key, which the next ones share.
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(join(copy, table), bytes);
  });
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
});

test('a manifest with a flipped bit before its last edit is refused', async () => {
  const path = copied((copy) => {
    const name = readdirSync(copy).find((file) => file.startsWith('MANIFEST'))!;
    const bytes = readFileSync(join(copy, name));
    bytes[4] = bytes[4]! ^ 0x80; // The length of the first edit: LevelDB takes it for the torn end of the file.
    writeFileSync(join(copy, name), bytes);
  });
  await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'PARLEY_STATE_CORRUPT' });
});

test('a table that a crash left half-written is no damage: no manifest names it', async () => {
  const manifest = readdirSync(whole).find((file) => file.startsWith('MANIFEST'))!;
  expect(liveTables(readFileSync(join(whole, manifest)))).toEqual(new Set([Number.parseInt(table, 10)]));
  const path = copied((copy) => {
    copyFileSync(join(copy, table), join(copy, '000999.ldb'));
    writeFileSync(join(copy, '000998.ldb'), readFileSync(join(copy, table)).subarray(0, 500));
  });
  const store = await openLevelStore(path);
  expect(await store.getMany(keys)).toEqual(keys.map((key) => `value of ${key}`));
  await store.close();
});

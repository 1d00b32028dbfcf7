import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parley, removeFolder, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const file = join(folder, 'schedules.csv');

beforeAll(async () => {
  const { code, err } = await parley(['migrate', '--data-dir', dataDir]);
  expect(code, err).toBe(0);
}, 120_000);
afterAll(() => removeFolder(folder));

interface Shown {
  readonly hours: readonly { clinic_code: string; weekday: number; opens_at: string; is_built_in: boolean }[];
  readonly holidays: readonly { clinic_code: string; day: string; opens_at: string | null }[];
}

async function show(...clinic: string[]): Promise<Shown> {
  const { out, err, code } = await parley(['schedules', 'show', ...clinic, '--json', '--data-dir', dataDir]);
  expect(code, err).toBe(0);
  return JSON.parse(out) as Shown;
}

const hoursOf = ({ hours }: Shown) => hours.map((row) => `${row.clinic_code} ${row.weekday} ${row.opens_at}`);

test('are loaded, shown, replaced whole, and removed', { timeout: 240_000 }, async () => {
  const builtIn = await show();
  expect(builtIn.hours.every((row) => row.is_built_in)).toBe(true);
  expect(hoursOf(builtIn)).toEqual([1, 2, 3, 4, 5].map((day) => ` ${day} 09:00`));

  const head = 'clinic_code,weekday,opens_at,closes_at,day,name';
  const first = [
    head,
    'A,monday,08:00,12:00,,',
    'A,friday,08:00,12:00,,',
    'B,sunday,22:00,04:00,,',
    ',,,,2026-12-25,Christmas Day',
  ];
  writeFileSync(file, first.join('\n'));
  const loaded = await parley(['schedules', 'load', file, '--data-dir', dataDir]);
  expect(loaded.code, loaded.err).toBe(0);
  expect(loaded.out).toMatch(/A +2 +0\n *B +1 +0\n *\(default\) +0 +1/);
  expect(hoursOf(await show())).toEqual(['A 1 08:00', 'A 5 08:00', 'B 0 22:00']);
  expect((await show('')).holidays).toMatchObject([{ clinic_code: '', day: '2026-12-25', opens_at: null }]);

  writeFileSync(file, [head, 'A,tuesday,10:00,24:00,,', 'A,,,,2026-12-25,'].join('\n'));
  expect(await parley(['schedules', 'load', file, '--data-dir', dataDir])).toMatchObject({ code: 0 });
  expect(hoursOf(await show())).toEqual(['A 2 10:00', 'B 0 22:00']);
  const page = await parley(['schedules', 'show', '--data-dir', dataDir]);
  expect(page.out).toMatch(/A +tuesday +10:00 +24:00/);
  expect(page.out).toMatch(/A +2026-12-25 +closed/);

  expect(await parley(['schedules', 'remove', 'A', '', '--data-dir', dataDir])).toMatchObject({ code: 0 });
  expect(hoursOf(await show())).toEqual([...hoursOf(builtIn), 'B 0 22:00']);
});

test('a file with a fault loads nothing', { timeout: 60_000 }, async () => {
  writeFileSync(file, 'clinic_code,weekday,opens_at,closes_at\nC,monday,08:00,12:00\nC,monday,nine,12:00\n');
  const { code, err } = await parley(['schedules', 'load', file, '--data-dir', dataDir]);
  expect(code).toBe(1);
  expect(err).toContain('PARLEY_SCHEDULE_INVALID');
  expect(err).toContain('line 3: opens_at: expected HH:MM, 00:00 to 23:59, received "nine"');
  expect((await show('C')).hours).toEqual([]);
  const missing = await parley(['schedules', 'load', join(folder, 'none.csv'), '--data-dir', dataDir]);
  expect(missing.err).toContain('PARLEY_SOURCE_NOT_FOUND');
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parley, removeFolder, temporaryFolder } from './program.ts';

let dataDir: string;
let dir: string;
beforeAll(() => {
  dataDir = temporaryFolder();
  dir = temporaryFolder();
});
afterAll(() => {
  removeFolder(dataDir);
  removeFolder(dir);
});

const categoryOf = async (tool: string) => {
  const sql = `SELECT tool_category FROM seeds.tool_categories WHERE tool_name = '${tool}'`;
  return (await parley(['query', sql, '--data-dir', dataDir, '--format', 'TSV'])).out.trim();
};

it('migrates with the shipped seeds and the document’s databases, and loads one’s own, which stay', async () => {
  const migrated = await parley(['migrate', '--compat', '--data-dir', dataDir]);
  expect(migrated).toMatchObject({ code: 0 });
  expect(await categoryOf('Bash')).toBe('shell');
  writeFileSync(join(dir, 'tool_categories.csv'), 'tool_name,tool_category\nBash,terminal\n');
  const seeded = await parley(['seed', '--dir', dir, '--data-dir', dataDir, '--json']);
  expect({ code: seeded.code, err: seeded.err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(seeded.out)).toMatchObject([
    { domain: 'assistant', seed: 'tool_categories', origin: 'folder', rows: 1, isChanged: true },
    { seed: 'variables', isChanged: false },
  ]);
  expect((await parley(['migrate', '--data-dir', dataDir])).code).toBe(0);
  expect(await categoryOf('Bash')).toBe('terminal');
}, 120_000);

it('tells the line of a fault, and loads nothing', async () => {
  writeFileSync(join(dir, 'tool_categories.csv'), 'tool_name,tool_category\nBash,terminal\nBash,shell\n');
  const refused = await parley(['seed', '--dir', dir, '--data-dir', dataDir]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('PARLEY_SEED_INVALID');
  expect(refused.err).toContain('tool_categories.csv:3');
  expect(await categoryOf('Bash')).toBe('terminal');
}, 120_000);

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { producersPage } from '../../scripts/producers-page.ts';
import { allDomains } from '../../src/domains.ts';
import { jsonSchemas } from '../../src/events/json-schema.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('docs/producers.md');

test('docs/producers.md has the fields and the examples as they are (run `npm run schemas` after a change)', () => {
  const domains = allDomains();
  const schemas = jsonSchemas(domains.flatMap((domain) => domain.topics));
  expect(page).toBe(producersPage(page, { domains, schemas, read }));
  for (const { topics } of domains) for (const { name } of topics) expect(page).toContain(`### \`${name}\``);
  expect(page).toContain('partitioner": "murmur2_random"');
});

test('docs/producers.md says what to do for every reason of a dead letter', () => {
  const source = read('src/runtime/domain.ts');
  const union = source.slice(source.indexOf('export type RejectionCode'), source.indexOf('export type ColumnType'));
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(documented.sort()).toEqual(codes.sort());
});

test.skipIf(spawnSync('python3', ['--version']).status !== 0)('the Python example is Python', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-python-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = { env: { ...process.env, PYTHONPYCACHEPREFIX: folder } };
  execFileSync('python3', ['-m', 'py_compile', join(root, 'examples/producers/publish.py')], options);
});

test('the TypeScript example is what the compiler takes', () => {
  const file = join(root, 'examples/producers/publish.ts');
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'ES2023',
    '--module',
    'NodeNext',
  ];
  const tsc = spawnSync('npx', ['tsc', ...flags, '--types', 'node', file], { cwd: root, encoding: 'utf8' });
  expect(tsc.stdout + tsc.stderr.replaceAll(/^npm warn.*\n/gm, '')).toBe('');
});

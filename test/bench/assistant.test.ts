import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the bench of transcripts runs small, so that it does not rot; it checks its own counts', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-bench-test-'));
  try {
    const json = join(dir, 'report.json');
    const flags = ['--entries', '10000', '--dir', dir, '--json', json];
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/assistant.ts', ...flags], { cwd: root });
    const report = JSON.parse(await readFile(json, 'utf8')) as Record<string, unknown>;
    expect(report).toMatchObject({ entries: 10000, sessions: 100 });
    for (const figure of ['entriesPerSecond', 'processorCpuSecondsPerMillion', 'clickhouseCpuSecondsPerMillion']) {
      expect(report[figure], figure).toBeGreaterThan(0);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 120_000);

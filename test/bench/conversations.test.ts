import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the end-to-end bench runs small, so that it does not rot; it checks its own counts', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-bench-test-'));
  try {
    const json = join(dir, 'report.json');
    const flags = ['--messages', '20000', '--dir', dir, '--json', json];
    await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bench/conversations.ts', ...flags], { cwd: root });
    const report = JSON.parse(await readFile(json, 'utf8')) as Record<string, unknown>;
    expect(report).toMatchObject({ messages: 20000, conversations: 2000 });
    for (const figure of ['messagesPerSecond', 'processorCpuSecondsPerMillion', 'clickhouseCpuSecondsPerMillion']) {
      expect(report[figure], figure).toBeGreaterThan(0);
    }
    expect(report.floors).toMatchObject({ insertingRowsPerSecond: expect.any(Number) });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 120_000);

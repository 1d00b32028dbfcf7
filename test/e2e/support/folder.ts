import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { endProcessors } from './processor.ts';

/** A folder for the tests of a file. It goes, and processes that a failed test left with it, when they are done. */
export function folderOfTests(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
  afterAll(async () => {
    await endProcessors();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

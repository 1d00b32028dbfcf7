import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { endProcessors } from './processor.ts';

/**
 * A folder for the tests of a file, made when the first of them runs. It goes, and processes that a failed test left
 * with it, when they are done.
 */
export function folderOfTests(): string {
  const folder = join(tmpdir(), `parley-e2e-${randomUUID()}`);
  beforeAll(() => {
    mkdirSync(folder);
  });
  afterAll(async () => {
    await endProcessors();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder, removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parley-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file system of a few megabytes, unmounted when the test ends. Needs root. */
export function smallDisk(size: string): string {
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'parley-test', folder], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('This test mounts a small tmpfs: run it as root, or under `unshare -rm`', { cause });
  }
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
}

import { readdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from './ports.ts';

/** The folder of a task's store. */
export function stateFolder(stateDir: string, { stage, partition }: TaskId): string {
  return join(stateDir, stage, String(partition));
}

/** Tasks whose state is on this machine: it is cheapest to have them here. */
export function localTasks(stateDir: string, stages: readonly string[]): TaskId[] {
  return stages.flatMap((stage) =>
    entries(join(stateDir, stage)).flatMap((name) => (/^\d+$/.test(name) ? [{ stage, partition: Number(name) }] : [])),
  );
}

/** Bytes of a task's store on the disk; 0 when there is none. */
export async function stateBytes(stateDir: string, task: TaskId): Promise<number> {
  const folder = stateFolder(stateDir, task);
  const names = await readdir(folder).catch(() => []);
  // Files come and go while LevelDB works; one that has gone counts nothing.
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

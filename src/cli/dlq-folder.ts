import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { StoredDeadLetter } from '../warehouse/dead-letters.ts';

/**
 * Dead letters on their way back: `<dataDir>/dlq/<number>/<topic>.ndjson` holds their bytes, and `letters.json` beside
 * it their ids. The folder comes into being whole, by a rename, and gets a file `done` when the letters are marked. So a
 * crash anywhere leaves a folder that the next `dlq replay` takes up: its lines are counted once, as those of any file.
 */
export interface ReturnFolder {
  readonly path: string;
  readonly ids: readonly string[];
}

/** Folders whose letters have not been marked. */
export function unfinishedFolders(dataDir: string): ReturnFolder[] {
  return folders(dataDir)
    .filter((path) => !existsSync(join(path, 'done')))
    .map((path) => ({ path, ids: JSON.parse(readFileSync(join(path, 'letters.json'), 'utf8')) as string[] }));
}

export function writeFolder(dataDir: string, letters: readonly StoredDeadLetter[]): ReturnFolder {
  const number = folders(dataDir).length + 1;
  const path = join(dataDir, 'dlq', String(number).padStart(6, '0'));
  const part = `${path}.part`;
  rmSync(part, { recursive: true, force: true }); // What a crash left.
  mkdirSync(part, { recursive: true });
  const byTopic = new Map<string, Buffer[]>();
  for (const { topic, bytes } of letters) {
    // Files are known by what they begin with. Without empty lines, another number for each folder, lines that are
    // refused again would be taken for a copy of the file that they came from, and not be read.
    const lines = byTopic.get(topic) ?? [Buffer.alloc(number, '\n')];
    lines.push(bytes, newline);
    byTopic.set(topic, lines);
  }
  for (const [topic, lines] of byTopic) {
    writeSynced(join(part, `${topic}.ndjson`), Buffer.concat(lines));
  }
  const ids = letters.map((letter) => letter.id);
  writeSynced(join(part, 'letters.json'), JSON.stringify(ids));
  renameSync(part, path);
  return { path, ids };
}

export function finishFolder({ path }: ReturnFolder): void {
  writeFileSync(join(path, 'done'), '');
}

/** On the disk before the letters are marked: a power cut must not leave an empty file for them. */
function writeSynced(path: string, content: Buffer | string): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const newline = Buffer.from('\n');

function folders(dataDir: string): string[] {
  const root = join(dataDir, 'dlq');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^\d{6,}$/.test(name))
    .sort()
    .map((name) => join(root, name));
}

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { z } from 'zod';
import { createDecoder } from '../../src/events/decode.ts';
import { isoTimestamp } from '../../src/events/time.ts';
import type { Topic } from '../../src/runtime/domain.ts';
import { discoverFiles } from '../../src/source/files/discover.ts';
import { type FileSource, type FileSourceOptions, openFileSource } from '../../src/source/files/file-source.ts';
import type { Position, SourceBatch, SourceRecord } from '../../src/source/source.ts';

const schema = z.object({ id: z.string(), key: z.string(), at: isoTimestamp });
const topic = (name: string): Topic => ({ name, description: '', key: 'key', time: 'at', schema });

/** In the order that breaks ties, which is not the alphabet's. */
export const topics = [topic('shop.orders'), topic('shop.customers')];
export const topicNames = topics.map(({ name }) => name);
export const decoder = createDecoder(topics);
export const now = Date.UTC(2026, 5, 1);
export const start = Date.UTC(2026, 0, 1);

export function line(id: string | number, minute: number, key = 'k'): string {
  return JSON.stringify({ id: String(id), key, at: new Date(start + minute * 60_000).toISOString() });
}

export function lines(count: number, name = 'm', from = 0): string {
  return Array.from({ length: count }, (_, index) => `${line(`${name}-${index + from}`, index + from)}\n`).join('');
}

/** Makes temporary folders that are gone after the tests of the file. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'parley-source-')));
    made.push(folder);
    return folder;
  };
}

export async function open(paths: readonly string[], options: Partial<FileSourceOptions> = {}): Promise<FileSource> {
  const { files } = await discoverFiles(paths, topicNames);
  return openFileSource({ files, topics: topicNames, decoder, now: () => now, ...options });
}

/** A record as far as it must be the same whenever it is read. */
export function shown(record: SourceRecord): string {
  const id = record.event ? (record.event.value as { id: string }).id : `${record.rejection?.code}`;
  return `${record.shard}@${record.offset} ${record.time} ${id} ${record.bytes().toString('latin1')}`;
}

export const idsOf = (records: readonly SourceRecord[]): string[] =>
  records.map(({ event, rejection }) => (event ? (event.value as { id: string }).id : (rejection?.code as string)));

/** Takes everything that is left and notes the positions that a journal would have. */
export async function drain(
  source: { next: FileSource['next'] },
  positions: Map<string, Position> = new Map(),
  eventsMax = 1000,
): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for (;;) {
    const batch = await source.next({ eventsMax, bytesMax: 1e9 });
    if (batch === undefined) return records;
    note(batch, positions);
    records.push(...batch.records);
  }
}

/** Marks go through JSON, as in a journal. Ranges must continue where the positions are. */
export function note(batch: SourceBatch, positions: Map<string, Position>): void {
  for (const { shard, topic: topicName, from, to } of batch.ranges) {
    const known = positions.get(shard);
    if (known && known.offset !== from) throw new Error(`${shard}: ${from} does not continue ${known.offset}`);
    const mark = JSON.parse(JSON.stringify(batch.marks.get(shard)));
    positions.set(shard, { topic: topicName, offset: to, mark });
  }
}

/** Reads the paths from the positions to the end, as one run of the program does. */
export async function run(
  paths: readonly string[],
  positions: Map<string, Position>,
  options: Partial<FileSourceOptions> = {},
): Promise<SourceRecord[]> {
  const source = await open(paths, options);
  try {
    await source.seek(positions);
    return await drain(source, positions);
  } finally {
    await source.close();
  }
}

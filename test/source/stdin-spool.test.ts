import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SpoolSource } from '../../src/source/files/spool-source.ts';
import { spoolSegments } from '../../src/source/files/stdin-spool.ts';
import type { Position } from '../../src/source/source.ts';
import { decoder, drain, idsOf, line, lines, note, now, shown, temporaryFolders, topicNames } from './support.ts';

const folder = temporaryFolders();
const topic = 'shop.orders';

function openSpool(
  input: AsyncIterable<Buffer>,
  place: string,
  options: { segmentBytes?: number; idleMs?: number } = {},
) {
  const segments = spoolSegments({ input, folder: place, topic, ...options });
  return new SpoolSource({ segments, topics: topicNames, decoder, now: () => now, waitMs: 5000 });
}

function cut(text: string, size: number): AsyncIterable<Buffer> {
  const bytes = Buffer.from(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  return Readable.from(parts);
}

async function pipe(text: string, place: string, positions: Map<string, Position>, segmentBytes = 10_000, size = 777) {
  const source = openSpool(cut(text, size), place, { segmentBytes });
  await source.seek(positions);
  const records = await drain(source, positions, 50);
  expect(source.isAtEnd).toBe(true);
  await source.release(Object.fromEntries(positions));
  await source.close();
  return records;
}

test('segments hold the input, cut at newlines by size alone', async () => {
  const text = `${lines(300)}${line('last', 1)}`;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1500, max: 40_000 }),
      async (size, segmentBytes) => {
        const place = await folder();
        const contents: string[] = [];
        for await (const segment of spoolSegments({ input: cut(text, size), folder: place, topic, segmentBytes })) {
          contents.push(await readFile(segment.path, 'utf8'));
          expect(segment.size).toBe(contents.at(-1)?.length);
        }
        const expected: string[] = [];
        for (let at = 0; at < text.length; ) {
          const newline = text.indexOf('\n', at + segmentBytes - 1);
          const end = newline < 0 ? text.length : newline + 1;
          expected.push(text.slice(at, end));
          at = end;
        }
        expect(contents).toEqual(expected);
      },
    ),
    { numRuns: 20 },
  );
});

test('lines come in the order of the input, not of their times, and the same again by ranges', async () => {
  const place = await folder();
  const text = Array.from({ length: 200 }, (_, index) => `${line(index, (index * 37) % 100)}\n`).join('');
  const source = openSpool(cut(text, 500), place, { segmentBytes: 2000 });
  await source.seek(new Map());
  const positions = new Map<string, Position>();
  const batches = [];
  for (
    let batch = await source.next({ eventsMax: 17, bytesMax: 1e9 });
    batch;
    batch = await source.next({ eventsMax: 17, bytesMax: 1e9 })
  ) {
    note(batch, positions);
    batches.push(batch);
  }
  const records = batches.flatMap((batch) => batch.records);
  expect(idsOf(records)).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
  await source.close();
  const again = openSpool(cut('', 1), place);
  await again.seek(positions);
  for (const batch of batches) {
    expect((await again.read(batch.ranges)).records.map(shown)).toEqual(batch.records.map(shown));
  }
  await again.close();
});

test('the same input piped again is not counted again, and a longer one from where it goes on', async () => {
  const place = await folder();
  const positions = new Map<string, Position>();
  const text = lines(1000);
  expect((await pipe(text, place, positions)).length).toBe(1000);
  expect(await readdir(place)).toEqual([]);
  expect(positions.size).toBeGreaterThan(5);
  expect(await pipe(text, place, positions, 10_000, 4096)).toEqual([]);
  expect(idsOf(await pipe(text + lines(2, 'x', 1000), place, positions))).toEqual(['x-1000', 'x-1001']);
  expect(await pipe(text + lines(2, 'x', 1000), place, positions)).toEqual([]);
  expect(await readdir(place)).toEqual([]);
});

test('what a crash left is finished first, and the input piped again goes on after it', async () => {
  const place = await folder();
  const positions = new Map<string, Position>();
  const text = lines(1000);
  const source = openSpool(cut(text, 777), place, { segmentBytes: 10_000 });
  await source.seek(positions);
  const seen = [];
  for (let count = 0; count < 7; count++) {
    const batch = await source.next({ eventsMax: 50, bytesMax: 1e9 });
    note(batch!, positions);
    seen.push(...idsOf(batch!.records));
  }
  // Here the process dies: nothing is closed, nothing released. A segment was being written, too.
  await writeFile(join(place, `${topic}.99999999999999-000001.ndjson.partial`), line('half', 1).slice(0, 30));
  seen.push(...idsOf(await pipe(text, place, positions)));
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => `m-${index}`));
  // The line that was cut is kept, for a person to look at.
  expect(await readdir(place)).toEqual([`${topic}.99999999999999-000001.ndjson`]);
  await source.close();
});

test('an input that pauses is given as far as it came, and can be waited for', async () => {
  const place = await folder();
  const input = new PassThrough();
  const source = openSpool(input, place, { idleMs: 20 });
  await source.seek(new Map());
  input.write(`${line('a', 1)}\n${line('b', 2)}\n${line('c', 3).slice(0, 10)}`);
  expect(idsOf((await source.next({ eventsMax: 9, bytesMax: 1e9 }))!.records)).toEqual(['a', 'b']);
  const waiting = source.next({ eventsMax: 9, bytesMax: 1e9 });
  input.write(`${line('c', 3).slice(10)}\n`);
  expect(idsOf((await waiting)!.records)).toEqual(['c']);
  input.end(line('d', 4).slice(0, 10));
  expect(await source.next({ eventsMax: 9, bytesMax: 1e9 })).toBeUndefined();
  await source.ready();
  expect(await source.next({ eventsMax: 9, bytesMax: 1e9 })).toBeUndefined();
  expect(source.isAtEnd).toBe(true);
  expect(source.pending().map(({ bytes }) => bytes)).toEqual([10]);
  await source.close();
});

test('`next` says that there is nothing for now while the input is silent', async () => {
  const input = new PassThrough();
  const segments = spoolSegments({ input, folder: await folder(), topic, idleMs: 10 });
  const source = new SpoolSource({ segments, topics: topicNames, decoder, now: () => now, waitMs: 20 });
  await source.seek(new Map());
  expect(await source.next({ eventsMax: 9, bytesMax: 1e9 })).toBeUndefined();
  expect(source.isAtEnd).toBe(false);
  input.end(`${line('a', 1)}\n`);
  await source.ready();
  expect(idsOf((await source.next({ eventsMax: 9, bytesMax: 1e9 }))!.records)).toEqual(['a']);
  await source.close();
});

test('segments stay until a checkpoint has their lines', async () => {
  const place = await folder();
  const positions = new Map<string, Position>();
  const source = openSpool(cut(lines(300), 500), place, { segmentBytes: 10_000 });
  await source.seek(positions);
  await drain(source, positions, 50);
  const before = await readdir(place);
  expect(before.length).toBeGreaterThan(1);
  await source.release({});
  expect(await readdir(place)).toEqual(before);
  const [shard, position] = [...positions][0]!;
  await source.release({ [shard]: position });
  expect(await readdir(place)).toEqual(before.slice(1));
  await appendFile(join(place, 'other.txt'), 'not ours');
  await source.release(Object.fromEntries(positions));
  expect(await readdir(place)).toEqual(['other.txt']);
  await source.close();
});

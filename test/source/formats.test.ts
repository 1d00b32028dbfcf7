import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Format, formatTopic } from '../../src/runtime/domain.ts';
import { discoverFiles } from '../../src/source/files/discover.ts';
import { type FileSource, openFileSource } from '../../src/source/files/file-source.ts';
import type { Position, SourceRecord } from '../../src/source/source.ts';
import { decoder, line as eventLine, note, now, temporaryFolders } from './support.ts';

const newFolder = temporaryFolders();

/** Lines that each name their events, as texts: `["a","b"]` at a minute. None of them: nothing to count. */
const format: Format = {
  name: 'lists',
  topic: 'shop.orders',
  endings: ['.list'],
  keepsBytes: false,
  read(text) {
    if (!text.startsWith('{')) return { fault: 'expected an object' };
    const { ids, minute } = JSON.parse(text) as { ids: string[]; minute: number };
    if (ids.length === 0) return { skipped: 'nothing' };
    return { events: ids.map((id) => JSON.parse(eventLine(id, minute)) as object) };
  },
};
const name = formatTopic(format);

async function open(folder: string): Promise<FileSource> {
  const { files } = await discoverFiles([folder], [name], { topic: name, endings: format.endings });
  return openFileSource({ files, topics: ['shop.orders', name], decoder, formats: [format], now: () => now });
}

interface Line {
  readonly minute: number;
  readonly ids: number | 'fault';
}

const line = fc.record({ minute: fc.nat(50), ids: fc.oneof(fc.nat(4), fc.constant('fault' as const)) });

function textOf({ minute, ids }: Line, at: number, file: string): string {
  if (ids === 'fault') return `fault ${file}-${at}`;
  return JSON.stringify({ ids: Array.from({ length: ids }, (_, index) => `${file}-${at}-${index}`), minute });
}

/** Id of an event, and where its line is. */
function shown(record: SourceRecord): string {
  const what = record.event ? (record.event.value as { id: string }).id : (record.skipped ?? record.rejection!.code);
  return `${record.offset} ${what}`;
}

test('the events of a line come together, once, in batches of any size, stopped anywhere, and read again by ranges', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.array(line, { maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 6 }),
      async (left, right, eventsMax, batchesMax) => {
        const folder = await newFolder();
        const files = new Map([
          ['l.list', left],
          ['r.list', right],
        ]);
        for (const [file, lines] of files) {
          await writeFile(join(folder, file), lines.map((each, at) => `${textOf(each, at, file[0]!)}\n`).join(''));
        }
        const expected = [...files].flatMap(([file, lines]) => {
          let offset = 0;
          return lines.flatMap((each, at) => {
            const place = offset;
            offset += textOf(each, at, file[0]!).length + 1;
            if (each.ids === 'fault') return [`${place} INVALID_JSON`];
            if (each.ids === 0) return [`${place} nothing`];
            return Array.from({ length: each.ids }, (_, index) => `${place} ${file[0]}-${at}-${index}`);
          });
        });

        const positions = new Map<string, Position>();
        const found: string[] = [];
        for (let isDone = false; !isDone; ) {
          const source = await open(folder);
          await source.seek(positions);
          for (let batches = 0; batches < batchesMax; batches++) {
            const batch = await source.next({ eventsMax, bytesMax: 1e9 });
            isDone = batch === undefined;
            if (batch === undefined) break;
            const again = await source.read(batch.ranges, { now, marks: Object.fromEntries(batch.marks) });
            expect(again.records.map(shown)).toEqual(batch.records.map(shown));
            // No more than the rest of a line over the limit.
            expect(batch.records.length).toBeLessThan(eventsMax + 4);
            note(batch, positions);
            found.push(...batch.records.map(shown));
          }
          await source.close();
        }
        expect(found.sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 60 },
  );
});

test('refused lines are not kept where the format says so', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'a.list'), 'secret\n');
  const source = await open(folder);
  const { records } = (await source.next({ eventsMax: 10, bytesMax: 1e9 }))!;
  expect(records.map((record) => [record.topic, record.rejection?.code, record.bytes().length])).toEqual([
    [name, 'INVALID_JSON', 0],
  ]);
  await source.close();
});

test('a file that was rewritten is read again from its start, under one name for ever', async () => {
  const folder = await newFolder();
  const path = join(folder, 'a.list');
  const positions = new Map<string, Position>();
  const read = async () => {
    const source = await open(folder);
    await source.seek(positions);
    const found: string[] = [];
    for (;;) {
      const batch = await source.next({ eventsMax: 10, bytesMax: 1e9 });
      if (batch === undefined) break;
      note(batch, positions);
      found.push(...batch.records.map((record) => shown(record).split(' ')[1]!));
    }
    await source.close();
    return found;
  };
  const lines = (...ids: string[]) => ids.map((id) => `${JSON.stringify({ ids: [id], minute: 1 })}\n`).join('');
  await writeFile(path, lines('a', 'b', 'c'));
  expect(await read()).toEqual(['a', 'b', 'c']);
  await writeFile(path, lines('a', 'x'));
  expect(await read()).toEqual(['a', 'x']);
  await writeFile(path, lines('a', 'x', 'y'));
  expect(await read()).toEqual(['y']);
  await writeFile(path, lines('a', 'x', 'y', 'z'));
  expect(await read()).toEqual(['z']);
  expect([...positions.keys()]).toEqual([path, `${path}#2`]);
});

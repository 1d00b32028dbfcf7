import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SpoolSource } from '../../src/source/files/spool-source.ts';
import { openLocalJournal } from '../../src/state/local-journal.ts';
import { combineSources, QueueSource } from '../../src/state/queue-source.ts';
import { decoder, line, note, now, open, shown, temporaryFolders, topicNames } from './support.ts';

const folder = temporaryFolders();

async function twoFiles(): Promise<string> {
  const place = await folder();
  const text = (name: string, first: number) =>
    Array.from({ length: 20 }, (_, index) => `${line(`${name}-${index}`, index * 2 + first)}\n`).join('');
  await writeFile(join(place, 'shop.orders.a.ndjson'), text('a', 0));
  await writeFile(join(place, 'shop.orders.b.ndjson'), text('b', 1));
  return place;
}

// A segment is read in the order of its lines. So was a batch of several files that a replay had left, whose lines had
// been merged by time: other rows under the token of the first ones.
test('what a replay of files had planned comes in its order from the source of standard input', async () => {
  const files = await open([await twoFiles()]);
  await files.seek(new Map());
  const batch = (await files.next({ eventsMax: 30, bytesMax: 1e9 }))!;
  const positions = new Map();
  note(batch, positions);
  const none = (async function* () {})();
  const spool = new SpoolSource({ segments: none, topics: topicNames, decoder, now: () => now });
  await spool.seek(positions);
  const again = await spool.read(batch.ranges, { now: batch.now, marks: Object.fromEntries(batch.marks) });
  expect(again.records.map(shown)).toEqual(batch.records.map(shown));
  expect(batch.records.map(shown)).not.toEqual(batch.records.map(shown).sort());
  await spool.close();
  await files.close();
});

// Beside a queue the files were not told the batch's journalled time, by which they refuse what lies ahead of it.
test('beside a queue a batch is read again with the time that it had', async () => {
  const place = await folder();
  await writeFile(join(place, 'shop.orders.ndjson'), `${line('now', 0)}\n${line('ahead', 60 * 24 * 300)}\n`);
  const journal = await openLocalJournal(join(place, 'journal'), 'test');
  const later = () => now + 365 * 86_400_000;
  const source = combineSources(
    [new QueueSource(journal.queue('counts'))],
    await open([join(place, 'shop.orders.ndjson')], { now: later }),
  );
  await source.seek(new Map());
  const batch = (await source.next({ eventsMax: 10, bytesMax: 1e9, now }))!;
  expect(batch.records.map(({ rejection }) => rejection?.code)).toEqual([undefined, 'TIME_OUT_OF_RANGE']);
  const again = await source.read(batch.ranges, { now, marks: Object.fromEntries(batch.marks) });
  expect(again.records.map(shown)).toEqual(batch.records.map(shown));
  await source.close();
  await journal.close();
});

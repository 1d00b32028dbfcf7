import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Position } from '../../src/source/source.ts';
import {
  drain,
  idsOf,
  line,
  lines,
  note,
  now,
  open,
  run,
  shown,
  start,
  temporaryFolders,
  topicNames,
} from './support.ts';

const folder = temporaryFolders();
const positionsOf = () => new Map<string, Position>();

describe('lines', () => {
  test('empty lines, carriage returns, a byte order mark and NUL bytes', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const bytes = `\ufeff${line('a', 1)}\r\n\n\r\n${line('b', 2)}\n{"id":"\0"}\n${line('é', 3)}\n\n`;
    await writeFile(path, bytes);
    const positions = positionsOf();
    const records = await run([path], positions);
    expect(idsOf(records)).toEqual(['a', 'b', 'INVALID_JSON', 'é']);
    expect(records[2]?.bytes().toString()).toBe('{"id":"\0"}');
    expect(records[1]?.bytes().toString()).toBe(line('b', 2));
    expect(records[2]?.time).toBe(records[1]?.time);
    expect(positions.get(path)?.offset).toBe(Buffer.byteLength(bytes));
  });

  test('bytes that are not UTF-8 are rejected and kept', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const bad = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]);
    await writeFile(path, Buffer.concat([Buffer.from(`${line('ü', 1)}\n`), bad, Buffer.from(`\n${line('b', 2)}\n`)]));
    const records = await run([path], positionsOf());
    expect(idsOf(records)).toEqual(['ü', 'INVALID_JSON', 'b']);
    expect(records[1]?.bytes()).toEqual(bad);
  });

  test('a line over 16 MiB is skipped with its beginning kept, and reading goes on from there', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const huge = 'x'.repeat(20_000_000);
    await writeFile(path, `${line('a', 1)}\n${huge}\n${line('b', 2)}\n`);
    const positions = positionsOf();
    const source = await open([path]);
    await source.seek(positions);
    const first = await source.next({ eventsMax: 2, bytesMax: 1e9 });
    note(first!, positions);
    await source.close();
    expect(idsOf(first!.records)).toEqual(['a', 'EVENT_TOO_LARGE']);
    expect(first?.records[1]?.rejection?.message).toContain('20000000');
    expect(first?.records[1]?.bytes().length).toBe(65_536);
    expect(idsOf(await run([path], positions))).toEqual(['b']);
  });

  test('whether a line is too long does not depend on the blocks that it is read in', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const text = [16_777_216, 16_777_217, 16_777_300].map((size) => `${'x'.repeat(size)}\n${line(size, 1)}\n`).join('');
    await writeFile(path, `${lines(20_000)}${text}`);
    const sizes = async (heldBytesMax: number) =>
      (await run([path], positionsOf(), { limits: { heldBytesMax } }))
        .filter((record) => record.rejection)
        .map((record) => [record.offset, record.bytes().length]);
    const small = await sizes(1);
    expect(small.map(([, size]) => size)).toEqual([16_777_216, 65_536, 65_536]);
    expect(await sizes(67_108_864)).toEqual(small);
  });

  test('a line of 10 MB is rejected by its size', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const large = line('x'.repeat(10_000_000), 1);
    await writeFile(path, `${line('a', 1)}\n${large}\n${line('b', 2)}\n`);
    const records = await run([path], positionsOf());
    expect(idsOf(records)).toEqual(['a', 'EVENT_TOO_LARGE', 'b']);
    expect(records[1]?.bytes().length).toBe(large.length);
  });

  test('blocks of any size give the lines that a naive reader gives', async () => {
    const place = await folder();
    let round = 0;
    const piece = fc.oneof(
      fc.integer({ min: 0, max: 500 }).map((id) => line(id, id)),
      fc.string({ maxLength: 80, unit: 'binary' }).map((text) => text.replaceAll(/[\n\r]/g, ' ')),
      fc.integer({ min: 1, max: 90_000 }).map((size) => line('l'.repeat(size), 1)),
      fc.constantFrom('', '\r'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        fc.integer({ min: 1, max: 200_000 }),
        async (parts, held) => {
          const path = join(place, `shop.orders-${round++}.ndjson`);
          const bytes = Buffer.from(parts.map((part) => `${part}\n`).join(''));
          await writeFile(path, bytes);
          const expected: string[] = [];
          for (let at = 0; at < bytes.length; ) {
            const end = bytes.indexOf(10, at);
            const stop = end > at && bytes[end - 1] === 13 ? end - 1 : end;
            if (stop > at) expected.push(`${at} ${bytes.toString('latin1', at, stop)}`);
            at = end + 1;
          }
          const records = await run([path], positionsOf(), { limits: { heldBytesMax: held } });
          expect(records.map((record) => `${record.offset} ${record.bytes().toString('latin1')}`)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a last line without a newline', () => {
  test('counts when it is a whole object; what is appended begins a line', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    await writeFile(path, `${line('a', 1)}\n${line('b', 2)}`);
    const positions = positionsOf();
    expect(idsOf(await run([path], positions))).toEqual(['a', 'b']);
    await appendFile(path, `\n${line('c', 3)}\n`);
    expect(idsOf(await run([path], positions))).toEqual(['c']);
    await writeFile(path, `${await readFile(path, 'utf8')}${line('d', 4)}`);
    expect(idsOf(await run([path], positions))).toEqual(['d']);
    await appendFile(path, `${line('e', 5)}\n`);
    expect(idsOf(await run([path], positions))).toEqual(['e']);
  });

  test.each([10, 1, 40])('is left and reported when it is not whole (%i bytes of it)', async (bytes) => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const last = line('b', 2);
    await writeFile(path, `${line('a', 1)}\n${last.slice(0, bytes)}`);
    const positions = positionsOf();
    const source = await open([path]);
    await source.seek(positions);
    expect(idsOf(await drain(source, positions))).toEqual(['a']);
    expect(source.pending()).toEqual([{ path, offset: line('a', 1).length + 1, bytes }]);
    await source.close();
    await appendFile(path, `${last.slice(bytes)}\n`);
    expect(idsOf(await run([path], positions))).toEqual(['b']);
  });
});

describe('compressed files', () => {
  test('give what the plain ones give, of one member or many, and of one named wrongly', async () => {
    const place = await folder();
    const text = `${lines(3000)}\n${lines(10, 'ö', 5000)}`;
    const parts = [text.slice(0, 100_001), text.slice(100_001, 100_002), text.slice(100_002)];
    const plain = await writeAs(place, 'plain', 'shop.orders.ndjson', text);
    const one = await writeAs(place, 'one', 'shop.orders.ndjson.gz', gzipSync(text));
    const many = await writeAs(
      place,
      'many',
      'shop.orders.ndjson.gz',
      Buffer.concat(parts.map((part) => gzipSync(part))),
    );
    const padded = Buffer.concat([gzipSync(text), Buffer.alloc(500)]);
    const wrong = await writeAs(place, 'wrong', 'shop.orders.ndjson', padded);
    const expected = (await run([plain], positionsOf())).map((record) => shown(record).replace(plain, ''));
    expect(expected.length).toBe(3010);
    for (const path of [one, many, wrong]) {
      const records = await run([path], positionsOf());
      expect(records.map((record) => shown(record).replace(path, ''))).toEqual(expected);
    }
  });

  test('of a truncated file the good lines are given, beside other files, and the fault is told at the end', async () => {
    const place = await folder();
    const whole = gzipSync(lines(20_000));
    const cut = join(place, 'shop.orders.ndjson.gz');
    await writeFile(cut, whole.subarray(0, whole.length >> 1));
    await writeFile(join(place, 'shop.customers.ndjson'), lines(50, 'c'));
    const positions = positionsOf();
    const source = await open([place]);
    await source.seek(positions);
    const ids = idsOf(await drain(source, positions));
    expect(source.faults().map((fault) => [fault.code, fault.detail.where?.startsWith(cut)])).toEqual([
      ['PARLEY_SOURCE_UNREADABLE', true],
    ]);
    await source.close();
    const orders = ids.filter((id) => id.startsWith('m-'));
    expect(ids.length - orders.length).toBe(50);
    expect(orders.length).toBeGreaterThan(5000);
    expect(orders).toEqual(Array.from({ length: orders.length }, (_, index) => `m-${index}`));
    await writeFile(cut, whole);
    const rest = idsOf(await run([place], positions));
    expect(rest).toEqual(Array.from({ length: 20_000 - orders.length }, (_, index) => `m-${index + orders.length}`));
  });

  test('of a file damaged in the middle, what stands before the damage is given', async () => {
    const path = join(await folder(), 'shop.orders.ndjson.gz');
    const first = gzipSync(lines(5000));
    const second = gzipSync(lines(5000, 'n', 5000));
    second.fill(0xff, 600, 700);
    await writeFile(path, Buffer.concat([first, second]));
    const source = await open([path]);
    const ids = idsOf(await drain(source));
    expect(ids.slice(0, 5000).at(-1)).toBe('m-4999');
    expect(ids.length).toBeGreaterThan(5000);
    expect(source.faults()[0]?.code).toBe('PARLEY_SOURCE_UNREADABLE');
    await source.close();
  });

  test('an empty .gz file and one that is not gzip are faults', async () => {
    const place = await folder();
    await writeFile(join(place, 'shop.orders-1.ndjson.gz'), '');
    await writeFile(join(place, 'shop.orders-2.ndjson.gz'), lines(3));
    const source = await open([place]);
    expect(await drain(source)).toEqual([]);
    expect(source.faults().map(({ code }) => code)).toEqual(['PARLEY_SOURCE_UNREADABLE', 'PARLEY_SOURCE_UNREADABLE']);
    await source.close();
  });

  test('a file that was read to its end is not decompressed again; one that grew is', async () => {
    const path = join(await folder(), 'shop.orders.ndjson.gz');
    await writeFile(path, gzipSync(lines(100)));
    const positions = positionsOf();
    expect((await run([path], positions)).length).toBe(100);
    expect(positions.get(path)?.mark).toHaveProperty('whole.bytes');
    expect(await run([path], positions)).toEqual([]);
    await appendFile(path, gzipSync(lines(5, 'more', 100)));
    expect(idsOf(await run([path], positions))).toEqual(['more-100', 'more-101', 'more-102', 'more-103', 'more-104']);
  });
});

describe('order', () => {
  /** Of the next records of each file, over and over the least of (time, topic, path); a rejection goes at once. */
  function model(files: readonly { path: string; topic: string; lines: readonly string[] }[]): string[] {
    const queues = files.map((file) => ({ ...file, at: 0, offset: 0, time: 0 }));
    const out: string[] = [];
    for (;;) {
      const heads = queues
        .filter((queue) => queue.at < queue.lines.length)
        .map((queue) => {
          const text = queue.lines[queue.at] as string;
          const at = text.startsWith('{') ? Date.parse((JSON.parse(text) as { at: string }).at) : undefined;
          return { queue, text, at, order: at ?? Number.NEGATIVE_INFINITY };
        })
        .sort(
          (a, b) =>
            (a.order === b.order ? 0 : a.order - b.order) ||
            topicNames.indexOf(a.queue.topic) - topicNames.indexOf(b.queue.topic) ||
            (a.queue.path < b.queue.path ? -1 : 1),
        );
      const [head] = heads;
      if (head === undefined) return out;
      const { queue, text, at } = head;
      queue.time = at ?? queue.time;
      const id = at === undefined ? 'INVALID_JSON' : (JSON.parse(text) as { id: string }).id;
      out.push(`${queue.path}@${queue.offset} ${queue.time} ${id} ${text}`);
      queue.at++;
      queue.offset += text.length + 1;
    }
  }

  const someFiles = fc.array(
    fc.record({
      topic: fc.constantFrom(...topicNames),
      lines: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: fc.tuple(fc.nat(1000), fc.nat(30)).map(([id, minute]) => line(id, minute)) },
          { weight: 1, arbitrary: fc.constant('broken') },
        ),
        { maxLength: 25 },
      ),
      compressed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  );

  /** First lines differ, so that no file is taken for the beginning of another. */
  async function write(place: string, files: Awaited<ReturnType<typeof sample>>) {
    const written = files.map((file, index) => {
      const content = [line(`first-${index}`, index % 3), ...file.lines];
      const path = join(place, `${file.topic}-${String(index).padStart(2, '0')}.ndjson${file.compressed ? '.gz' : ''}`);
      return { path, topic: file.topic, lines: content, compressed: file.compressed };
    });
    for (const { path, lines: content, compressed } of written) {
      const text = content.map((each) => `${each}\n`).join('');
      await writeFile(path, compressed ? gzipSync(text) : text);
    }
    return written;
  }
  const sample = async () => fc.sample(someFiles, 1)[0]!;

  test('is that of the model, whole, or stopped and resumed anywhere, and read again by ranges', async () => {
    await fc.assert(
      fc.asyncProperty(
        someFiles,
        fc.array(fc.integer({ min: 1, max: 40 })),
        fc.integer({ min: 1, max: 3 }),
        async (files, sizes, awakeMax) => {
          const place = await folder();
          const written = await write(place, files);
          const limits = { awakeMax, heldBytesMax: 1000 };
          const expected = model(written);
          expect((await run([place], positionsOf(), { limits })).map(shown)).toEqual(expected);

          const positions = positionsOf();
          const resumed: string[] = [];
          const batches = [];
          for (const eventsMax of [...sizes, 1_000_000]) {
            const source = await open([place], { limits });
            await source.seek(positions);
            const batch = await source.next({ eventsMax, bytesMax: 1e9 });
            await source.close();
            if (batch === undefined) break;
            note(batch, positions);
            resumed.push(...batch.records.map(shown));
            batches.push(batch);
          }
          expect(resumed).toEqual(expected);

          const source = await open([place]);
          await source.seek(positions);
          for (const batch of batches) {
            const again = await source.read(batch.ranges, { now: batch.now, marks: Object.fromEntries(batch.marks) });
            expect(again.records.map(shown)).toEqual(batch.records.map(shown));
            expect(again.ranges).toEqual(batch.ranges);
          }
          expect(await source.next({ eventsMax: 1, bytesMax: 1 })).toBeUndefined();
          await source.close();
          await rm(place, { recursive: true });
        },
      ),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('with hundreds of files', async () => {
    const place = await folder();
    const written = [];
    for (let index = 0; index < 300; index++) {
      const path = join(place, `shop.orders-${String(index).padStart(4, '0')}.ndjson`);
      const content = Array.from({ length: 30 }, (_, at) => line(`${index}-${at}`, index * 3 + at * (index % 5)));
      await writeFile(path, content.map((each) => `${each}\n`).join(''));
      written.push({ path, topic: 'shop.orders', lines: content });
    }
    const records = await run([place], positionsOf(), { limits: { awakeMax: 20 } });
    expect(records.map(shown)).toEqual(model(written));
  });

  test('batches stop at the bounds', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    await writeFile(path, lines(100));
    const source = await open([path]);
    expect((await source.next({ eventsMax: 7, bytesMax: 1e9 }))?.records.length).toBe(7);
    expect((await source.next({ eventsMax: 100, bytesMax: 1 }))?.records.length).toBe(1);
    expect((await source.next({ eventsMax: 100, bytesMax: 200 }))?.records.length).toBeLessThan(6);
    await source.close();
  });

  test('an event too far ahead is refused by the time of the batch that has it, also when it is read again', async () => {
    const path = join(await folder(), 'shop.orders.ndjson');
    const minute = (time: number) => (time - start) / 60_000;
    await writeFile(path, `${line('a', 1)}\n${line('ahead', minute(now) + 1441)}\n${line('b', 2)}\n`);
    let clock = now;
    const source = await open([path], { now: () => clock });
    const first = await source.next({ eventsMax: 1, bytesMax: 1e9 });
    expect(idsOf(first!.records)).toEqual(['a']);
    clock += 120_000; // The event was looked at already, and was too far ahead then.
    const second = await source.next({ eventsMax: 9, bytesMax: 1e9 });
    expect(idsOf(second!.records)).toEqual(['ahead', 'b']);
    expect(idsOf((await source.read(second!.ranges, { now: second!.now })).records)).toEqual(['ahead', 'b']);
    expect(idsOf((await source.read(second!.ranges, { now })).records)).toEqual(['TIME_OUT_OF_RANGE', 'b']);
    await source.close();
  });
});

describe('positions', () => {
  async function counted(place: string, name = 'shop.orders.ndjson', count = 2000) {
    const path = join(place, name);
    await writeFile(path, lines(count));
    const positions = positionsOf();
    expect((await run([path], positions)).length).toBe(count);
    return { path, positions };
  }

  test('a file that grew goes on; one that shrank or changed is refused', async () => {
    const { path, positions } = await counted(await folder());
    await appendFile(path, lines(3, 'x', 2000));
    expect(idsOf(await run([path], positions))).toEqual(['x-2000', 'x-2001', 'x-2002']);
    const text = await readFile(path, 'utf8');
    for (const changed of [text.slice(0, 900), text.replace('m-3"', 'm-X"'), text.replace('x-2001', 'y-2001')]) {
      await writeFile(path, changed);
      await expect(run([path], new Map(positions))).rejects.toMatchObject({
        code: 'PARLEY_SOURCE_CHANGED',
        detail: { where: path },
      });
    }
  });

  test.each(['renamed', 'moved', 'compressed', 'copied'])(
    'a file that was %s goes on, under the same shard if it is gone',
    async (how) => {
      const place = await folder();
      const { path, positions } = await counted(place);
      await mkdir(join(place, 'elsewhere'));
      const to = {
        renamed: join(place, 'shop.orders-old.ndjson'),
        moved: join(place, 'elsewhere', 'shop.orders.ndjson'),
        compressed: `${path}.gz`,
        copied: join(place, 'elsewhere', 'shop.orders.copy.ndjson'),
      }[how] as string;
      const more = lines(4, 'x', 2000);
      if (how === 'compressed') {
        await writeFile(to, gzipSync(`${await readFile(path, 'utf8')}${more}`));
        await rm(path);
      } else if (how === 'copied') {
        await cp(path, to);
        await appendFile(to, more);
      } else {
        await rename(path, to);
        await appendFile(to, more);
      }
      const records = await run([to], positions);
      expect(idsOf(records)).toEqual(['x-2000', 'x-2001', 'x-2002', 'x-2003']);
      expect(records[0]?.shard).toBe(how === 'copied' ? to : path);
      expect(await run([to], positions)).toEqual([]);
      if (how !== 'compressed') return;
      await writeFile(path, gunzipSync(await readFile(to)));
      await rm(to);
      expect(await run([path], positions)).toEqual([]);
    },
  );

  test('a rotated file and the new one in its place are told apart', async () => {
    const place = await folder();
    const { path, positions } = await counted(place);
    await rename(path, join(place, 'shop.orders-1.ndjson'));
    await writeFile(path, lines(5, 'new', 3000));
    await appendFile(join(place, 'shop.orders-1.ndjson'), lines(1, 'last', 2000));
    expect(idsOf(await run([place], positions))).toEqual([
      'last-2000',
      'new-3000',
      'new-3001',
      'new-3002',
      'new-3003',
      'new-3004',
    ]);
    expect([...positions.keys()]).toEqual([path, `${path}#2`]);
    await appendFile(path, lines(1, 'later', 4000));
    expect(idsOf(await run([place], positions))).toEqual(['later-4000']);
  });

  test('of two files with the same lines, or one with the beginning of the other, one is read', async () => {
    const place = await folder();
    const text = lines(3000);
    await writeFile(join(place, 'shop.orders.ndjson'), text);
    await writeFile(join(place, 'shop.orders.ndjson.gz'), gzipSync(text));
    await writeFile(join(place, 'shop.orders-yesterday.ndjson'), text.slice(0, text.length / 2));
    await writeFile(join(place, 'shop.customers.ndjson'), text);
    const warnings: object[] = [];
    const positions = positionsOf();
    const records = await run([place], positions, { log: { warn: (detail) => warnings.push(detail) } });
    expect(records.length).toBe(6000);
    expect(warnings.length).toBe(2);
    expect(await run([place], positions)).toEqual([]);
  });

  test('files that only begin alike are both read', async () => {
    const place = await folder();
    await writeFile(join(place, 'shop.orders-1.ndjson'), lines(3) + line('one', 9));
    await writeFile(join(place, 'shop.orders-2.ndjson'), lines(3) + line('two', 9));
    expect((await run([place], positionsOf())).length).toBe(8);
  });

  test('a position whose file is not given is kept, and a batch of it can still be read again', async () => {
    const place = await folder();
    const { path, positions } = await counted(place);
    const other = join(place, 'shop.customers.ndjson');
    await writeFile(other, lines(3, 'c'));
    expect((await run([other], positions)).length).toBe(3);
    const position = positions.get(path)!;
    const range = { shard: path, topic: 'shop.orders', from: 0, to: position.offset };
    const source = await open([other]);
    await source.seek(positions);
    expect((await source.read([range])).records.length).toBe(2000);
    await rename(path, join(place, 'gone'));
    await expect(source.read([range])).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
    await source.close();
  });

  test.each([
    ['shorter', (text: string) => text.slice(0, -5)],
    ['other', (text: string) => text.replace('m-1999', 'm-xxxx')],
    ['cut otherwise', (text: string) => `${text.slice(0, -1)}  \n`],
  ])('a batch whose bytes are %s cannot be read again', async (_, change) => {
    const path = join(await folder(), 'shop.orders.ndjson');
    await writeFile(path, lines(2000));
    const source = await open([path]);
    const batch = await source.next({ eventsMax: 5000, bytesMax: 1e9 });
    await writeFile(path, change(await readFile(path, 'utf8')));
    const marks = Object.fromEntries(batch!.marks);
    await expect(source.read(batch!.ranges, { marks })).rejects.toMatchObject({ code: 'PARLEY_INPUT_GONE' });
    await source.close();
  });

  test('progress ends at the whole', async () => {
    const place = await folder();
    await writeFile(join(place, 'shop.orders.ndjson'), lines(3000));
    await writeFile(join(place, 'shop.customers.ndjson.gz'), gzipSync(lines(3000)));
    const seen: number[] = [];
    let total = 0;
    await run([place], positionsOf(), {
      onProgress: ({ bytes, bytesTotal }) => {
        seen.push(bytes);
        total = bytesTotal;
      },
    });
    expect(seen.at(-1)).toBe(total);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});

async function writeAs(place: string, sub: string, name: string, bytes: string | Buffer): Promise<string> {
  await mkdir(join(place, sub));
  await writeFile(join(place, sub, name), bytes);
  return join(place, sub, name);
}

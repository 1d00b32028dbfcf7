import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { allDomains } from '../../src/domains.ts';
import { createDecoder } from '../../src/events/decode.ts';
import { isoTimestamp } from '../../src/events/time.ts';
import { EventPacker } from '../../src/source/files/ahead/event-packer.ts';
import { EventUnpacker } from '../../src/source/files/ahead/event-unpacker.ts';
import { type BlockParser, ParseThread } from '../../src/source/files/ahead/parse-thread.ts';
import { discoverFiles } from '../../src/source/files/discover.ts';
import { type FileSourceOptions, openFileSource } from '../../src/source/files/file-source.ts';
import type { SourceRecord } from '../../src/source/source.ts';
import { temporaryFolders } from './support.ts';

/** Whatever is parsed ahead, every record must be what it is without. */
const folder = temporaryFolders();
const topics = allDomains().flatMap((domain) => domain.topics);
const names = topics.map(({ name }) => name);
const decoder = createDecoder(topics);
const now = Date.UTC(2026, 5, 1);

/** Counts what was asked of another one. */
class Counted implements BlockParser {
  asked = 0;
  answered = 0;
  readonly #parser: BlockParser;

  constructor(parser: BlockParser) {
    this.#parser = parser;
  }

  async parse(topic: string, bytes: Buffer) {
    this.asked++;
    const lines = await this.#parser.parse(topic, bytes);
    if (lines !== undefined) this.answered++;
    return lines;
  }
}

/** As the thread does it, but here. Messages between threads are copied by the same algorithm. */
function parserHere(): Counted {
  const packer = new EventPacker(topics);
  const unpacker = new EventUnpacker();
  return new Counted({
    parse: async (topic, bytes) => {
      const packed = structuredClone(packer.pack(topic, Buffer.from(bytes)));
      return packed && unpacker.unpack(packed);
    },
  });
}

async function read(path: string, options: Partial<FileSourceOptions> = {}): Promise<SourceRecord[]> {
  const { files } = await discoverFiles([path], names);
  const source = openFileSource({ files, topics: names, decoder, now: () => now, ...options });
  const records: SourceRecord[] = [];
  for (let batch = await source.next(limits); batch !== undefined; batch = await source.next(limits)) {
    records.push(...batch.records);
  }
  await source.close();
  return records;
}

const limits = { eventsMax: 1_000, bytesMax: 1e9 };

/** All there is to see of a record. Own fields in their order, and -0 apart from 0. */
function whole(record: SourceRecord): unknown {
  const { topic, shard, offset, time, event, rejection } = record;
  const bytes = record.bytes().toString('latin1');
  return { topic, shard, offset, time, event, fields: Object.entries(event?.value ?? {}), rejection, bytes };
}

function message(id: number, more: object = {}): string {
  return JSON.stringify({
    message_id: `m-${id}`,
    conversation_id: `conversation-${id % 7}`,
    customer_id: `customer-${id % 5}`,
    clinic_code: 'C1',
    direction: id % 2 === 0 ? 'in' : 'out',
    direction_type: 'followup',
    channel: 'sms',
    message_timestamp: new Date(Date.UTC(2026, 0, 1) + id * 1_000).toISOString(),
    ...more,
  });
}

/** Enough of them for several blocks. */
function messages(count: number): string[] {
  return Array.from({ length: count }, (_, id) => message(id, id % 3 === 0 ? { text_length: id } : {}));
}

async function expectSame(topic: string, content: string | Buffer): Promise<Counted> {
  const path = join(await folder(), `${topic}.ndjson`);
  await writeFile(path, content);
  const parser = parserHere();
  const expected = (await read(path)).map(whole);
  expect((await read(path, { parser })).map(whole)).toEqual(expected);
  return parser;
}

describe('a record is the same, parsed ahead or not', () => {
  test('of every kind of line', async () => {
    const odd = [
      '',
      '\r',
      `${message(1)}\r`,
      '{"message_id":',
      '[]',
      'null',
      message(2, { unknown: { deep: [1, 2] } }),
      message(3, { text: 'naïve 🙂 \u2028 \ud83d' }),
      message(4, { message_timestamp: '1999-01-01T00:00:00Z' }),
      message(5, { message_timestamp: '2026-06-02T00:00:00.001Z' }),
      message(6, { message_timestamp: 'yesterday' }),
      message(7, { conversation_id: '' }),
      message(8, { text_length: -0 }).replace('"text_length":0', '"text_length":-0'),
      message(9, { text_length: 3_000_000_000 }),
      message(10, { text_length: 1.5 }),
      message(11, { text: 'x'.repeat(200_000) }),
      message(12, { text: 'x'.repeat(1_100_000) }),
      message(13).replace('{', '{"__proto__":{"a":1},'),
      ` ${message(14)} `,
    ];
    const lines = messages(2_000);
    for (const [index, line] of odd.entries()) lines.splice(index * 100, 0, line);
    const parser = await expectSame('conversations.messages', lines.join('\n'));
    expect(parser.answered).toBe(parser.asked);
    expect(parser.asked).toBeGreaterThan(3);
  });

  test('with a byte order mark, and where bytes are no UTF-8', async () => {
    const text = Buffer.from(`${messages(1_000).join('\n')}\n`);
    const marked = await expectSame('conversations.messages', Buffer.concat([Buffer.from('\ufeff'), text]));
    expect(marked.answered).toBe(marked.asked - 1);
    const broken = Buffer.from(text);
    broken[150_000] = 0xff;
    const parser = await expectSame('conversations.messages', broken);
    expect(parser.answered).toBe(parser.asked - 1);
  });

  test('of every topic, with lists, objects and nothing in it', async () => {
    const change = (id: number) =>
      JSON.stringify({
        conversation_id: `c-${id}`,
        customer_id: 'k',
        clinic_code: 'C1',
        status: 'open',
        tags: id % 2 === 0 ? [] : ['urgent', `t${id}`],
        is_urgent: id % 3 === 0,
        changed_at: new Date(Date.UTC(2026, 0, 1) + id * 1_000).toISOString(),
      });
    await expectSame('conversations.conversations', Array.from({ length: 2_000 }, (_, id) => change(id)).join('\n'));
    const rating = (id: number) =>
      `{"conversation_id":"c-${id}","rating":${1 + (id % 6)},"rated_at":"2026-01-01T00:00:00Z"}`;
    await expectSame('conversations.ratings', Array.from({ length: 2_000 }, (_, id) => rating(id)).join('\n'));
  });

  test('whatever the fields are', async () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.jsonValue(), { maxLength: 3 }),
    );
    const fields = fc.dictionary(
      fc.constantFrom('text', 'text_length', 'channel', 'clinic_code', 'message_id', 'more', '__proto__'),
      field,
      { maxKeys: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fields, { minLength: 1, maxLength: 20 }), async (changed) => {
        const lines = messages(700).map((line, id) =>
          id % 20 === 0 ? message(id, changed[(id / 20) % changed.length]) : line,
        );
        const parser = await expectSame('conversations.messages', `${lines.join('\n')}\n`);
        expect(parser.answered).toBe(parser.asked);
        expect(parser.asked).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });

  test('events of more shapes than are learnt are left to who asked', () => {
    const schema = z.looseObject({ key: z.string(), at: isoTimestamp });
    const packer = new EventPacker([{ name: 'shop.wide', description: '', key: 'key', time: 'at', schema }]);
    const line = (id: number) => `{"key":"k${id}","at":"2026-01-01T00:00:00Z","field_${id}":1}\n`;
    const all = Array.from({ length: 1_010 }, (_, id) => line(id)).join('');
    const lines = new EventUnpacker().unpack(packer.pack('shop.wide', Buffer.from(all))!);
    const keys: (string | undefined)[] = [];
    for (let place = lines.find(0); place !== undefined; place = lines.find(place.next)) keys.push(lines.event()?.key);
    expect(keys).toEqual(Array.from({ length: 1_010 }, (_, id) => (id < 1_000 ? `k${id}` : undefined)));
    // Back, too.
    expect(lines.find(0)?.start).toBe(0);
    expect(lines.event()?.key).toBe('k0');
  });
});

test('a range that is read again is the same, too', async () => {
  const path = join(await folder(), 'conversations.messages.ndjson');
  await writeFile(path, `${messages(3_000).join('\n')}\n`);
  const { files } = await discoverFiles([path], names);
  const parser = parserHere();
  const source = openFileSource({ files, topics: names, decoder, now: () => now, parser });
  const first = await source.next({ eventsMax: 1_700, bytesMax: 1e9 });
  const second = await source.next({ eventsMax: 1_200, bytesMax: 1e9 });
  const again = await source.read(second!.ranges, { now, marks: Object.fromEntries(second!.marks) });
  expect(again.records.map(whole)).toEqual(second!.records.map(whole));
  expect(first!.records).toHaveLength(1_700);
  expect(parser.answered).toBeGreaterThan(5);
  await source.close();
});

describe('the thread', () => {
  const program = new URL('../../dist/parse-worker.js', import.meta.url);

  async function untilReady(parser: BlockParser): Promise<void> {
    const bytes = Buffer.from(`${messages(10).join('\n')}\n`);
    while ((await parser.parse('conversations.messages', bytes)) === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  test('gives what is read without it, several files at once', async () => {
    const path = await folder();
    await writeFile(join(path, 'conversations.messages.ndjson'), messages(5_000).join('\n'));
    await writeFile(join(path, 'conversations.messages.2.ndjson'), messages(4_000).join('\r\n'));
    const failures: unknown[] = [];
    const thread = new ParseThread(program, (error) => failures.push(error));
    await untilReady(thread);
    const parser = new Counted(thread);
    expect((await read(path, { parser })).map(whole)).toEqual((await read(path)).map(whole));
    expect(parser.answered).toBe(parser.asked);
    expect(parser.asked).toBeGreaterThan(10);
    await thread.close();
    await thread.close();
    expect(failures).toEqual([]);
    expect(await thread.parse('conversations.messages', Buffer.from('{}\n'))).toBeUndefined();
  });

  test('that fails, or cannot be started, is told of once, and the lines are read without it', async () => {
    const place = await folder();
    const path = join(place, 'conversations.messages.ndjson');
    await writeFile(path, messages(5_000).join('\n'));
    const expected = (await read(path)).map(whole);
    const failing = join(place, 'failing.mjs');
    await writeFile(
      failing,
      `import { parentPort } from 'node:worker_threads';
      let asked = 0;
      parentPort.on('message', () => {
        if (++asked === 2) throw new Error('no more');
        parentPort.postMessage({ events: undefined });
      });`,
    );
    for (const file of [failing, join(place, 'missing.mjs')]) {
      const failures: unknown[] = [];
      const parser = new ParseThread(pathToFileURL(file), (error) => failures.push(error));
      await parser.parse('conversations.messages', Buffer.from('{}\n')); // It starts with the first block.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await read(path, { parser })).map(whole)).toEqual(expected);
      await parser.close();
      expect(failures).toHaveLength(1);
    }
  });
});

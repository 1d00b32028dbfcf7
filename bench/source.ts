/**
 * What reading files costs: lines a second and CPU of the file source, beside the floor (read the file, find the newlines,
 * JSON.parse) and the floor with the schema.
 *
 *   npx tsx bench/source.ts [messages = 1000000]
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { createDecoder } from '../src/events/decode.ts';
import { isoTimestamp } from '../src/events/time.ts';
import type { Topic } from '../src/runtime/domain.ts';
import { discoverFiles } from '../src/source/files/discover.ts';
import { openFileSource } from '../src/source/files/file-source.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const now = Date.UTC(2027, 0, 1);
const id = z.string().min(1).max(512);
const topic: Topic = {
  name: 'conversations.messages',
  description: '',
  key: 'conversation_id',
  time: 'message_timestamp',
  schema: z.object({
    message_id: id,
    conversation_id: id,
    customer_id: id,
    clinic_code: id,
    direction: z.enum(['in', 'out']),
    direction_type: z.enum(['initial', 'followup', 'response']),
    channel: id,
    message_timestamp: isoTimestamp,
    text_length: z.int().optional(),
  }),
};

/** Lines of about 253 bytes, the same for the same count; one in fifty comes up to an hour late. */
function writeMessages(): Buffer {
  let seed = 0x9e3779b9;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 4_294_967_296) * below);
  };
  const lines: string[] = [];
  for (let index = 0, time = Date.UTC(2026, 0, 1); index < count; index++) {
    time += random(5184);
    const sent = random(50) === 0 ? time - random(3_600_000) : time;
    const conversation = random(Math.max(1, count / 20));
    lines.push(
      JSON.stringify({
        message_id: `${(index * 2_654_435_761).toString(16).padStart(13, '0')}-8000-${index.toString(16).padStart(12, '0')}`,
        conversation_id: `conv-${String(conversation).padStart(7, '0')}`,
        customer_id: `cust-${String((conversation * 7) % 50_000).padStart(7, '0')}`,
        clinic_code: `CL${String(conversation % 40).padStart(3, '0')}`,
        direction: random(2) === 0 ? 'in' : 'out',
        direction_type: (['initial', 'followup', 'response'] as const)[random(3)],
        channel: (['whatsapp', 'sms', 'webchat', 'email'] as const)[random(4)],
        message_timestamp: new Date(sent).toISOString(),
      }),
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

async function measure(name: string, act: () => Promise<number>): Promise<void> {
  const started = performance.now();
  const before = process.cpuUsage();
  const events = await act();
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(before);
  const cpu = (used.user + used.system) / 1e6;
  const rate = Math.round(events / seconds).toLocaleString('en');
  const memory = Math.round(process.memoryUsage.rss() / 1e6);
  console.log(
    `${name.padEnd(46)} ${rate.padStart(10)} lines/s ${((cpu / events) * 1e6).toFixed(2).padStart(6)} us CPU a line ${memory} MB`,
  );
}

async function floor(path: string, use: (text: string) => void): Promise<number> {
  const bytes = await readFile(path);
  let lines = 0;
  for (let at = 0; at < bytes.length; lines++) {
    const end = bytes.indexOf(10, at);
    use(bytes.toString('utf8', at, end));
    at = end + 1;
  }
  return lines;
}

async function throughSource(paths: readonly string[]): Promise<number> {
  const decoder = createDecoder([topic]);
  const { files } = await discoverFiles(paths, [topic.name]);
  const source = openFileSource({ files, topics: [topic.name], decoder, now: () => now });
  let events = 0;
  for (;;) {
    const batch = await source.next({ eventsMax: 50_000, bytesMax: 33_554_432 });
    if (batch === undefined) break;
    events += batch.records.length;
    if (batch.records.some((record) => record.event === undefined)) throw new Error('A line was rejected');
  }
  await source.close();
  return events;
}

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
try {
  const bytes = writeMessages();
  const one = join(folder, 'one', 'conversations.messages.ndjson');
  const many = Array.from({ length: 30 }, (_, index) => join(folder, 'many', `conversations.messages-${index}.ndjson`));
  const gz = join(folder, 'gz', 'conversations.messages.ndjson.gz');
  const wide = join(folder, 'wide', 'conversations.messages.ndjson');
  const { mkdir } = await import('node:fs/promises');
  for (const name of ['one', 'many', 'gz', 'wide']) await mkdir(join(folder, name));
  await writeFile(one, bytes);
  await writeFile(gz, gzipSync(bytes, { level: 6 }));
  await writeFile(wide, bytes.toString().replaceAll('"whatsapp"', '"whatsäpp"'));
  const lines = bytes.toString('latin1').split('\n').slice(0, -1);
  for (const [index, path] of many.entries()) {
    await writeFile(path, `${lines.filter((_, line) => line % many.length === index).join('\n')}\n`);
  }
  lines.length = 0;
  const { size } = await stat(one);
  console.log(`${count} messages of ${(size / count).toFixed(0)} bytes; Node ${process.version}`);
  for (let round = 0; round < 3; round++) {
    await measure('floor: readFile, indexOf, JSON.parse', () => floor(one, (text) => JSON.parse(text)));
    await measure('floor with the schema', () => floor(one, (text) => topic.schema.safeParse(JSON.parse(text))));
    await measure('file source, one file', () => throughSource([one]));
    await measure('file source, one file, not ASCII', () => throughSource([wide]));
    await measure('file source, one file, gzip', () => throughSource([gz]));
    await measure('file source, 30 files line by line in turn', () => throughSource(many));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

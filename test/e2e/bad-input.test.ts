import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { readDeadLetters, type StoredDeadLetter } from '../../src/warehouse/dead-letters.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import {
  type Ended,
  endOf,
  environment,
  parley,
  removeFolder,
  root,
  sample,
  start,
  temporaryFolder,
  until,
} from '../cli/program.ts';
import { figuresOf } from './support/figures.ts';

/**
 * What is wrong with an input, a folder, a disk or a server is told with a code, or lies in the dead letters byte for
 * byte; and whatever was right around it is counted exactly. The real program, server, files and disks.
 */
const folder = temporaryFolder();
const topic = 'conversations.messages';
let server: EmbeddedServer;
let client: ClickHouseClient;
/** Names the one server that is kept up for all tests. */
let there: Record<string, string>;

beforeAll(async () => {
  server = await startEmbeddedServer({ dataDir: join(folder, 'warehouse'), httpPort: 0, tcpPort: 0 });
  client = connect(server);
  there = {
    PARLEY_CLICKHOUSE_URL: server.url,
    PARLEY_CLICKHOUSE_USERNAME: server.username,
    PARLEY_CLICKHOUSE_PASSWORD: server.password,
  };
});
afterAll(async () => {
  await client.close();
  await server.stop();
  removeFolder(folder);
});

/** A replay into a folder, and an app, of its own, on the server that is there. */
function replay(name: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const environment = { ...there, PARLEY_APP: name.replaceAll('/', '.'), ...more };
  return parley(['replay', ...args, '--json', '--data-dir', join(folder, name)], environment);
}

interface Coded {
  readonly code: string;
  readonly said: Readonly<Record<string, string>>;
}

/** The coded errors on standard error, as a person reads them. */
function errorsOf({ err }: Ended): Coded[] {
  return [...err.matchAll(/^(PARLEY_[A-Z_]+) {2}.*\n((?: {2}.*\n)*)/gm)].map(([, code, rest]) => ({
    code: code!,
    said: Object.fromEntries([...rest!.matchAll(/^ {2}(\w+) +(.*)$/gm)].map(([, what, text]) => [what, text])),
  }));
}

/** Fails with one error, of this code, that says where it is and what to do. */
function expectFailure(ended: Ended, code: string, exitCode: number, where: RegExp): Coded {
  const errors = errorsOf(ended);
  expect(
    errors.map((error) => error.code),
    ended.err,
  ).toEqual([code]);
  expect(ended.code, ended.err).toBe(exitCode);
  expect(errors[0]!.said.where).toMatch(where);
  expect(errors[0]!.said.action).toMatch(/\w+/);
  expect(ended.err).not.toMatch(/\n {4}at /);
  return errors[0]!;
}

function summaryOf(ended: Ended): Record<string, number> {
  return JSON.parse(ended.out) as Record<string, number>;
}

function message(id: string, more: object = {}): string {
  return JSON.stringify({
    message_id: id,
    conversation_id: `c-${id}`,
    customer_id: 'u-1',
    clinic_code: 'CL1',
    direction: 'in',
    direction_type: 'initial',
    channel: 'sms',
    message_timestamp: '2026-01-02T00:00:00Z',
    ...more,
  });
}

function messages(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${message(`${prefix}-${index}`)}\n`).join('');
}

/** A folder with a file of messages. */
function written(name: string, content: string | Buffer, file = `${topic}.ndjson`): string {
  const path = join(folder, 'events', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, file), content);
  return path;
}

async function countOf(prefix: string): Promise<{ rows: number; ids: number }> {
  const sql = `SELECT count() AS rows, uniqExact(message_id) AS ids FROM conversations.fact_messages
    WHERE startsWith(message_id, {prefix:String})`;
  const [counted] = await queryRows<{ rows: number; ids: number }>(client, sql, { prefix });
  return counted!;
}

describe('lines that are no events', () => {
  const bad: readonly { readonly what: string; readonly line: string | Buffer; readonly code: string }[] = [
    { what: 'cut JSON', line: message('cut').slice(0, -9), code: 'INVALID_JSON' },
    { what: 'no JSON', line: 'DROP TABLE messages; \u001b[31m', code: 'INVALID_JSON' },
    { what: 'a list', line: `[${message('listed')}]`, code: 'INVALID_JSON' },
    { what: 'null', line: 'null', code: 'INVALID_JSON' },
    { what: 'two objects', line: `${message('one')}${message('two')}`, code: 'INVALID_JSON' },
    { what: 'blanks', line: ' \t ', code: 'INVALID_JSON' },
    { what: 'NUL bytes', line: message('nul').replace('nul', 'n\0l'), code: 'INVALID_JSON' },
    { what: 'only NUL bytes', line: Buffer.alloc(4096), code: 'INVALID_JSON' },
    {
      what: 'no UTF-8',
      line: Buffer.from(message('latin-é'), 'latin1'),
      code: 'INVALID_JSON',
    },
    { what: 'an escaped NUL', line: message('a\0b'), code: 'INVALID_EVENT' },
    { what: 'half a surrogate pair', line: message('half', { conversation_id: 'c\ud83d' }), code: 'INVALID_EVENT' },
    { what: 'a number for an id', line: message('typed', { customer_id: 7 }), code: 'INVALID_EVENT' },
    { what: 'a value of no list', line: message('sideways', { direction: 'sideways' }), code: 'INVALID_EVENT' },
    {
      what: 'an infinite number',
      line: message('big', { text_length: 0 }).replace(':0}', ':1e999}'),
      code: 'INVALID_EVENT',
    },
    { what: 'no fields', line: '{}', code: 'INVALID_EVENT' },
    { what: 'a missing field', line: message('missing', { clinic_code: undefined }), code: 'INVALID_EVENT' },
    { what: 'fields of a prototype', line: `{"__proto__":${message('proto')}}`, code: 'INVALID_EVENT' },
    { what: 'depth', line: `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, code: 'INVALID_EVENT' },
    {
      what: 'a time of no zone',
      line: message('zone', { message_timestamp: '2026-01-02T00:00:00' }),
      code: 'INVALID_EVENT',
    },
    { what: 'no such day', line: message('day', { message_timestamp: '2026-02-30T00:00:00Z' }), code: 'INVALID_EVENT' },
    {
      what: 'the year 3000',
      line: message('future', { message_timestamp: '3000-01-01T00:00:00Z' }),
      code: 'TIME_OUT_OF_RANGE',
    },
    {
      what: 'the year 1970',
      line: message('past', { message_timestamp: '1970-01-01T00:00:00Z' }),
      code: 'TIME_OUT_OF_RANGE',
    },
    { what: '10 MB', line: message('large', { text: 'x'.repeat(10_000_000) }), code: 'EVENT_TOO_LARGE' },
  ];
  /** What is kept of a line of more than 16 MiB. */
  const huge = Buffer.from(message('huge', { text: 'y'.repeat(17_000_000) }));
  const app = 'among';
  const events = join(folder, 'events', app);
  /** Offset of each bad line in the file of messages, and its bytes. */
  const placed = new Map<number, { readonly code: string; readonly bytes: Buffer }>();
  let counted: Ended;

  beforeAll(async () => {
    cpSync(sample, events, { recursive: true });
    const file = join(events, `${topic}.ndjson`);
    const good = readFileSync(file, 'utf8').trimEnd().split('\n');
    const lines: Buffer[] = [];
    let offset = 0;
    const add = (line: Buffer) => {
      lines.push(line, Buffer.from('\n'));
      offset += line.length + 1;
    };
    const addBad = (line: Buffer, code: string, kept = line) => {
      placed.set(offset, { code, bytes: kept });
      add(line);
    };
    const every = Math.floor(good.length / (bad.length + 2));
    addBad(Buffer.from('the first line'), 'INVALID_JSON');
    for (const [index, line] of good.entries()) {
      add(Buffer.from(line));
      const next = bad[Math.floor(index / every)];
      if (next !== undefined && index % every === every - 1) addBad(Buffer.from(next.line as string), next.code);
    }
    addBad(huge, 'EVENT_TOO_LARGE', huge.subarray(0, 65_536));
    addBad(Buffer.from('{"the last line": true}'), 'INVALID_EVENT');
    writeFileSync(file, Buffer.concat(lines));
    counted = await replay(app, [events]);
  });

  it('are refused, and what stands around them is counted to the last figure', async () => {
    expect(counted.code, counted.err).toBe(0);
    const expected = JSON.parse(readFileSync(join(sample, 'expected.json'), 'utf8')) as Record<string, unknown>;
    expect(placed.size).toBe(bad.length + 3);
    expect(summaryOf(counted)).toMatchObject({ events: 2710, rejected: placed.size, duplicates: 0 });
    expect(await figuresOf(client)).toEqual(expected);
  });

  it('lie in the dead letters, each with its reason, its place and its bytes', async () => {
    const letters = (await readDeadLetters(client, { limit: 1000 })).filter((letter) => letter.app === app);
    const shown = (offset: number, code: string, bytes: Buffer) => ({
      offset,
      code,
      bytes: createHash('sha256').update(bytes).digest('hex'),
      begin: bytes.toString('latin1', 0, 40),
    });
    const sorted = (list: ReturnType<typeof shown>[]) => list.sort((a, b) => a.offset - b.offset);
    expect(sorted(letters.map(({ offset, code, bytes }) => shown(offset, code, bytes)))).toEqual(
      sorted([...placed].map(([offset, { code, bytes }]) => shown(offset, code, bytes))),
    );
    for (const letter of letters) {
      expect(letter).toMatchObject({
        stage: 'conversations.conversation',
        topic,
        shard: join(events, `${topic}.ndjson`),
      });
      expect(letter.message).toMatch(/expected .*received /s);
      expect(letter.message.length).toBeLessThan(500);
    }
    const table = await parley(['dlq', 'list', '--limit', '100'], there);
    expect(table.code, table.err).toBe(0);
    expect(table.out).not.toContain('\u001b');
    expect(table.out).toContain(`${placed.size} in all.`);
  });

  it('are refused again when they are sent back, all but those that are too large', async () => {
    const returnable = [...placed.values()].filter(({ code }) => code !== 'EVENT_TOO_LARGE').length;
    const sent = await parley(['dlq', 'replay', '--json', '--data-dir', join(folder, app)], {
      ...there,
      PARLEY_APP: app,
    });
    expect(sent.code, sent.err).toBe(0);
    expect(JSON.parse(sent.out)).toEqual({ replayed: returnable, counted: 0, refused: returnable });
    const letters = await readDeadLetters(client, { limit: 1000 });
    const hashes = (list: StoredDeadLetter[]) => list.map(({ bytes }) => bytes.toString('latin1')).sort();
    const back = letters.filter(({ replayed_at }) => replayed_at !== null);
    const again = letters.filter(({ shard }) => shard.startsWith(join(folder, app, 'dlq')));
    expect(back).toHaveLength(returnable);
    expect(hashes(again)).toEqual(hashes(back));
  });

  it('are as harmless on standard input', async () => {
    const input = Buffer.concat([
      Buffer.from(messages('piped-a', 3)),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(messages('piped-b', 2)),
    ]);
    const { code, out, err } = await piped('piped', input);
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ events: 5, rejected: 1 });
    expect(await countOf('piped-')).toEqual({ rows: 5, ids: 5 });
    const [letter] = (await readDeadLetters(client, { limit: 1000 })).filter(({ app: one }) => one === 'piped');
    expect(letter).toMatchObject({ topic, code: 'INVALID_JSON', bytes: Buffer.from([0xff, 0xfe]) });
    expect(readdirSync(join(folder, 'piped/spool'))).toEqual([]);
  });
});

function piped(name: string, input: Buffer): Promise<Ended> {
  const args = [
    join(root, 'bin/parley.js'),
    'replay',
    '-',
    '--topic',
    topic,
    '--json',
    '--data-dir',
    join(folder, name),
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: environment({ ...there, PARLEY_APP: name }) });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += chunk));
    child.once('close', (code) => resolve({ code, ...texts }));
    child.stdin.end(input);
  });
}

describe('paths', () => {
  const path = (name: string) => join(folder, 'paths', name);

  it('of no topic, or to nothing, are told before anything is made', async () => {
    for (const name of ['empty', 'strange', 'both']) mkdirSync(path(name), { recursive: true });
    writeFileSync(path('strange/orders.ndjson'), '{}\n');
    const [unknown, topicless, missing, empty, strange] = await Promise.all([
      replay('p1', [path('strange/orders.ndjson')]),
      replay('p1', [path('strange'), '--topic', 'shop.orders']),
      replay('p1', [path('nowhere')]),
      replay('p1', [path('empty')]),
      replay('p1', [path('strange')]),
    ]);
    const said = expectFailure(unknown, 'PARLEY_TOPIC_UNKNOWN', 2, /orders\.ndjson$/).said;
    expect(said.expected).toContain(topic);
    expect(said.received).toContain('orders.ndjson');
    expectFailure(topicless, 'PARLEY_TOPIC_UNKNOWN', 2, /^--topic$/);
    expectFailure(missing, 'PARLEY_SOURCE_NOT_FOUND', 1, /nowhere$/);
    expectFailure(empty, 'PARLEY_SOURCE_EMPTY', 1, /empty$/);
    expect(expectFailure(strange, 'PARLEY_SOURCE_EMPTY', 1, /strange$/).said.received).toContain('orders.ndjson');
    expect(existsSync(join(folder, 'p1'))).toBe(false);
  });

  it('in a folder that name no topic are left out, and said so', async () => {
    const events = written('left-out', messages('left', 2));
    writeFileSync(join(events, 'shop.orders.ndjson'), '{}\n');
    const ended = await replay('left-out', [events]);
    expect(ended.code, ended.err).toBe(0);
    expect(summaryOf(ended)).toMatchObject({ events: 2, rejected: 0, ignored: [join(events, 'shop.orders.ndjson')] });
    expect(ended.err).toContain('names no known topic');
  });
});

describe('files', () => {
  it('that are cut gzip are counted up to there, and on when they are whole', async () => {
    const text = messages('gz', 3000);
    const whole = gzipSync(text, { level: 1 });
    const events = written('gz', whole.subarray(0, Math.floor(whole.length * 0.6)), `${topic}.ndjson.gz`);
    const cut = await replay('gz', [events]);
    expectFailure(cut, 'PARLEY_SOURCE_UNREADABLE', 1, new RegExp(`${topic}.ndjson.gz at byte \\d+`));
    const { events: before = 0, faults } = summaryOf(cut);
    expect(faults).toHaveLength(1);
    expect(before).toBeGreaterThan(1000);
    expect(await countOf('gz-')).toEqual({ rows: before, ids: before });
    written('gz', whole, `${topic}.ndjson.gz`);
    const rest = await replay('gz', [events]);
    expect(rest.code, rest.err).toBe(0);
    expect(summaryOf(rest).events).toBe(3000 - before);
    expect(await countOf('gz-')).toEqual({ rows: 3000, ids: 3000 });
  });

  it('that end in the middle of a line are counted up to it, and the line when it is whole', async () => {
    const line = message('tail-2');
    const events = written('tail', messages('tail', 2) + line.slice(0, 50));
    const ended = await replay('tail', [events]);
    expect(ended.code, ended.err).toBe(0);
    const path = join(events, `${topic}.ndjson`);
    expect(summaryOf(ended)).toMatchObject({ events: 2, rejected: 0, pending: [{ path, bytes: 50 }] });
    expect(ended.err).toContain('in the middle of a line');
    appendFileSync(path, line.slice(50));
    expect(summaryOf(await replay('tail', [events]))).toMatchObject({ events: 1, rejected: 0, pending: [] });
  });

  it('that were replaced by others of their name are refused', async () => {
    const events = written('replaced', messages('before', 3));
    expect((await replay('replaced', [events])).code).toBe(0);
    written('replaced', messages('after', 4));
    const { said } = expectFailure(await replay('replaced', [events]), 'PARLEY_SOURCE_CHANGED', 1, /messages\.ndjson$/);
    expect(said).toMatchObject({
      expected: expect.stringContaining('byte'),
      received: expect.stringContaining('other bytes'),
    });
    expect(await countOf('after-')).toEqual({ rows: 0, ids: 0 });
    written('replaced', messages('before', 2));
    expectFailure(await replay('replaced', [events]), 'PARLEY_SOURCE_CHANGED', 1, /messages\.ndjson$/);
    written('replaced', messages('before', 3) + messages('after', 4));
    expect(summaryOf(await replay('replaced', [events]))).toMatchObject({ events: 4 });
  });

  it('that a planned batch needs and that are gone are asked for, and counted once when they are back', async () => {
    const events = written('gone', messages('gone', 5));
    const crashed = await replay('gone', [events], { PARLEY_CRASH_AFTER_STEP: '2@1@conversations.conversation' });
    expect(crashed.code).toBe(null);
    const kept = readFileSync(join(events, `${topic}.ndjson`));
    rmSync(join(events, `${topic}.ndjson`));
    const other = written('gone-other', messages('gone-other', 1));
    expectFailure(await replay('gone', [other]), 'PARLEY_INPUT_GONE', 1, /messages\.ndjson/);
    written('gone', kept);
    const ended = await replay('gone', [other]);
    expect(ended.code, ended.err).toBe(0);
    expect(await countOf('gone-')).toEqual({ rows: 6, ids: 6 });
  });
});

describe('data folders', () => {
  it('that another process has are not touched; its pid is said', async () => {
    const embedded = await parley([
      'replay',
      written('busy', messages('busy', 1)),
      '--data-dir',
      join(folder, 'warehouse'),
    ]);
    const { code } = expectFailure(embedded, 'PARLEY_DATA_DIR_IN_USE', 1, /warehouse$/);
    expect(code && embedded.err).toContain(`process ${process.pid}`);
    const args = [join(root, 'bin/parley.js'), 'replay', '-', '--topic', topic, '--data-dir', join(folder, 'busy')];
    const reading = spawn(process.execPath, args, { env: environment({ ...there, PARLEY_APP: 'busy' }) });
    onTestFinished(() => void reading.kill('SIGKILL'));
    const journal = join(folder, 'busy/state/conversations/clinic/CURRENT');
    for (let tries = 0; !existsSync(journal) && tries < 400; tries++) await new Promise((done) => setTimeout(done, 25));
    const second = await replay('busy', [join(folder, 'events/busy')]);
    expectFailure(second, 'PARLEY_DATA_DIR_IN_USE', 1, /busy\/journal$/);
    if (process.platform === 'linux') expect(second.err).toContain(`process ${reading.pid}`);
    reading.stdin.end(messages('busy', 2));
    expect(await new Promise((done) => reading.once('exit', done))).toBe(0);
    expect(await countOf('busy-')).toEqual({ rows: 2, ids: 2 });
  });

  describe('that are damaged', () => {
    const whole = 'damaged';
    const events = join(folder, 'events', whole);

    beforeAll(async () => {
      written(whole, messages('damaged', 2000));
      const first = await replay(whole, [events]);
      expect(first.code, first.err).toBe(0);
      // LevelDB makes tables of its log when it is opened again.
      appendFileSync(join(events, `${topic}.ndjson`), messages('damaged-more', 10));
      expect((await replay(whole, [events])).code).toBe(0);
      // It has to look at states that it wrote before.
      const again = Array.from({ length: 2000 }, (_, index) =>
        message(`again-${index}`, { conversation_id: `c-damaged-${index}` }),
      );
      appendFileSync(join(events, `${topic}.ndjson`), `${again.join('\n')}\n`);
    });

    const filesOf = (path: string, ending: RegExp) =>
      readdirSync(path)
        .filter((name) => ending.test(name))
        .map((name) => join(path, name));
    const each = (paths: readonly string[], damage: (path: string) => void) => {
      for (const path of paths) damage(path);
    };
    const overwrite = (path: string, from: number) => {
      const bytes = readFileSync(path);
      for (let at = Math.floor(bytes.length * from); at < bytes.length * (from + 0.2); at++)
        bytes[at] = bytes[at]! ^ 0x5a;
      writeFileSync(path, bytes);
    };
    const damages: Record<string, (state: string, journal: string) => void> = {
      'tables of the state overwritten': (state) =>
        each(filesOf(state, /\.(ldb|sst)$/), (path) => overwrite(path, 0.3)),
      'tables of the state cut': (state) => each(filesOf(state, /\.(ldb|sst)$/), (path) => truncateSync(path, 1000)),
      'tables of the state gone': (state) => each(filesOf(state, /\.(ldb|sst)$/), (path) => rmSync(path)),
      'the manifest overwritten': (state) => each(filesOf(state, /^MANIFEST/), (path) => overwrite(path, 0)),
      'the manifest gone': (state) => each(filesOf(state, /^MANIFEST/), (path) => rmSync(path)),
      'CURRENT emptied': (state) => truncateSync(join(state, 'CURRENT')),
      'the state gone': (state) => rmSync(state, { recursive: true }),
      'the journal gone': (_, journal) => rmSync(journal, { recursive: true }),
      'the journal overwritten': (_, journal) => each(filesOf(journal, /\.(ldb|log)$/), (path) => overwrite(path, 0.1)),
      'the log of the journal gone': (_, journal) => each(filesOf(journal, /\.log$/), (path) => rmSync(path)),
      'state and journal gone': (state, journal) => {
        for (const path of [join(state, '..', '..'), journal]) rmSync(path, { recursive: true });
      },
      'a state of another folder': (state) => {
        rmSync(state, { recursive: true });
        cpSync(join(state, '..', 'clinic'), state, { recursive: true });
      },
    };

    it.concurrent.each(Object.keys(damages))('are refused, never rebuilt in silence: %s', async (what) => {
      const name = `damaged-${Object.keys(damages).indexOf(what)}`;
      const dataDir = join(folder, name);
      cpSync(join(folder, whole), dataDir, { recursive: true });
      damages[what]!(join(dataDir, 'state/conversations/conversation'), join(dataDir, 'journal'));
      const before = await countOf('');
      const { said } = expectFailure(
        await replay(name, [events], { PARLEY_APP: whole }),
        'PARLEY_STATE_CORRUPT',
        1,
        /damaged-\d+|conversations\.conversation/,
      );
      expect(Object.keys(said)).toEqual(expect.arrayContaining(['expected', 'received', 'where', 'action']));
      expect(await countOf('')).toEqual(before);
      // What is refused is refused again: the first attempt has mended nothing.
      expectFailure(await replay(name, [events], { PARLEY_APP: whole }), 'PARLEY_STATE_CORRUPT', 1, /./);
    });

    it('counts on from the whole one', async () => {
      const ended = await replay(whole, [events]);
      expect(ended.code, ended.err).toBe(0);
      expect(summaryOf(ended)).toMatchObject({ events: 2000, duplicates: 0 });
    });
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountWorks();

describe.skipIf(!canMount)('disks', () => {
  it('that can only be read are told', async () => {
    const disk = mounted('read-only', '4m');
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const events = written('read-only', messages('read-only', 1));
    const [far, own] = await Promise.all([
      replay('read-only/data', [events]),
      parley(['replay', events, '--data-dir', join(disk, 'own')]),
    ]);
    expectFailure(far, 'PARLEY_STATE_UNAVAILABLE', 1, /read-only/);
    expectFailure(own, 'PARLEY_STATE_UNAVAILABLE', 1, /read-only/);
  });

  it('of the state that are full are told; with room the same command counts the rest, once', async () => {
    const disk = mounted('full', '1m');
    const events = written('full', messages('full', 6000));
    const limits = { PARLEY_BATCH_EVENTS_MAX: '500', PARLEY_CHECKPOINT_KEYS_MAX: '500' };
    const ended = await replay('full/data', [events], limits);
    expectFailure(ended, 'PARLEY_DISK_FULL', 1, /full/);
    const again = await replay('full/data', [events], limits);
    expectFailure(again, 'PARLEY_DISK_FULL', 1, /full/);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    const rest = await replay('full/data', [events], limits);
    expect(rest.code, rest.err).toBe(0);
    expect(await countOf('full-')).toEqual({ rows: 6000, ids: 6000 });
    expect(summaryOf(await replay('full/data', [events], limits))).toMatchObject({ events: 0, duplicates: 0 });
  });

  it('of a whole warehouse that are full are told; the one that waits for room goes on, and counts once', async () => {
    const disk = mounted('small', '64m');
    const events = written('small', messages('small', 30_000));
    const dataDir = join(disk, 'data');
    const ballast = join(disk, 'ballast');
    const command = ['replay', events, '--json', '--data-dir', dataDir];
    const fill = () =>
      execFileSync('sh', ['-c', 'head -c 100m /dev/zero > "$1" || true', 'sh', ballast], { stdio: 'ignore' });
    fill();
    expectFailure(await parley(command), 'PARLEY_DISK_FULL', 1, /small/);
    rmSync(ballast);
    const migrated = await parley(['migrate', '--data-dir', dataDir]);
    expect(migrated.code, migrated.err).toBe(0);
    // Enough for what a start writes to a warehouse that is there, too little for the batch.
    fill();
    truncateSync(ballast, statSync(ballast).size - 3_000_000);
    const waiting = start(command);
    await until(() => waiting.printed().includes('PARLEY_DISK_FULL') || waiting.exitCode !== null);
    expect(waiting.exitCode).toBe(null);
    rmSync(ballast);
    expect(await endOf(waiting), waiting.printed()).toBe(0);
    const ended = await parley(command);
    expect(ended.code, ended.err).toBe(0);
    expect(summaryOf(ended)).toMatchObject({ events: 0, duplicates: 0 });
    const sql = 'SELECT count(), uniqExact(message_id) FROM conversations.fact_messages';
    const counted = await parley(['query', sql, '--format', 'TSV', '--data-dir', dataDir]);
    expect(counted.out).toBe('30000\t30000\n');
  });
});

function mountWorks(): boolean {
  const path = join(folder, 'probe');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  }
}

/** A disk of its own, so small that it fills; gone with the test. */
function mounted(name: string, size: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  onTestFinished(() => void execFileSync('umount', ['-l', path]));
  return path;
}

describe('servers', () => {
  it('that are not there, or are no ClickHouse, or do not know the user', async () => {
    const events = written('server', messages('server', 1));
    const other = createServer((_, response) => response.writeHead(404).end('no such page'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const [nobody, wrong, stranger, locked] = await Promise.all([
      replay('server-1', [events], { PARLEY_CLICKHOUSE_URL: 'http://127.0.0.1:9' }),
      replay('server-2', [events], { PARLEY_CLICKHOUSE_URL: '127.0.0.1:8123' }),
      replay('server-3', [events], { PARLEY_CLICKHOUSE_URL: `http://127.0.0.1:${port}` }),
      replay('server-4', [events], { PARLEY_CLICKHOUSE_PASSWORD: 'guessed' }),
    ]);
    expectFailure(nobody, 'PARLEY_WAREHOUSE_UNREACHABLE', 1, /http:\/\/127\.0\.0\.1:9/);
    expectFailure(wrong, 'PARLEY_CONFIGURATION', 2, /PARLEY_CLICKHOUSE_URL/);
    expectFailure(stranger, 'PARLEY_WAREHOUSE_UNREACHABLE', 1, new RegExp(`:${port}`));
    expectFailure(locked, 'PARLEY_CONFIGURATION', 2, /http/);
    expect(locked.err).not.toContain('guessed');
  });
});

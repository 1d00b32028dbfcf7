/**
 * What step 4 costs, both sides: CPU of this process to encode rows of landing_messages, and CPU of ClickHouse to take
 * them, for Native (what Parley sends) beside RowBinary, into a bare table, and into the real one with all its views.
 *
 *   npx tsx bench/encoding.ts [rows = 400000]
 *
 * ClickHouse's CPU is read from /proc, so on Linux only. It has whatever else the server did in that time, merges too.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { landingMessages } from '../src/processors/conversations/tables.ts';
import { type ClickHouseClient, connect, queryText } from '../src/warehouse/client.ts';
import { startEmbeddedServer } from '../src/warehouse/embedded/server.ts';
import { insertSettings } from '../src/warehouse/insert-settings.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { createRowEncoder } from '../src/warehouse/row-encoder.ts';

type Row = Record<string, unknown>;
type Encode = (rows: readonly Row[], signs: readonly number[], firstRowVersion: number) => Buffer[];

const total = Number(process.argv[2] ?? 400_000);
const encoder = createRowEncoder(landingMessages);
const bare = { ...landingMessages, name: 'bench_messages' };

/** Rows as they come out of a processor: the strings fresh from JSON, half of the messages answers. */
function makeRows(count: number, from: number): Row[] {
  const rows = Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const conversation = number % 40_000;
    const time = 1_525_277_683_000 + number * 1_300;
    const hasPrevious = number >= 40_000;
    return {
      message_id: `msg-${hex(number * 7 + 1, 14)}`,
      conversation_id: `conv-${hex(conversation, 12)}`,
      customer_id: `cust-${hex(conversation % 30_000, 12)}`,
      clinic_code: `Clinic${conversation % 24}`,
      message_timestamp: time,
      direction: number % 2 === 0 ? 'in' : 'out',
      direction_type: number % 3 === 0 ? 'response' : 'followup',
      channel: 'twitter',
      text_length: number % 7 === 0 ? null : 20 + (number % 300),
      text: null,
      text_tags: number % 20 === 0 ? ['refund', 'urgent'] : [],
      previous_message_timestamp: hasPrevious ? time - 52_000_000 : null,
      minutes_since_last_message: hasPrevious ? 866 : null,
      seconds_since_last_message: hasPrevious ? 52_000 : null,
      response_seconds: number % 2 === 0 ? null : 1_234,
      is_first_response: number % 9 === 0,
      session_started_at: time - 1_000,
      is_too_late: false,
    };
  });
  return JSON.parse(JSON.stringify(rows)) as Row[];
}

function hex(number: number, length: number): string {
  return ((number * 2_654_435_761) % 2 ** 52).toString(16).padStart(length, '0').slice(-length);
}

/**
 * The rival: row by row. Short ASCII strings, and numbers that fit; no checks at all. Written plainly: one with a loop of
 * its own for each type encoded in 0.36 microseconds a row. What decides is ClickHouse's side.
 */
const rowBinary: Encode = (rows, signs, firstRowVersion) => {
  const bytes = Buffer.allocUnsafe(rows.length * 300);
  let at = 0;
  const writeText = (text: string) => {
    bytes[at++] = text.length;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
  };
  const write64 = (value: number) => {
    bytes.writeUInt32LE(value % 4294967296, at);
    bytes.writeInt32LE(Math.floor(value / 4294967296), at + 4);
    at += 8;
  };
  const writers = Object.entries(landingMessages.columns).map(([name, type]) => {
    const isNullable = type.startsWith('Nullable');
    const write = (value: unknown) => {
      if (isNullable) {
        bytes[at++] = value === null ? 1 : 0;
        if (value === null) return;
      }
      if (typeof value === 'string') writeText(value);
      else if (Array.isArray(value)) {
        bytes[at++] = value.length;
        for (const item of value as string[]) writeText(item);
      } else if (typeof value === 'boolean') bytes[at++] = value ? 1 : 0;
      else if (type.includes('DateTime64')) write64(value as number);
      else at = bytes.writeUInt32LE(value as number, at);
    };
    return { name, write };
  });
  for (const [index, row] of rows.entries()) {
    for (const { name, write } of writers) write(row[name]);
    bytes[at++] = signs[index]! & 255;
    write64(firstRowVersion + index);
  }
  return [bytes.subarray(0, at)];
};

/** Seconds of CPU that a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function insert(
  client: ClickHouseClient,
  table: string,
  format: string,
  bytes: Buffer[],
  token: string,
): Promise<void> {
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${encoder.columnNames}) FORMAT ${format}`,
    values: Readable.from(bytes),
    clickhouse_settings: { ...insertSettings, insert_deduplication_token: token },
  });
  for await (const _ of stream);
}

const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'));
const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
const client = connect(server);
try {
  await migrate(client);
  const columns = Object.entries(bare.columns).map(([name, type]) => `${name} ${type}`);
  console.log(`ClickHouse ${server.version}, Node ${process.version}, ${total} rows; microseconds of CPU a row`);
  console.log('format      table   block    encode  ClickHouse  together  bytes');
  const native: Encode = (...batch) => encoder.encode(...batch);
  for (const size of [20_000, 50_000, 100_000]) {
    const blocks: Row[][] = [];
    for (let from = 0; from < total; from += size) blocks.push(makeRows(Math.min(size, total - from), from));
    const signs = new Array<number>(size).fill(1);
    for (const [format, encode, target] of [
      ['Native', native, 'bare'],
      ['RowBinary', rowBinary, 'bare'],
      ['Native', native, 'real'],
    ] as const) {
      const table = target === 'real' ? 'conversations.landing_messages' : 'conversations.bench_messages';
      if (target === 'bare') {
        await queryText(client, 'DROP TABLE IF EXISTS conversations.bench_messages SYNC', 'TSV');
        await queryText(
          client,
          `CREATE TABLE ${table} (${columns.join(', ')}, sign Int8, row_version UInt64)
           ENGINE = MergeTree ORDER BY (clinic_code, message_timestamp, message_id)`,
          'TSV',
        );
      }
      encode(blocks[0]!, signs.slice(0, blocks[0]!.length), 1);
      let encodeMicros = 0;
      let bytes = 0;
      const cpuBefore = cpuSeconds(server.pid);
      for (const [index, block] of blocks.entries()) {
        const before = process.cpuUsage();
        const parts = encode(block, signs.slice(0, block.length), index * size);
        const used = process.cpuUsage(before);
        encodeMicros += used.user + used.system;
        for (const part of parts) bytes += part.length;
        await insert(client, table, format, parts, `${format}/${target}/${size}/${index}`);
      }
      const serverMicros = (cpuSeconds(server.pid) - cpuBefore) * 1e6;
      const cells = [encodeMicros / total, serverMicros / total, (encodeMicros + serverMicros) / total];
      console.log(
        `${format.padEnd(11)} ${target}  ${String(size).padStart(7)}  ${cells.map((cell) => cell.toFixed(2).padStart(8)).join('  ')}  ${(bytes / total).toFixed(0).padStart(5)}`,
      );
    }
  }
} finally {
  await client.close();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

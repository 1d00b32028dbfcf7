import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { landingMessages } from '../../src/processors/conversations/tables.ts';
import { connect, queryRows } from '../../src/warehouse/client.ts';
import { startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import { insertSettings } from '../../src/warehouse/insert-settings.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { cpuSeconds } from './process.ts';

const linesMax = 1_000_000;
const blockRows = 50_000;

/** What nobody can go below: parsing the same lines, and inserting the same rows, a million of each. */
export async function floors(file: string, dataDir: string) {
  return { ...(await parsing(file)), ...(await inserting(dataDir)) };
}

async function parsing(file: string) {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (lines.push(line) >= linesMax) break;
  }
  const before = process.cpuUsage();
  let characters = 0;
  for (const line of lines) characters += (JSON.parse(line) as { clinic_code: string }).clinic_code.length;
  const { user, system } = process.cpuUsage(before);
  if (characters === 0) throw new Error('Nothing was parsed');
  return { parsingCpuSecondsPerMillion: Math.round(((user + system) / lines.length) * 100) / 100 };
}

/** Takes the rows that the replay wrote, as they were sent, and inserts them into a new warehouse with its views. */
async function inserting(dataDir: string) {
  const columns = [...Object.keys(landingMessages.columns), 'sign', 'row_version'].join(', ');
  const blocks: Buffer[] = [];
  const source = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
  const reader = connect(source);
  const [counted] = await queryRows<{ rows: number }>(
    reader,
    'SELECT count() AS rows FROM conversations.landing_messages',
  );
  const rows = Math.min(counted?.rows ?? 0, linesMax);
  for (let from = 0; from < rows; from += blockRows) {
    const { stream } = await reader.exec({
      query: `SELECT ${columns} FROM conversations.landing_messages ORDER BY row_version
              LIMIT ${Math.min(blockRows, rows - from)} OFFSET ${from} FORMAT Native`,
      clickhouse_settings: { max_block_size: `${blockRows}`, output_format_parallel_formatting: 0, max_threads: 1 },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    blocks.push(Buffer.concat(chunks));
  }
  await reader.close();
  await source.stop();

  const folder = await mkdtemp(join(tmpdir(), 'parley-floor-'));
  const server = await startEmbeddedServer({ dataDir: folder, httpPort: 0, tcpPort: 0 });
  try {
    const client = connect(server);
    await migrate(client);
    const cpuBefore = cpuSeconds(server.pid) ?? 0;
    const startedAt = performance.now();
    for (const [index, block] of blocks.entries()) {
      const { stream } = await client.exec({
        query: `INSERT INTO conversations.landing_messages (${columns}) FORMAT Native`,
        values: Readable.from([block]),
        clickhouse_settings: { ...insertSettings, insert_deduplication_token: `floor/${index}` },
      });
      for await (const chunk of stream) void chunk;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = (cpuSeconds(server.pid) ?? 0) - cpuBefore;
    await client.close();
    return {
      insertingRowsPerSecond: Math.round(rows / seconds),
      insertingClickhouseCpuSecondsPerMillion: Math.round((cpu / rows) * 1e8) / 100,
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, connect } from '../../src/warehouse/client.ts';
import { READER, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import { parley, sample } from '../cli/program.ts';
import { ScratchWarehouse } from '../warehouse/scratch-warehouse.ts';

/** A real server with the shipped real sample in it, and a client of the user that BI tools have. */
export class SampleWarehouse extends ScratchWarehouse {
  readonly bi: ClickHouseClient = connect({ url: this.server.url, username: READER, database: 'conversations' });

  override async stop(): Promise<void> {
    await this.bi.close();
    await super.stop();
  }
}

/** `events` are lines of topics to be counted besides, for what the sample has none of. */
export async function startSampleWarehouse(
  events: Readonly<Record<string, readonly object[]>> = {},
): Promise<SampleWarehouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bi-'));
  await replay([sample, '--data-dir', dataDir]);
  for (const [topic, lines] of Object.entries(events)) {
    const file = join(dataDir, `${topic}.ndjson`);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await replay([file, '--data-dir', dataDir]);
  }
  return new SampleWarehouse(dataDir, await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0, restart: false }));
}

async function replay(args: readonly string[]): Promise<void> {
  const { code, err } = await parley(['replay', ...args]);
  if (code !== 0) throw new Error(`The sample could not be counted: ${err}`);
}

const reopened = { conversation_id: 'conv-1978a6893098', customer_id: 'cust-9d1560116343', clinic_code: 'TeamYouTube' };

/** One rating, and one conversation that waits, so that their views have a row to show. */
export const someMore = {
  'conversations.ratings': [{ conversation_id: 'conv-77373c0406ae', rating: 4, rated_at: '2020-04-01T12:00:00Z' }],
  'conversations.conversations': [{ ...reopened, status: 'open', tags: [], changed_at: '2020-04-03T12:00:00Z' }],
};

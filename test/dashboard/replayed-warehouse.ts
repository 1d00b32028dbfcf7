import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allDomains } from '../../src/domains.ts';
import { Transcripts } from '../../src/generate/assistant/transcripts.ts';
import { generatedTopics } from '../../src/generate/options.ts';
import { Simulation } from '../../src/generate/simulation.ts';
import { writeGenerated } from '../../src/generate/write.ts';
import { replay } from '../../src/runtime/replay.ts';
import { READER } from '../../src/warehouse/embedded/server.ts';
import { openWarehouse, type Warehouse } from '../../src/warehouse/open.ts';

const sample = fileURLToPath(new URL('../../examples/twitter-care', import.meta.url));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A real warehouse in a folder of its own, with what the dashboard is asked about. */
export class ReplayedWarehouse {
  readonly warehouse: Warehouse;
  readonly #folder: string;

  constructor(warehouse: Warehouse, folder: string) {
    this.warehouse = warehouse;
    this.#folder = folder;
  }

  /** As whom the dashboard reads. */
  get reader() {
    return { url: this.warehouse.url, username: READER };
  }

  async replay(...paths: string[]): Promise<void> {
    await replay({
      warehouse: this.warehouse,
      dataDir: this.#folder,
      domains: allDomains(),
      paths,
      app: 'parley',
      log: quiet,
    });
  }

  /** Replays synthetic events, which have what the sample has not: ratings, several channels, clinics that change. */
  async replayGenerated(seed: number, messages = 3_000): Promise<void> {
    const out = join(this.#folder, `generated-${seed}`);
    const start = Date.UTC(2024, 1, 20);
    const conversations = Math.ceil(messages / 10);
    // A message every ten minutes: some weeks, with both changes of the clocks of a March.
    const options = { seed, messages, conversations, clinics: 8, start, ratePerSecond: 1 / 900, lateShare: 0.02 };
    await writeGenerated(new Simulation({ ...options, topics: generatedTopics }), { to: out });
    await this.replay(out);
  }

  /** Replays synthetic transcripts of an assistant: some days of several projects. */
  async replayTranscripts(seed: number, entries = 1_500): Promise<void> {
    const out = join(this.#folder, `transcripts-${seed}`);
    const start = Date.UTC(2024, 2, 1);
    const options = { seed, entries, sessions: 40, start, ratePerSecond: 1 / 600, lateShare: 0.02, repeatShare: 0.01 };
    await writeGenerated(new Transcripts(options), { to: out });
    await this.replay(out);
  }

  async close(): Promise<void> {
    await this.warehouse.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** With the real sample, and synthetic events of every domain beside it unless it is asked for `sampleOnly`. */
export async function replayedWarehouse({ sampleOnly = false } = {}): Promise<ReplayedWarehouse> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-dashboard-'));
  const declared = allDomains();
  const domains = declared.map(({ name }) => name);
  const warehouse = await openWarehouse({ dataDir: folder, httpPort: 0, tcpPort: 0, domains, declared });
  const replayed = new ReplayedWarehouse(warehouse, folder);
  await replayed.replay(sample);
  if (sampleOnly) return replayed;
  await replayed.replayGenerated(1);
  await replayed.replayTranscripts(1);
  return replayed;
}

import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './processor.ts';
import type { Line } from './publish.ts';
import { type WarehouseDigest, warehouseDigest } from './warehouse.ts';

/** The embedded run of the same events, which goes on with each part of them. */
export class Reference {
  readonly #events: string;
  readonly #dataDir: string;

  constructor(folder: string) {
    this.#events = join(folder, 'events');
    this.#dataDir = join(folder, 'data');
    mkdirSync(this.#events, { recursive: true });
  }

  /** All views after these lines, and those before. */
  async after(lines: readonly Line[]): Promise<WarehouseDigest> {
    for (const { topic, text } of lines) appendFileSync(join(this.#events, `${topic}.ndjson`), `${text}\n`);
    await runToEnd({ paths: [this.#events], dataDir: this.#dataDir });
    return warehouseDigest(this.#dataDir);
  }
}

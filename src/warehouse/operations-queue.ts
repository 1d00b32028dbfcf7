import { randomUUID } from 'node:crypto';
import type { LandingTable } from '../runtime/domain.ts';
import type { ClickHouseClient } from './client.ts';
import type { Row } from './encoding/column.ts';
import { sendInsert } from './insert.ts';
import { createRowEncoder, type RowEncoder } from './row-encoder.ts';

const rowsTogether = 5_000;

interface Chunk {
  readonly rows: readonly Row[];
  /** Rows taken from the queue, with those that did not fit. */
  readonly taken: number;
  readonly token: string;
  readonly firstRowVersion: number;
}

/**
 * Rows waiting for one table. Those of an insert that failed stay together under its token, so that one which the
 * server had taken after all is not there twice. Past `rowsMax` the oldest rows are dropped and counted.
 */
export class OperationsQueue {
  readonly #encoder: RowEncoder;
  readonly #client: ClickHouseClient;
  readonly #rowsMax: number;
  #waiting: Row[] = [];
  #chunk: Chunk | undefined;
  #lastVersion = 0;
  #dropped = 0;

  constructor(table: LandingTable, client: ClickHouseClient, rowsMax: number) {
    this.#encoder = createRowEncoder(table);
    this.#client = client;
    this.#rowsMax = rowsMax;
  }

  get length(): number {
    return this.#waiting.length + (this.#chunk?.rows.length ?? 0);
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(row: Row): void {
    this.#waiting.push(row);
    // A tenth at a time: taking one from the front for each that comes would move the whole queue every time.
    if (this.#waiting.length > this.#rowsMax) {
      const excess = Math.max(1, Math.floor(this.#rowsMax / 10));
      this.#waiting.splice(0, excess);
      this.#dropped += excess;
    }
  }

  /** Writes all rows that wait when it begins. Rejects with the client's error; its rows stay. */
  async flush(signal: AbortSignal): Promise<void> {
    for (let left = this.length; left > 0 && this.length > 0; ) {
      this.#chunk ??= this.#nextChunk();
      const { rows, token, firstRowVersion } = this.#chunk;
      left -= this.#chunk.taken;
      if (rows.length > 0) {
        signal.throwIfAborted();
        const bytes = this.#encoder.encode(rows, new Array<number>(rows.length).fill(1), firstRowVersion);
        await sendInsert(this.#client, { encoder: this.#encoder, bytes, token, signal });
      }
      this.#chunk = undefined;
    }
  }

  /** Rows that no column takes are dropped here: kept, they would fail every insert after them. */
  #nextChunk(): Chunk {
    const taken = this.#waiting.splice(0, rowsTogether);
    const rows = taken.filter((row) => this.#fits(row));
    this.#dropped += taken.length - rows.length;
    // Versions follow the clock, so that they grow from owner to owner: microseconds stay below 2^53 until 2255.
    const firstRowVersion = Math.max(this.#lastVersion + 1, Date.now() * 1_000);
    this.#lastVersion = firstRowVersion + rows.length - 1;
    return { rows, taken: taken.length, token: `operations/${randomUUID()}`, firstRowVersion };
  }

  #fits(row: Row): boolean {
    try {
      this.#encoder.encode([row], [1], 0);
      return true;
    } catch {
      return false;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../errors.ts';
import type { LandingTable } from '../runtime/domain.ts';
import type { ClickHouseClient } from './client.ts';
import type { Delivery, Shipment, TableRows } from './delivery.ts';
import { type FailureKind, failureOf } from './failure.ts';
import { type Insert, sendInsert } from './insert.ts';
import { createRowEncoder, type RowEncoder } from './row-encoder.ts';

/** What is told of a try that failed and will be repeated. */
export interface Retry {
  /** `database.table`. */
  readonly table: string;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Its code says why: PARLEY_WAREHOUSE_UNREACHABLE, PARLEY_WAREHOUSE_BUSY or PARLEY_DISK_FULL. */
  readonly error: ParleyError;
}

export interface DeliveryOptions {
  /** Stays its owner's: `close` does not close it. */
  readonly client: ClickHouseClient;
  readonly log?: { warn(fields: object, message: string): void };
  /** `signal` ends the retries: `deliver` then fails with its reason. */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number; readonly signal?: AbortSignal };
  readonly onRetry?: (retry: Retry) => void;
}

/**
 * Delivers batches to ClickHouse over HTTP: one insert for each landing table, all at once. Each is repeated with the
 * same bytes and the same token until it succeeds, or is refused (PARLEY_WAREHOUSE_REFUSED). An insert that was cut off
 * leaves nothing, or a whole block, or a block that some views have not got; its repetition adds what is missing.
 *
 * It holds one batch and no more: `deliver` is called again when it has ended.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  return new ClickHouseDelivery(options);
}

class ClickHouseDelivery implements Delivery {
  readonly #options: DeliveryOptions;
  readonly #encoders = new Map<LandingTable, RowEncoder>();
  readonly #closing = new AbortController();
  #current: Promise<void> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  async deliver(shipment: Shipment): Promise<void> {
    if (this.#current !== undefined) {
      // The encoders' buffers are still being sent: a second batch would write into the bytes of the first.
      throw new ParleyError('PARLEY_INTERNAL', 'A batch was delivered before the one before it had ended', {
        where: shipment.token,
      });
    }
    this.#current = this.#deliver(shipment);
    try {
      await this.#current;
    } finally {
      this.#current = undefined;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The delivery was closed.'));
    await this.#current?.catch(() => undefined);
  }

  async #deliver(shipment: Shipment): Promise<void> {
    refuseTwice(shipment);
    // When one table is refused the others stop trying, so that the refusal is told at once. Not AbortSignal.any: each
    // of its signals would be kept for as long as the process-wide ones that it follows.
    const ending = new AbortController();
    const follow = [this.#closing.signal, ...(this.#options.retry?.signal ? [this.#options.retry.signal] : [])];
    const end = (event: Event) => ending.abort((event.target as AbortSignal).reason);
    for (const signal of follow) {
      if (signal.aborted) ending.abort(signal.reason);
      signal.addEventListener('abort', end);
    }
    const inserts = shipment.tables
      .filter((table) => table.rows.length > 0)
      .map((table) =>
        this.#insert(table, shipment, ending.signal).catch((error: unknown) => {
          ending.abort(error);
          throw error;
        }),
      );
    // All must have ended before this does: until then their bytes are in use.
    const results = await Promise.allSettled(inserts);
    for (const signal of follow) signal.removeEventListener('abort', end);
    if (results.some((result) => result.status === 'rejected')) throw ending.signal.reason;
  }

  async #insert(table: TableRows, shipment: Shipment, signal: AbortSignal): Promise<void> {
    const { initialMs = 100, maxMs = 5_000 } = this.#options.retry ?? {};
    const name = `${table.table.database}.${table.table.name}`;
    const encoder = this.#encoderOf(table.table);
    const bytes = encoder.encode(table.rows, table.signs, shipment.firstRowVersion);
    const insert = { encoder, bytes, token: `${shipment.token}/${table.table.name}`, signal };

    for (let attempt = 1; ; attempt++) {
      const failure = await this.#try(insert, name);
      if (failure === undefined) return;
      signal.throwIfAborted();
      if (failure.kind === 'refused') throw failure.error;
      // Half of the delay is random, so that the members of a group do not all come back at the same moment.
      const delayMs = Math.round(Math.min(maxMs, initialMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2));
      this.#tell({ table: name, attempt, delayMs, error: failure.error });
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** One try; what went wrong, or undefined when every row is in the table and behind its views. */
  async #try(insert: Insert, where: string): Promise<{ kind: FailureKind; error: ParleyError } | undefined> {
    try {
      insert.signal.throwIfAborted();
      await sendInsert(this.#options.client, insert);
      return undefined;
    } catch (error) {
      insert.signal.throwIfAborted();
      const { kind, error: coded } = failureOf(error);
      return { kind, error: new ParleyError(coded.code, coded.message, { ...coded.detail, where }) };
    }
  }

  #tell(retry: Retry): void {
    const { table, attempt, delayMs, error } = retry;
    const fields = { code: error.code, table, attempt, delayMs, received: error.detail.received };
    this.#options.log?.warn(fields, `Insert into ${table} failed and is repeated: ${error.message}`);
    this.#options.onRetry?.(retry);
  }

  #encoderOf(table: LandingTable): RowEncoder {
    let encoder = this.#encoders.get(table);
    if (encoder === undefined) {
      encoder = createRowEncoder(table);
      this.#encoders.set(table, encoder);
    }
    return encoder;
  }
}

/** A table that stood twice in a shipment would have the same token twice, and its second rows would be dropped. */
function refuseTwice(shipment: Shipment): void {
  const seen = new Set<string>();
  for (const { table } of shipment.tables) {
    const name = `${table.database}.${table.name}`;
    if (seen.has(name)) {
      throw new ParleyError('PARLEY_INTERNAL', `A batch has the rows of ${name} in two parts`, {
        expected: 'each landing table once',
        received: name,
        where: shipment.token,
      });
    }
    seen.add(name);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../errors.ts';
import type { LandingTable } from '../runtime/domain.ts';
import type { ClickHouseClient } from './client.ts';
import type { Cargo, Delivery, Shipment, TableRows } from './delivery.ts';
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
  /** Cargoes that are free to be loaded again: their buffers have grown to the size of a batch. */
  readonly #free: EncodedCargo[] = [];
  readonly #closing = new AbortController();
  #current: Promise<void> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  load(): EncodedCargo {
    const cargo = this.#free.pop() ?? new EncodedCargo();
    cargo.begin();
    return cargo;
  }

  async deliver(shipment: Shipment): Promise<void> {
    if (this.#current !== undefined) {
      throw new ParleyError('PARLEY_INTERNAL', 'A batch was delivered before the one before it had ended', {
        where: shipment.token,
      });
    }
    if (!(shipment.cargo instanceof EncodedCargo)) {
      throw new ParleyError('PARLEY_INTERNAL', 'A cargo of another delivery', { where: shipment.token });
    }
    const { cargo } = shipment;
    this.#current = this.#deliver(shipment, cargo);
    try {
      await this.#current;
      this.#free.push(cargo);
    } finally {
      this.#current = undefined;
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The delivery was closed.'));
    await this.#current?.catch(() => undefined);
  }

  async #deliver({ token, firstRowVersion }: Shipment, cargo: EncodedCargo): Promise<void> {
    // When one table is refused the others stop trying, so that the refusal is told at once.
    const failed = new AbortController();
    const signals = [failed.signal, this.#closing.signal];
    if (this.#options.retry?.signal !== undefined) signals.push(this.#options.retry.signal);
    const signal = AbortSignal.any(signals);

    const inserts = cargo.encoders.map((encoder) => {
      const bytes = encoder.finish(firstRowVersion);
      return this.#insert({ encoder, bytes, token: `${token}/${encoder.table.name}`, signal }).catch(
        (error: unknown) => {
          failed.abort(error);
          throw error;
        },
      );
    });
    // All must have ended before this does: until then their bytes are in use.
    const results = await Promise.allSettled(inserts);
    if (results.some((result) => result.status === 'rejected')) throw signal.reason;
  }

  async #insert(insert: Insert): Promise<void> {
    const { initialMs = 100, maxMs = 5_000 } = this.#options.retry ?? {};
    const { table } = insert.encoder;
    const name = `${table.database}.${table.name}`;
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#try(insert, name);
      if (failure === undefined) return;
      insert.signal.throwIfAborted();
      if (failure.kind === 'refused') throw failure.error;
      // Half of the delay is random, so that the members of a group do not all come back at the same moment.
      const delayMs = Math.round(Math.min(maxMs, initialMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2));
      this.#tell({ table: name, attempt, delayMs, error: failure.error });
      await sleep(delayMs, undefined, { signal: insert.signal }).catch(() => insert.signal.throwIfAborted());
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
}

/** Rows as the bytes of their inserts, one encoder a table. */
class EncodedCargo implements Cargo {
  readonly #encoders = new Map<LandingTable, RowEncoder>();

  begin(): void {
    for (const encoder of this.#encoders.values()) encoder.begin();
  }

  add({ table, rows, signs }: TableRows): void {
    let encoder = this.#encoders.get(table);
    if (encoder === undefined) {
      encoder = createRowEncoder(table);
      this.#encoders.set(table, encoder);
    }
    encoder.add(rows, signs);
  }

  get rows(): number {
    return this.encoders.reduce((sum, { count }) => sum + count, 0);
  }

  /** Those that have rows. */
  get encoders(): RowEncoder[] {
    return [...this.#encoders.values()].filter(({ count }) => count > 0);
  }
}

import { ParleyError } from '../errors.ts';
import type { LandingTable } from '../runtime/domain.ts';
import type { Cargo, Delivery, Shipment, TableRows } from '../warehouse/delivery.ts';
import { type Life, pause } from './life.ts';

/** A row as it was inserted: what the processors wrote, with the two columns that the engine adds. */
export interface SignedRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly sign: number;
  readonly rowVersion: number;
}

/** An insert on its way: about to be made (a failure means that it was not), or made (a failure loses the answer). */
export type InsertMoment = 'before' | 'after';

/** May throw to make an insert fail. A failure with a retryable code is retried, as over a network. */
export type InsertFault = (moment: InsertMoment, table: string, attempt: number) => void;

/**
 * Landing tables in memory. As in ClickHouse an insert with a token that the table has seen is dropped, whatever its
 * rows; here its rows are compared too, and other ones fail with PARLEY_INTERNAL: a batch came out differently when it
 * was done again.
 */
export class MemoryWarehouse {
  readonly #tables = new Map<string, SignedRow[]>();
  readonly #tokens = new Map<string, string>();
  /** Inserts dropped because their token was known. */
  repeated = 0;

  insert(token: string, firstRowVersion: number, { table, rows, signs }: TableRows): void {
    const name = table.name;
    const content = JSON.stringify([firstRowVersion, rows, signs]);
    const known = this.#tokens.get(`${token}/${name}`);
    if (known !== undefined) {
      this.repeated++;
      if (known === content) return;
      throw new ParleyError('PARLEY_INTERNAL', `Batch ${token} came out differently when it was done again`, {
        expected: known.slice(0, 2000),
        received: content.slice(0, 2000),
        where: name,
      });
    }
    this.#tokens.set(`${token}/${name}`, content);
    const landed = this.#tables.get(name) ?? [];
    this.#tables.set(name, landed);
    for (const [index, row] of rows.entries()) {
      landed.push({ row, sign: signs[index]!, rowVersion: firstRowVersion + index });
    }
  }

  /** Every row inserted, in the order of arrival. */
  signedRows(table: string): readonly SignedRow[] {
    return this.#tables.get(table) ?? [];
  }

  get tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /**
   * The rows that are true now: those whose signs come to 1. A sum that is neither 0 nor 1 fails with PARLEY_INTERNAL,
   * because an aggregate that reads signed rows would be wrong.
   */
  rows(table: string): Readonly<Record<string, unknown>>[] {
    const sums = new Map<string, { row: Readonly<Record<string, unknown>>; sum: number }>();
    for (const { row, sign } of this.signedRows(table)) {
      const text = canonical(row);
      const entry = sums.get(text);
      if (entry === undefined) sums.set(text, { row, sum: sign });
      else entry.sum += sign;
    }
    for (const [text, { sum }] of sums) {
      if (sum === 0 || sum === 1) continue;
      throw new ParleyError('PARLEY_INTERNAL', `Signs of a row of ${table} come to ${sum}`, { received: text });
    }
    return [...sums.values()].filter(({ sum }) => sum === 1).map(({ row }) => row);
  }
}

/** Delivers to a `MemoryWarehouse`, table by table, so that a crash or a failure can come between two tables. */
export class MemoryDelivery implements Delivery {
  readonly #warehouse: MemoryWarehouse;
  readonly #life: Life;
  readonly #random: () => number;
  /** Set it to make inserts fail. */
  readonly fault: InsertFault;

  constructor(
    warehouse: MemoryWarehouse,
    life: Life,
    random: () => number = () => 0,
    fault: InsertFault = () => undefined,
  ) {
    this.#warehouse = warehouse;
    this.#life = life;
    this.#random = random;
    this.fault = fault;
  }

  load(): MemoryCargo {
    return new MemoryCargo();
  }

  async deliver({ token, firstRowVersion, cargo }: Shipment): Promise<void> {
    for (const table of (cargo as MemoryCargo).tables) {
      for (let attempt = 1; ; attempt++) {
        await pause(this.#random);
        this.#life.check();
        try {
          this.fault('before', table.table.name, attempt);
          this.#warehouse.insert(token, firstRowVersion, table);
          this.fault('after', table.table.name, attempt);
          break;
        } catch (error) {
          if (!(error instanceof ParleyError && error.retryable)) throw error;
        }
      }
    }
  }

  async close(): Promise<void> {}
}

/** Rows as they came. */
class MemoryCargo implements Cargo {
  readonly #tables = new Map<
    LandingTable,
    { table: LandingTable; rows: TableRows['rows'][number][]; signs: number[] }
  >();

  add({ table, rows, signs }: TableRows): void {
    const known = this.#tables.get(table) ?? { table, rows: [], signs: [] };
    this.#tables.set(table, known);
    known.rows.push(...rows);
    known.signs.push(...signs);
  }

  get rows(): number {
    return this.tables.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  get tables(): readonly TableRows[] {
    return [...this.#tables.values()];
  }
}

/** A row's text, the same whatever the order of its columns. */
export function canonical(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1))));
}

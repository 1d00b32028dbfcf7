import type { LandingTable } from '../runtime/domain.ts';

/** Rows for one landing table, in the order in which they were emitted. */
export interface TableRows {
  readonly table: LandingTable;
  /** Row objects with the declared columns. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** +1 or -1 for each row. */
  readonly signs: readonly number[];
}

/**
 * The rows of a batch while it is processed. They are taken a chunk at a time and brought into the form in which they
 * travel, so that the row objects are gone before the collector has to move them.
 */
export interface Cargo {
  /** Takes rows; the arrays may be used again afterwards. */
  add(rows: TableRows): void;
  /** Rows taken so far, of all tables. */
  readonly rows: number;
}

/** A batch's rows on their way to the warehouse. */
export interface Shipment {
  /** `app/stage/partition/plan number`; the table's name is added for each insert. */
  readonly token: string;
  /** Version of the first row of each table; the next rows count up from it. */
  readonly firstRowVersion: number;
  /** From `Delivery.load`. */
  readonly cargo: Cargo;
}

/** Step 4 of the commit path. Delivering the same rows under the same token again leaves one copy. */
export interface Delivery {
  /** An empty cargo, to be filled while another one is on its way. */
  load(): Cargo;
  /** Resolves when every table has its rows; retries what a retry can help, and fails with a coded error otherwise. */
  deliver(shipment: Shipment): Promise<void>;
  close(): Promise<void>;
}

/** For a batch that is processed again only for its state: its rows were delivered. */
export class NoCargo implements Cargo {
  rows = 0;

  add({ rows }: TableRows): void {
    this.rows += rows.length;
  }
}

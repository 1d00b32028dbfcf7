import type { LandingTable } from '../runtime/domain.ts';

/** The rows of one batch for one landing table, in the order in which they were emitted. */
export interface TableRows {
  readonly table: LandingTable;
  /** Row objects with the declared columns. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** +1 or -1 for each row. */
  readonly signs: readonly number[];
}

/** A batch's rows on their way to the warehouse. */
export interface Shipment {
  /** `app/stage/partition/plan number`; the table's name is added for each insert. */
  readonly token: string;
  /** Version of the first row of each table; the next rows count up from it. */
  readonly firstRowVersion: number;
  readonly tables: readonly TableRows[];
}

/** Step 4 of the commit path. Delivering the same shipment again leaves one copy. */
export interface Delivery {
  /** Resolves when every table has its rows; retries what a retry can help, and fails with a coded error otherwise. */
  deliver(shipment: Shipment): Promise<void>;
  close(): Promise<void>;
}

import { ParleyError } from '../../errors.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Which column it is, for the messages of errors. */
export interface ColumnPlace {
  /** `database.table`. */
  readonly table: string;
  readonly column: string;
  /** The ClickHouse type, as declared. */
  readonly type: string;
}

/**
 * Gathers one column of a block in ClickHouse's Native format. Its buffers are kept from block to block, because the
 * blocks of a table are alike in size and a fresh megabyte costs page faults.
 */
export interface Column {
  readonly place: ColumnPlace;
  /** Starts a block, forgetting the one before. */
  begin(): void;
  /** Appends the column's values of some rows. Fails with PARLEY_INTERNAL for one that does not fit. */
  add(values: readonly unknown[]): void;
  /** The block's bytes: views of the column's buffers, valid until the next `begin`. */
  parts(): Buffer[];
}

/** A value that does not fit its column is a fault of a processor: fails with PARLEY_INTERNAL. */
export function misfit(place: ColumnPlace, row: number, value: unknown): never {
  throw new ParleyError('PARLEY_INTERNAL', `A value does not fit column ${place.column} of ${place.table}`, {
    expected: place.type,
    received: describe(value),
    where: `${place.table}.${place.column}, row ${row} of the batch`,
  });
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `bigint ${value}`;
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return `${value === null ? '' : `${typeof value} `}${text !== undefined && text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

/** Room for `count` cells: the same array, or one at least twice as large with the same content. */
export function grown<Cells extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  cells: Cells,
  count: number,
): Cells {
  if (cells.length >= count) return cells;
  const larger = new (cells.constructor as new (length: number) => Cells)(Math.max(count, cells.length * 2, 1024));
  larger.set(cells);
  return larger;
}

/** The bytes of a typed array's first `length` elements, without a copy. */
export function bytesOf(array: Uint8Array | Uint16Array | Uint32Array | Float64Array, length: number): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
}

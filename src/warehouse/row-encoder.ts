import { endianness } from 'node:os';
import { ParleyError } from '../errors.ts';
import type { LandingTable } from '../runtime/domain.ts';
import type { Row } from './encoding/column.ts';
import { columnReadersOf } from './encoding/column-readers.ts';
import { createColumn } from './encoding/columns.ts';
import { EngineColumns } from './encoding/engine-columns.ts';
import { withoutReplaced } from './encoding/replaced.ts';
import { TextBuffer, writeVarint } from './encoding/text.ts';

/**
 * From the rows of a batch to the bytes of one insert, in ClickHouse's Native format: one block, column by column.
 *
 * Native because the server shares the machine: it takes a Native block almost as it is, and spends a third of the time
 * that it needs to read the same rows as RowBinary. And because a Native block arrives as one block however many rows
 * it has: a token covers a block, and a retry must be the same blocks. `bench/encoding.ts` measures both sides.
 */
export interface RowEncoder {
  readonly table: LandingTable;
  /** Quoted names of all columns, with those that the engine adds. */
  readonly columnNames: string;
  /** Rows taken since `begin`. */
  readonly count: number;
  /** Starts an insert, forgetting the one before. */
  begin(): void;
  /** Takes rows, so that they can be let go of. Fails with PARLEY_INTERNAL for a value that does not fit its column. */
  add(rows: readonly Row[], signs: readonly number[]): void;
  /**
   * The bytes of the insert, in order. They are views of buffers that the next rows are written to, so an insert (with
   * all its retries) must be over before `begin`.
   */
  finish(firstRowVersion: number): Buffer[];
  /** All three at once. */
  encode(rows: readonly Row[], signs: readonly number[], firstRowVersion: number): Buffer[];
}

/**
 * Rows whose columns are gathered together. Going through the whole batch for one column after another would fetch
 * every row object from memory once a column; so few rows stay in the processor's cache for all columns.
 */
const rowsTogether = 512;

export function createRowEncoder(table: LandingTable): RowEncoder {
  if (endianness() !== 'LE') {
    throw new ParleyError(
      'PARLEY_INTERNAL',
      'Numbers are sent as this machine holds them, and ClickHouse reads little-endian',
      {
        expected: 'a little-endian machine (x64, arm64)',
        received: process.arch,
      },
    );
  }
  const where = `${table.database}.${table.name}`;
  const declared = Object.entries(table.columns);
  const columns = declared.map(([name, type]) => createColumn(where, name, type));
  const readers = columnReadersOf(table);
  const heads = declared.map(([name, type]) => columnHead(name, type));
  const engine = new EngineColumns(where);
  const signHead = columnHead('sign', 'Int8');
  const versionHead = columnHead('row_version', 'UInt64');

  let taken = 0;

  function begin(): void {
    taken = 0;
    for (const column of columns) column.begin();
    engine.begin();
  }

  function add(emittedRows: readonly Row[], emittedSigns: readonly number[]): void {
    const emitted = { rows: emittedRows, signs: emittedSigns };
    const { rows, signs } = table.replacedBy === undefined ? emitted : withoutReplaced(emitted, table.replacedBy);
    const count = rows.length;
    for (let from = 0; from < count; from += rowsTogether) {
      const to = Math.min(from + rowsTogether, count);
      for (let index = 0; index < columns.length; index++) columns[index]!.add(readers[index]!(rows, from, to));
    }
    engine.add(signs, count);
    taken += count;
  }

  function finish(firstRowVersion: number): Buffer[] {
    const parts = [blockHead(columns.length + 2, taken)];
    for (const [index, column] of columns.entries()) parts.push(heads[index]!, ...column.parts());
    parts.push(signHead, engine.signs(), versionHead, engine.versions(firstRowVersion));
    return parts;
  }

  return {
    table,
    columnNames: [...declared.map(([name]) => name), 'sign', 'row_version'].map(quoteName).join(', '),
    get count() {
      return taken;
    },
    begin,
    add,
    finish,
    encode(rows, signs, firstRowVersion) {
      begin();
      add(rows, signs);
      return finish(firstRowVersion);
    },
  };
}

/** A name as an identifier of ClickHouse, whatever characters it has. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

function blockHead(columns: number, rows: number): Buffer {
  const bytes = Buffer.alloc(16);
  return bytes.subarray(0, writeVarint(bytes, writeVarint(bytes, 0, columns), rows));
}

function columnHead(name: string, type: string): Buffer {
  const text = new TextBuffer();
  text.append(name);
  text.append(type);
  return text.part();
}

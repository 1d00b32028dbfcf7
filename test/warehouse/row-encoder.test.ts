import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import type { ColumnType, LandingTable } from '../../src/runtime/domain.ts';
import { createDelivery } from '../../src/warehouse/clickhouse-delivery.ts';
import { queryRows, queryText } from '../../src/warehouse/client.ts';
import { createRowEncoder } from '../../src/warehouse/row-encoder.ts';
import { createTable, type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

const every = {
  database: 'encoding',
  name: 'landing_every',
  columns: {
    string: 'String',
    'odd `name\\ é': 'String',
    low: 'LowCardinality(String)',
    string_null: 'Nullable(String)',
    bool: 'Bool',
    u8: 'UInt8',
    u16: 'UInt16',
    u32: 'UInt32',
    u64: 'UInt64',
    i8: 'Int8',
    i32: 'Int32',
    i64: 'Int64',
    f64: 'Float64',
    u8_null: 'Nullable(UInt8)',
    u32_null: 'Nullable(UInt32)',
    i64_null: 'Nullable(Int64)',
    f64_null: 'Nullable(Float64)',
    time: "DateTime64(3, 'UTC')",
    time_null: "Nullable(DateTime64(3, 'UTC'))",
    strings: 'Array(String)',
    lows: 'Array(LowCardinality(String))',
  },
} as const satisfies LandingTable;

const least = Date.UTC(1900, 0, 1);
const most = Date.UTC(2299, 11, 31, 23, 59, 59, 999);
/** Any UTF-16, lone surrogates too, and now and then one longer than a varint's first byte can say. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom('', 'in', '\u0000', '\ud800', 'a\udc00b', 'é'.repeat(127), 'a'.repeat(128)) },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }).map((length) => 'x'.repeat(length)) },
);
const anyOf: Record<ColumnType, fc.Arbitrary<unknown>> = {
  String: text,
  'LowCardinality(String)': text,
  'Nullable(String)': fc.option(text),
  Bool: fc.boolean(),
  UInt8: fc.integer({ min: 0, max: 255 }),
  UInt16: fc.integer({ min: 0, max: 65_535 }),
  UInt32: fc.integer({ min: 0, max: 4_294_967_295 }),
  UInt64: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  Int8: fc.integer({ min: -128, max: 127 }),
  Int32: fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }),
  Int64: fc.maxSafeInteger(),
  Float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  'Nullable(UInt8)': fc.option(fc.integer({ min: 0, max: 255 })),
  'Nullable(UInt32)': fc.option(fc.integer({ min: 0, max: 4_294_967_295 })),
  'Nullable(Int64)': fc.option(fc.maxSafeInteger()),
  'Nullable(Float64)': fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  "DateTime64(3, 'UTC')": fc.integer({ min: least, max: most }),
  "Nullable(DateTime64(3, 'UTC'))": fc.option(fc.integer({ min: least, max: most })),
  'Array(String)': fc.array(text, { maxLength: 5 }),
  'Array(LowCardinality(String))': fc.array(text, { maxLength: 5 }),
};
const anyRow = fc.record(
  Object.fromEntries(Object.entries(every.columns).map(([name, type]) => [name, anyOf[type]])),
) as fc.Arbitrary<Record<string, unknown>>;

let warehouse: ScratchWarehouse;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  await queryText(warehouse.client, 'CREATE DATABASE encoding', 'TSV');
  const columns = Object.entries(every.columns).map(([name, type]) => [
    name.replaceAll('\\', '\\\\').replaceAll('`', '\\`'),
    type,
  ]);
  await queryText(warehouse.client, createTable({ ...every, columns: Object.fromEntries(columns) }), 'TSV');
});

afterAll(async () => warehouse?.stop());

const blank = {
  ...Object.fromEntries(
    Object.entries(every.columns).map(([name, type]) => {
      if (type.startsWith('Nullable')) return [name, null];
      if (type.startsWith('Array')) return [name, []];
      return [name, type === 'Bool' ? false : type.includes('String') ? '' : 0];
    }),
  ),
};

let batches = 0;
async function deliver(rows: readonly Record<string, unknown>[], signs: readonly number[], firstRowVersion: number) {
  const delivery = createDelivery({ client: warehouse.client });
  const cargo = delivery.load();
  // In two parts, as a batch comes in chunks.
  const half = rows.length >> 1;
  cargo.add({ table: every, rows: rows.slice(0, half), signs: signs.slice(0, half) });
  cargo.add({ table: every, rows: rows.slice(half), signs: signs.slice(half) });
  await delivery.deliver({ token: `encoding/${++batches}`, firstRowVersion, cargo });
  await delivery.close();
}

/** Times come back as the milliseconds that were given. */
async function readBack(): Promise<Record<string, unknown>[]> {
  return queryRows(
    warehouse.client,
    `SELECT * REPLACE (toUnixTimestamp64Milli(time) AS time, toUnixTimestamp64Milli(time_null) AS time_null)
     FROM encoding.landing_every ORDER BY row_version`,
  );
}

/** What a value is after a journey through UTF-8 and JSON: a lone surrogate becomes the replacement character. */
function expected(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('utf8');
  return Array.isArray(value) ? value.map(expected) : value === 0 ? 0 : value;
}

describe('the row encoder', () => {
  it('writes what ClickHouse reads back, for every type', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyRow, fc.constantFrom(1, -1)), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 100 }),
        async (drawn, firstRowVersion) => {
          await queryText(warehouse.client, 'TRUNCATE TABLE encoding.landing_every', 'TSV');
          const rows = drawn.map(([row]) => row);
          await deliver(
            rows,
            drawn.map(([, sign]) => sign),
            firstRowVersion,
          );
          const wanted = drawn.map(([row, sign], index) => ({
            ...Object.fromEntries(Object.entries(row).map(([name, value]) => [name, expected(value)])),
            sign,
            row_version: firstRowVersion + index,
          }));
          const got = (await readBack()).map((row) => ({
            ...row,
            f64: row.f64 === 0 ? 0 : row.f64,
            f64_null: row.f64_null === 0 ? 0 : row.f64_null,
          }));
          expect(got).toEqual(wanted);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps each value of a dictionary that outgrows one and two bytes an index, and reuses its buffers', async () => {
    for (const count of [256, 257, 70_000, 3]) {
      await queryText(warehouse.client, 'TRUNCATE TABLE encoding.landing_every', 'TSV');
      const rows = Array.from({ length: count }, (_, index) => ({
        ...blank,
        low: `v${index}`,
        lows: [`v${index}`, 'same'],
        u32: index,
      }));
      await deliver(rows, new Array<number>(count).fill(1), 1);
      const [found] = await queryRows<object>(
        warehouse.client,
        `SELECT count() AS rows, countIf(low = concat('v', toString(u32)) AND lows = [low, 'same']) AS whole,
           (SELECT count() FROM system.parts WHERE database = 'encoding' AND table = 'landing_every' AND active) AS parts
         FROM encoding.landing_every`,
      );
      expect(found).toEqual({ rows: count, whole: count, parts: 1 });
    }
  });

  it('writes bytes that are not text as they are into a String', async () => {
    await queryText(warehouse.client, 'TRUNCATE TABLE encoding.landing_every', 'TSV');
    await deliver([{ ...blank, string: Buffer.from([0xff, 0x00, 0xc3]) }], [1], 1);
    const rows = await queryRows(warehouse.client, 'SELECT hex(string) AS bytes FROM encoding.landing_every');
    expect(rows).toEqual([{ bytes: 'FF00C3' }]);
  });

  const wrong: [ColumnType, unknown[]][] = [
    ['String', [undefined, null, 1, {}]],
    ['LowCardinality(String)', [undefined, null, 1]],
    ['Nullable(String)', [undefined, 1]],
    ['Bool', [undefined, null, 1, 'true']],
    ['UInt8', [undefined, null, '1', -1, 256, 1.5, Number.NaN, 1n]],
    ['UInt16', [-1, 65_536]],
    ['UInt32', [-1, 4_294_967_296, '7', true]],
    ['UInt64', [-1, 2 ** 53, '7']],
    ['Int8', [-129, 128]],
    ['Int32', [-2_147_483_649, 2_147_483_648]],
    ['Int64', [2 ** 53, -(2 ** 53), 0.5]],
    ['Float64', [Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['Nullable(UInt8)', [undefined, 256]],
    ['Nullable(Int64)', [2 ** 53]],
    ["DateTime64(3, 'UTC')", [least - 1, most + 1, '2026-01-01', new Date(), null]],
    ["Nullable(DateTime64(3, 'UTC'))", [most + 1, undefined]],
    ['Array(String)', [null, 'a', [1], [undefined]]],
    ['Array(LowCardinality(String))', [null, [null]]],
  ];
  it.each(wrong)('refuses what is no %s, naming table, column, row and value', (type, values) => {
    const encoder = createRowEncoder({ database: 'd', name: 'landing_t', columns: { good: 'UInt8', c: type } });
    for (const value of values) {
      const rows = [{ good: 1, c: value }];
      expect(() => encoder.encode(rows, [1], 1)).toThrowError(ParleyError);
      try {
        encoder.encode(rows, [1], 1);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'PARLEY_INTERNAL',
          detail: { expected: type, received: expect.any(String), where: 'd.landing_t.c, row 0 of the batch' },
        });
      }
    }
  });

  it('refuses row versions that are no exact numbers, and signs that are none', () => {
    const encoder = createRowEncoder({ database: 'd', name: 'landing_t', columns: { c: 'UInt8' } });
    const rows = [{ c: 1 }, { c: 2 }];
    expect(() => encoder.encode(rows, [1, -1], Number.MAX_SAFE_INTEGER)).toThrowError(ParleyError);
    expect(() => encoder.encode(rows, [1, 0], 1)).toThrowError(ParleyError);
    expect(() => encoder.encode(rows, [1], 1)).toThrowError(ParleyError);
    expect(encoder.encode(rows, [1, -1], Number.MAX_SAFE_INTEGER - 1).length).toBeGreaterThan(0);
  });
});

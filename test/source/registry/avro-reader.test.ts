import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MisfitError } from '../../../src/source/registry/avro-cursor.ts';
import { compileAvroReader } from '../../../src/source/registry/avro-reader.ts';

/** Written by avsc, so that reader and writer are not of the same hand. */
function readBack(schema: unknown, value: unknown, kept?: ReadonlySet<string>): unknown {
  const bytes = avro.Type.forSchema(schema as avro.Type, { wrapUnions: false }).toBuffer(value);
  return compileAvroReader(JSON.stringify(schema), [], kept)(bytes, 0);
}

const record = (name: string, fields: readonly object[]) => ({ type: 'record', name, fields });
const logical = (type: unknown, logicalType: string, more: object = {}) => ({ type, logicalType, ...more });

describe('an Avro reader', () => {
  it('gives plain objects as JSON events are: no nulls, symbols of enums, nested records', () => {
    const order = record('Order', [
      { name: 'order_id', type: 'string' },
      { name: 'status', type: { type: 'enum', name: 'Status', symbols: ['open', 'done'] } },
      { name: 'discount', type: ['null', 'double'], default: null },
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'items', type: { type: 'array', items: record('Item', [{ name: 'quantity', type: 'int' }]) } },
      { name: 'labels', type: { type: 'map', values: 'string' } },
      { name: 'is_paid', type: 'boolean' },
    ]);
    const value = {
      order_id: 'ö-1',
      status: 'done',
      discount: 0.25,
      note: null,
      items: [{ quantity: 2 }, { quantity: -3 }],
      labels: { a: 'b' },
      is_paid: true,
    };
    const { note: _, ...expected } = value;
    const read = readBack(order, value);
    expect(read).toEqual(expected);
    expect(Object.keys(read as object)).not.toContain('note');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it.each([
    ['timestamp-millis', logical('long', 'timestamp-millis'), 1_525_277_683_250, '2018-05-02T16:14:43.250Z'],
    ['timestamp-micros', logical('long', 'timestamp-micros'), 1_525_277_683_250_999, '2018-05-02T16:14:43.250Z'],
    ['before 1970', logical('long', 'timestamp-micros'), -1, '1969-12-31T23:59:59.999Z'],
    ['local time, without a zone', logical('long', 'local-timestamp-millis'), 0, '1970-01-01T00:00:00.000'],
    ['date', logical('int', 'date'), 17_653, '2018-05-02'],
    ['time-millis', logical('int', 'time-millis'), 61_000, '00:01:01.000'],
    ['decimal', logical('bytes', 'decimal', { precision: 9, scale: 2 }), Buffer.from([4, 210]), '12.34'],
    ['negative decimal', logical('bytes', 'decimal', { precision: 9, scale: 4 }), Buffer.from([255]), '-0.0001'],
    ['whole decimal', logical('bytes', 'decimal', { precision: 9 }), Buffer.from([0, 200]), '200'],
    ['uuid', logical('string', 'uuid'), 'a-b', 'a-b'],
    ['bytes of text', 'bytes', Buffer.from('grün'), 'grün'],
    ['fixed', { type: 'fixed', name: 'F', size: 2 }, Buffer.from('ab'), 'ab'],
    ['a logical type that nobody knows', logical('string', 'colour'), 'red', 'red'],
    ['float', 'float', 0.5, 0.5],
  ])('reads %s', (_, type, value, expected) => {
    expect(readBack(record('R', [{ name: 'f', type }]), { f: value })).toEqual({ f: expected });
    expect(readBack(record('R', [{ name: 'f', type: ['null', type] }]), { f: value })).toEqual({ f: expected });
  });

  it('reads every long: numbers where they are exact, digits beyond', () => {
    const long = avro.types.LongType.__with({
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
      toBuffer: (value: bigint) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(value);
        return bytes;
      },
      fromJSON: BigInt,
      toJSON: Number,
      isValid: (value: unknown) => typeof value === 'bigint',
      compare: (left: bigint, right: bigint) => Number(left - right),
    });
    const read = compileAvroReader('"long"');
    const check = (value: bigint) => {
      const isExact = value >= -(2n ** 53n) && value < 2n ** 53n;
      expect(read(long.toBuffer(value), 0)).toBe(isExact ? Number(value) : String(value));
    };
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), check));
    for (let power = 0n; power < 63n; power++) {
      for (const near of [2n ** power - 1n, 2n ** power, -(2n ** power), -(2n ** power) - 1n]) check(near);
    }
  });

  it('follows schemas that contain themselves, and others that they refer to', () => {
    const tree = record('Tree', [{ name: 'children', type: { type: 'array', items: 'Tree' } }]);
    const value = { children: [{ children: [] }, { children: [{ children: [] }] }] };
    expect(readBack(tree, value)).toEqual(value);
    expect(readBack(tree, value, new Set(['children']))).toEqual(value);
    const item = JSON.stringify({ ...record('Item', [{ name: 'n', type: 'int' }]), namespace: 'shop' });
    const reader = compileAvroReader(JSON.stringify(record('Order', [{ name: 'item', type: 'shop.Item' }])), [item]);
    expect(reader(Buffer.from([6]), 0)).toEqual({ item: { n: 3 } });
  });

  it('leaves out fields that nobody wants, of the outermost record only', () => {
    const inner = record('Inner', [{ name: 'extra', type: 'int' }]);
    const outer = record('Outer', [
      { name: 'extra', type: 'string' },
      { name: 'inner', type: inner },
      { name: '__proto__', type: 'string' },
    ]);
    const fields = { extra: 'x', inner: { extra: 7 }, ['__proto__']: 'y' };
    expect(readBack(outer, fields, new Set(['inner', '__proto__']))).toEqual({ inner: { extra: 7 } });
  });

  it('refuses bytes that the schema cannot have written, and only so', () => {
    const reader = compileAvroReader(
      JSON.stringify(
        record('R', [
          { name: 'id', type: 'string' },
          { name: 'tags', type: { type: 'array', items: ['null', 'string'] } },
          { name: 'kind', type: { type: 'enum', name: 'K', symbols: ['a', 'b'] } },
          { name: 'flag', type: 'boolean' },
          { name: 'at', type: logical('long', 'timestamp-millis') },
          { name: 'next', type: ['null', 'R'] },
        ]),
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          reader(Buffer.from(bytes), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(MisfitError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['bytes that are left over', '"int"', [2, 2], /1 bytes are left over/],
    ['bytes that end too early', '"double"', [1, 2, 3], /end too early/],
    ['a branch that there is not', '["null","int"]', [4], /branch of a union: expected 0 to 1, received 2/],
    ['text that is not UTF-8', '"string"', [2, 255], /not UTF-8/],
    ['more items than bytes', '{"type":"array","items":"null"}', [254, 255, 255, 15], /a block of \d+ items/],
    ['a length below nothing', '"string"', [1], /length of a string: .* received -1/],
  ])('says what is wrong with %s', (_, schema, bytes, reason) => {
    expect(() => compileAvroReader(schema)(Buffer.from(bytes), 0)).toThrow(reason);
  });

  it('reads U+FFFD that was written', () => {
    expect(readBack('string', 'a\ufffdb')).toBe('a\ufffdb');
  });

  it('refuses records that are too deep, before the stack does', () => {
    const reader = compileAvroReader(JSON.stringify(record('R', [{ name: 'next', type: ['null', 'R'] }])));
    expect(() => reader(Buffer.alloc(100_000, 2), 0)).toThrow('records more than 64 deep');
  });
});

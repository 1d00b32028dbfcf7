import avro from 'avsc';
import { AvroCursor, MisfitError } from './avro-cursor.ts';
import { type Convert, conversionOf } from './avro-logical.ts';

/**
 * Reads Avro by the writer's schema, straight into what JSON events look like: optional fields that are null are left
 * out, times are ISO 8601, decimals are text, enums are their symbols. avsc parses the schema (names, references,
 * defects); reading is done here, because avsc's own values (class instances, nulls, numbers for times) would have to
 * be copied into that form again.
 */
export type AvroReader = (bytes: Buffer, from: number) => unknown;

type Read = (cursor: AvroCursor) => unknown;

const depthMax = 64;
const logicalTypes = Object.fromEntries(
  [
    'timestamp-millis',
    'timestamp-micros',
    'timestamp-nanos',
    'local-timestamp-millis',
    'local-timestamp-micros',
    'date',
    'time-millis',
    'time-micros',
    'decimal',
    'uuid',
  ].map((logicalType) => [
    logicalType,
    class Marked extends avro.types.LogicalType {
      readonly convert: Convert | undefined;
      constructor(schema: ConstructorParameters<typeof avro.types.LogicalType>[0], options: unknown) {
        super(schema, options);
        this.convert = conversionOf({ ...(schema as object), logicalType });
      }
    },
  ]),
);

/**
 * `schema` and the schemas that it refers to, each before those that refer to it, as JSON. `kept` are the fields of the
 * outermost record that are wanted; all without it. Fails with what avsc says of a schema that is none.
 *
 * The reader fails with MisfitError for bytes that the schema cannot have written.
 */
export function compileAvroReader(
  schema: string,
  references: readonly string[] = [],
  kept?: ReadonlySet<string>,
): AvroReader {
  const options = { registry: {}, logicalTypes, wrapUnions: true };
  for (const reference of references) avro.Type.forSchema(parse(reference), options);
  const type = avro.Type.forSchema(parse(schema), options);
  // Fields are cut from the outermost record only, not from the same record deeper down: so it is made apart.
  const read = makeReader(type, new Map(), kept);
  return (bytes, from) => {
    const cursor = new AvroCursor(bytes, from);
    const value = read(cursor);
    if (cursor.remaining > 0) throw new MisfitError(`${cursor.remaining} bytes are left over`);
    return value;
  };
}

/** A schema of a name alone (`"string"`) may come without its quotes. */
function parse(text: string): Parameters<typeof avro.Type.forSchema>[0] {
  return (/^\s*[[{"]/.test(text) ? JSON.parse(text) : text) as Parameters<typeof avro.Type.forSchema>[0];
}

function readerOf(type: avro.Type, known: Map<avro.Type, Read>): Read {
  const before = known.get(type);
  if (before !== undefined) return before;
  // A type may contain itself: whoever asks for it while it is being made gets what will call it.
  let made: Read | undefined;
  known.set(type, (cursor) => made!(cursor));
  made = makeReader(type, known);
  known.set(type, made);
  return made;
}

function makeReader(type: avro.Type, known: Map<avro.Type, Read>, kept?: ReadonlySet<string>): Read {
  const { types } = avro;
  if (type instanceof types.LogicalType) {
    const read = isBinary(type.underlyingType) ? rawReader(type.underlyingType) : readerOf(type.underlyingType, known);
    const { convert } = type as avro.types.LogicalType & { convert?: Convert };
    return convert === undefined ? read : (cursor) => convert(read(cursor));
  }
  if (type instanceof types.RecordType) return recordReader(type, known, kept);
  if (type instanceof types.WrappedUnionType) {
    const branches = type.types.map((branch) => readerOf(branch, known));
    const last = branches.length - 1;
    return (cursor) => branches[cursor.index(last, 'branch of a union')]!(cursor);
  }
  if (type instanceof types.EnumType) {
    const { symbols } = type;
    return (cursor) => symbols[cursor.index(symbols.length - 1, 'symbol of an enum')];
  }
  if (type instanceof types.ArrayType) return arrayReader(readerOf(type.itemsType, known));
  if (type instanceof types.MapType) return mapReader(readerOf(type.valuesType, known));
  if (isBinary(type)) {
    const read = rawReader(type);
    return (cursor) => utf8(read(cursor));
  }
  return primitives[type.typeName]!;
}

const primitives: Readonly<Record<string, Read>> = {
  null: () => undefined,
  boolean: (cursor) => {
    const byte = cursor.byte();
    if (byte > 1) throw new MisfitError(`a boolean: expected 0 or 1, received ${byte}`);
    return byte === 1;
  },
  int: (cursor) => cursor.long(),
  long: (cursor) => cursor.long(),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  string: (cursor) => cursor.string(cursor.index(cursor.remaining, 'length of a string')),
};

function recordReader(type: avro.types.RecordType, known: Map<avro.Type, Read>, kept?: ReadonlySet<string>): Read {
  const fields = type.fields.map(({ name, type: fieldType }) => {
    return { name, isKept: (kept?.has(name) ?? true) && name !== '__proto__', read: readerOf(fieldType, known) };
  });
  return (cursor) => {
    if (++cursor.depth > depthMax) throw new MisfitError(`records more than ${depthMax} deep`);
    const record: Record<string, unknown> = {};
    for (const { name, isKept, read } of fields) {
      const value = read(cursor);
      if (isKept && value !== undefined) record[name] = value;
    }
    cursor.depth--;
    return record;
  };
}

function arrayReader(read: Read): Read {
  return (cursor) => {
    const items: unknown[] = [];
    for (let count = blockOf(cursor); count > 0; count = blockOf(cursor)) {
      for (let index = 0; index < count; index++) items.push(read(cursor) ?? null);
    }
    return items;
  };
}

function mapReader(read: Read): Read {
  return (cursor) => {
    const entries: [string, unknown][] = [];
    for (let count = blockOf(cursor); count > 0; count = blockOf(cursor)) {
      for (let index = 0; index < count; index++) {
        const name = cursor.string(cursor.index(cursor.remaining, 'length of a string'));
        entries.push([name, read(cursor) ?? null]);
      }
    }
    return Object.fromEntries(entries);
  };
}

/** Items of the next block; a negative count comes with the block's bytes. Each is held to take one byte at least. */
function blockOf(cursor: AvroCursor): number {
  const written = cursor.long();
  const count = typeof written === 'number' ? Math.abs(written) : Number.POSITIVE_INFINITY;
  if (written !== count) cursor.index(cursor.remaining, 'bytes of a block');
  if (count > cursor.remaining) throw new MisfitError(`a block of ${written} items in ${cursor.remaining} bytes`);
  return count;
}

function isBinary(type: avro.Type): boolean {
  return type instanceof avro.types.BytesType || type instanceof avro.types.FixedType;
}

function rawReader(type: avro.Type): (cursor: AvroCursor) => Buffer {
  if (type instanceof avro.types.FixedType) {
    const { size } = type;
    return (cursor) => cursor.bytes(size);
  }
  return (cursor) => cursor.bytes(cursor.index(cursor.remaining, 'length of bytes'));
}

/** Events have no bytes of their own: what a producer sends as bytes is a text. */
function utf8(bytes: Buffer): string {
  return new AvroCursor(bytes, 0).string(bytes.length);
}

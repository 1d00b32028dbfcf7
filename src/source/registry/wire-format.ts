import { schemaHeader } from '../record-decoder.ts';

/**
 * Confluent's wire format: a record's value names the schema that it was written with. Either its first five bytes do
 * (0, then the schema's id, big-endian), or since 2025 the header `__value_schema_id` does (the same five bytes, or 1 and
 * the 16 bytes of the schema's GUID) and the value is the payload alone.
 */

/** A schema's id (a number) or GUID (a text, with dashes). */
export type SchemaKey = number | string;

export interface WireValue {
  readonly schema: SchemaKey;
  /** Where in the value the payload starts. */
  readonly from: number;
}

const prefixBytes = 5;
const guidBytes = 17;
/** Registries count in signed integers; they answer a larger number as they answer a mistyped path. */
const idMax = 2_147_483_647;

/**
 * What schema a value names: undefined when it names none (then it is plain), a text when it tries to and cannot.
 */
export function readWireFormat(value: Buffer, header: unknown): WireValue | string | undefined {
  if (header !== undefined) return readHeader(header);
  if (value[0] !== 0) return undefined;
  if (value.length < prefixBytes) return `expected 0 and a schema id of 4 bytes, received ${value.length} bytes in all`;
  return withId(value, prefixBytes);
}

/** A value with the id of its schema before the payload. */
export function writeWireFormat(id: number, payload: Buffer): Buffer {
  const value = Buffer.allocUnsafe(prefixBytes + payload.length);
  value[0] = 0;
  value.writeInt32BE(id, 1);
  payload.copy(value, prefixBytes);
  return value;
}

function readHeader(header: unknown): WireValue | string {
  // A header that comes twice is an array: the last one is the one that was meant.
  const last: unknown = Array.isArray(header) ? header.at(-1) : header;
  const bytes = typeof last === 'string' ? Buffer.from(last, 'latin1') : last;
  if (Buffer.isBuffer(bytes)) {
    if (bytes[0] === 0 && bytes.length === prefixBytes) return withId(bytes, 0);
    if (bytes[0] === 1 && bytes.length === guidBytes) {
      const hex = bytes.toString('hex', 1);
      const schema = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      return { schema, from: 0 };
    }
  }
  return `expected a header ${schemaHeader} of 0 and 4 bytes, or of 1 and 16 bytes`;
}

function withId(bytes: Buffer, from: number): WireValue | string {
  const id = bytes.readUInt32BE(1);
  return id <= idMax ? { schema: id, from } : `expected a schema id up to ${idMax}, received ${id}`;
}

import { z } from 'zod';
import type { Topic } from '../runtime/domain.ts';

/**
 * Avro schemas of what producers send, made from the same contract as the JSON Schemas: file name to text. Times are
 * `timestamp-millis`, optional fields are unions with null that default to it. An object of any shape has no counterpart:
 * beside a text in a union it is left out, and written as JSON. What Avro cannot say (lengths, ranges) Parley checks
 * beyond it. Fails with RangeError for a type that has no counterpart in Avro.
 */
export function avroSchemas(topics: readonly Topic[]): Map<string, string> {
  return new Map(topics.map((topic) => [`${topic.name}.avsc`, `${JSON.stringify(avroSchema(topic), null, 2)}\n`]));
}

export interface AvroField {
  readonly name: string;
  readonly doc?: string;
  readonly type: AvroType;
  readonly default?: null;
}

export type AvroType =
  | string
  | readonly AvroType[]
  | AvroRecord
  | { readonly type: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly type: 'array'; readonly items: AvroType }
  | { readonly type: 'long'; readonly logicalType: 'timestamp-millis' };

export interface AvroRecord {
  readonly type: 'record';
  readonly namespace?: string;
  readonly name: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
}

/** The topic's record: `<domain>.<name>` is its namespace and name, so that it is called as the topic. */
export function avroSchema({ name, schema }: Topic): AvroRecord {
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as JsonSchema;
  const dot = name.lastIndexOf('.');
  const record = recordOf(json, name.slice(dot + 1), name);
  return dot < 0 ? record : { namespace: name.slice(0, dot), ...record };
}

function recordOf(
  { properties = {}, required = [], description }: JsonSchema,
  name: string,
  where: string,
): AvroRecord {
  const fields = Object.entries(properties).map(([field, schema]): AvroField => {
    const type = typeOf(schema, `${name}_${field}`, `${where}.${field}`);
    const doc = schema.description === undefined ? {} : { doc: schema.description };
    if (required.includes(field)) return { name: field, ...doc, type };
    const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null');
    return { name: field, ...doc, type: ['null', ...types], default: null };
  });
  return { type: 'record', name, ...(description === undefined ? {} : { doc: description }), fields };
}

/** `name` is what a record or an enum in this place is called: names are one space in a schema. */
function typeOf(schema: JsonSchema, name: string, where: string): AvroType {
  if (schema.anyOf !== undefined) return unionOf(schema.anyOf, name, where);
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type }, name, where));
  const symbols = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (symbols !== undefined) {
    const isSymbol = (symbol: unknown) => typeof symbol === 'string' && /^[A-Za-z_]\w*$/.test(symbol);
    return symbols.every(isSymbol) ? { type: 'enum', name, symbols: symbols as string[] } : 'string';
  }
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? { type: 'long', logicalType: 'timestamp-millis' } : 'string';
    case 'integer':
      return (schema.minimum ?? -Infinity) >= -2_147_483_648 && (schema.maximum ?? Infinity) <= 2_147_483_647
        ? 'int'
        : 'long';
    case 'number':
      return 'double';
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array':
      return { type: 'array', items: typeOf(schema.items ?? {}, `${name}_item`, where) };
    case 'object':
      if (!isOpen(schema)) return recordOf(schema, name, where);
      throw new RangeError(`${where}: Avro has nothing for an object of any shape`);
    default:
      throw new RangeError(`${where}: Avro has nothing for ${JSON.stringify(schema)}`);
  }
}

/** Unions of unions are one, as Avro wants it. */
function unionOf(alternatives: readonly JsonSchema[], name: string, where: string): AvroType {
  const flat = alternatives.flatMap((one) => one.anyOf ?? [one]);
  const hasText = flat.some(({ type, format }) => type === 'string' && format === undefined);
  const said = flat.filter((one) => !(hasText && isOpen(one)));
  return said.map((one, index) => typeOf(one, `${name}_${index}`, where));
}

function isOpen({ type, properties, additionalProperties }: JsonSchema): boolean {
  return type === 'object' && properties === undefined && typeof additionalProperties === 'object';
}

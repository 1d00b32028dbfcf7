import avro from 'avsc';
import { ParleyError } from '../errors.ts';
import { type AvroRecord, avroSchema } from '../events/avro-schema.ts';
import { parseTimestamp } from '../events/time.ts';
import type { Topic } from '../runtime/domain.ts';
import type { SchemaRegistry } from '../source/registry/client.ts';
import { type SchemaFormat, subjectsOf } from '../source/registry/subjects.ts';
import { writeWireFormat } from '../source/registry/wire-format.ts';

/** Makes the bytes of an event that has been checked. */
export type Serialize = (event: object) => Buffer;

/** Plain JSON, which names no schema. */
export const serializePlain: Serialize = (event) => Buffer.from(JSON.stringify(event));

export interface WireOptions {
  readonly format: SchemaFormat;
  readonly topicPrefix: string;
  /** Whether a schema that the registry does not have is registered; else it is PARLEY_SCHEMA_MISSING. */
  readonly isRegistering: boolean;
}

/** The wire format, with the id that the registry has of this version's schema. Fails also with what the registry fails with. */
export async function wireSerializer(registry: SchemaRegistry, topic: Topic, options: WireOptions): Promise<Serialize> {
  const { format, topicPrefix, isRegistering } = options;
  const [{ subject, schema }] = subjectsOf([topic], format, topicPrefix) as [ReturnType<typeof subjectsOf>[number]];
  const id = isRegistering ? await registry.register(subject, schema) : await registry.idOf(subject, schema);
  if (id === undefined) {
    throw new ParleyError('PARLEY_SCHEMA_MISSING', 'The schema of the events is not in the Schema Registry', {
      expected: `this version's ${schema.type} schema of ${topic.name}`,
      received: 'none, or other ones',
      where: subject,
    });
  }
  if (format === 'json') return (event) => writeWireFormat(id, serializePlain(event));
  const type = avroTypeOf(avroSchema(topic));
  return (event) => writeWireFormat(id, type.toBuffer(event));
}

/** Writes ISO 8601 texts as milliseconds. */
class IsoTimestamp extends avro.types.LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return new Date(value as number).toISOString();
  }

  protected override _toValue(value: unknown): unknown {
    return typeof value === 'string' ? parseTimestamp(value) : undefined;
  }
}

function avroTypeOf(schema: AvroRecord): avro.Type {
  return avro.Type.forSchema(schema as unknown as Parameters<typeof avro.Type.forSchema>[0], {
    logicalTypes: { 'timestamp-millis': IsoTimestamp },
  });
}

import { isUtf8 } from 'node:buffer';
import { createDecoder, type Decoded, type DecoderOptions, rejected, show, tooLarge } from '../../events/decode.ts';
import type { Topic } from '../../runtime/domain.ts';
import type { Log } from '../../runtime/log.ts';
import { type RecordDecoder, type RefusedSchemas, schemaHeader } from '../record-decoder.ts';
import { MisfitError } from './avro-cursor.ts';
import type { AvroReader } from './avro-reader.ts';
import type { SchemaRegistry } from './client.ts';
import { type KnownFormat, KnownSchemas, type KnownSchemasOptions, type SchemaStatus } from './known-schemas.ts';
import { readWireFormat, type SchemaKey, type WireValue } from './wire-format.ts';

export interface RegistryDecoderOptions extends Omit<KnownSchemasOptions, 'registry' | 'log'> {
  /** Undefined: every record is plain JSON. */
  readonly client: SchemaRegistry | undefined;
  readonly topics: readonly Topic[];
  /** What is done with plain JSON, which names no schema. */
  readonly plainJson: 'accept' | 'refuse';
  /** The time of records that are decoded without one, milliseconds since 1970. Default the clock. */
  readonly now?: () => number;
  readonly log: Log;
  readonly events?: DecoderOptions;
  /** Whether a record's key must be its event's (true). Not so for bytes whose key is not known, to find it. */
  readonly isKeyChecked?: boolean;
}

export interface RegistryDecoder extends RecordDecoder {
  readonly status: SchemaStatus;
  /** Ends what waits for the registry: those `decode` reject with PARLEY_REGISTRY_UNREACHABLE. */
  close(): void;
}

/**
 * Makes events of Kafka records: JSON Schema and Avro in Confluent's wire format, and plain JSON. Whatever the format,
 * the event is then held against the same contract as a line of a file, and the record's key against the event's: a
 * record with another key, or none, may be in any partition, apart from the rest of its conversation.
 *
 * The first record of a schema waits for the registry; the others are decoded at once.
 */
export function createRegistryDecoder(options: RegistryDecoderOptions): RegistryDecoder {
  const { client, topics, plainJson, now: clock = Date.now, log, events, isKeyChecked = true } = options;
  const withKey = isKeyChecked ? checkedKey : (decoded: Decoded) => decoded;
  const decoder = createDecoder(topics, events);
  const schemas = client && new KnownSchemas({ ...options, registry: client, log });
  const fieldsOf = new Map(topics.map((topic) => [topic.name, fieldNames(topic)]));
  function json(topic: string, value: Buffer, from: number, now: number): Decoded {
    const bytes = from === 0 ? value : value.subarray(from);
    if (!isUtf8(bytes)) return rejected('INVALID_JSON', 'expected UTF-8, received bytes that are not');
    return decoder.decode(topic, bytes.toString('utf8'), now);
  }

  function avro(topic: string, reader: AvroReader, value: Buffer, from: number, now: number): Decoded {
    let input: unknown;
    try {
      input = reader(value, from);
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error;
      return rejected(
        'INVALID_EVENT',
        `expected bytes that fit the Avro schema of the record, received ${error.message}`,
      );
    }
    return decoder.check(topic, input, now);
  }

  function read(found: KnownFormat, topic: string, value: Buffer, wire: WireValue, now: number): Decoded {
    if (found.kind === 'refused') return rejected('SCHEMA_UNKNOWN', found.message);
    if (found.kind === 'json') return json(topic, value, wire.from, now);
    return avro(topic, found.readerFor(fieldsOf.get(topic)), value, wire.from, now);
  }

  /** The registry's word, unless the batch has another one. */
  function settled(found: KnownFormat, schema: SchemaKey, refused: RefusedSchemas | undefined): KnownFormat {
    if (refused === undefined) return found;
    const message = refused.get(`${schema}`);
    if (message !== undefined) return { kind: 'refused', message };
    if (found.kind === 'refused') refused.set(`${schema}`, found.message);
    return found;
  }

  return {
    decode(topic, value, key, headers, now = clock(), refused) {
      if (value === null) {
        return rejected(
          'INVALID_EVENT',
          'expected an event, received a record without a value (is_deleted says that something is gone)',
        );
      }
      if (value.length > decoder.eventBytesMax) return tooLarge(value.length, decoder.eventBytesMax);
      const wire = readWireFormat(value, headers?.[schemaHeader]);
      if (wire === undefined) {
        if (plainJson === 'refuse') {
          return rejected(
            'SCHEMA_UNKNOWN',
            'expected a record that names its schema, received plain bytes (schemaRegistry.plainJson is refuse)',
          );
        }
        return withKey(json(topic, value, 0, now), key);
      }
      if (typeof wire === 'string') return rejected('SCHEMA_UNKNOWN', wire);
      if (schemas === undefined) {
        return rejected(
          'SCHEMA_UNKNOWN',
          `expected plain JSON, as no schemaRegistry.url is set, received a record of schema ${wire.schema}`,
        );
      }
      const answered = (found: KnownFormat) =>
        withKey(read(settled(found, wire.schema, refused), topic, value, wire, now), key);
      const found = schemas.find(wire.schema);
      if (!(found instanceof Promise)) return answered(found);
      const answer = found.then(answered);
      // A source that is closed lets go of what it was waiting for: that must not end the process.
      answer.catch(() => undefined);
      return answer;
    },
    get status() {
      return schemas?.status ?? { known: 0, lookups: 0, failures: 0, waiting: 0 };
    },
    close: () => schemas?.close(),
  };
}

function checkedKey(decoded: Decoded, key: Buffer | null): Decoded {
  if (decoded.event === undefined) return decoded;
  const { key: expected } = decoded.event;
  if (key === null) return rejected('WRONG_KEY', `expected the record's key to be ${show(expected)}, received none`);
  const received = key.toString('utf8');
  return received === expected
    ? decoded
    : rejected('WRONG_KEY', `expected the record's key to be ${show(expected)}, received ${show(received)}`);
}

function fieldNames({ schema }: Topic): ReadonlySet<string> | undefined {
  const { shape } = schema._zod.def as unknown as { shape?: object };
  return shape && new Set(Object.keys(shape));
}

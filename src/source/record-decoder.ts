import type { Decoded } from '../events/decode.ts';

/** Headers of a Kafka record, as kafkajs gives them. */
export type RecordHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/** The header that names the schema of a record, where its value does not. */
export const schemaHeader = '__value_schema_id';

/**
 * Schemas that could not be had while a batch was put together, and why: they are refused for all of it, and journalled
 * with it. When it is read again, the registry may know one of them, and its records must be refused all the same.
 */
export type RefusedSchemas = Map<string, string>;

/** Makes an event of a Kafka record. */
export interface RecordDecoder {
  /**
   * The record as a validated event, or why it is none. `topic` is the contract's name, without the configured prefix.
   * `now` is the batch's time, milliseconds since 1970 (the decoder's own clock without it): a batch that is read again
   * must be given the same, and the schemas that it refused. Those that are refused now are added to them.
   *
   * A promise while something has to be looked up first (a schema), also for as long as what is asked is down: the
   * caller waits, and so applies back pressure. It never rejects for that; it does when the decoder is closed.
   */
  decode(
    topic: string,
    value: Buffer | null,
    key: Buffer | null,
    headers?: RecordHeaders,
    now?: number,
    refused?: RefusedSchemas,
  ): Decoded | Promise<Decoded>;
}

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ParleyError } from '../../errors.ts';
import type { Log } from '../../runtime/log.ts';
import { type AvroReader, compileAvroReader } from './avro-reader.ts';
import type { RegisteredSchema, SchemaRegistry } from './client.ts';
import type { SchemaKey } from './wire-format.ts';

/** How records of a schema are read, or why they cannot be. */
export type KnownFormat =
  | { readonly kind: 'json' }
  | { readonly kind: 'avro'; readonly readerFor: (kept: ReadonlySet<string> | undefined) => AvroReader }
  | { readonly kind: 'refused'; readonly message: string };

export interface KnownSchemasOptions {
  readonly registry: SchemaRegistry;
  readonly log: Log;
  /** Schemas kept, at most; the oldest goes first. Default 1,000. */
  readonly schemasMax?: number;
  /** Milliseconds between tries while the registry is down: the first, and at most. Defaults 250 and 15,000. */
  readonly retryFirstMs?: number;
  readonly retryMaxMs?: number;
  /** Milliseconds after which an id that the registry did not know is asked for again. Default 60,000. */
  readonly unknownMs?: number;
}

/** For metrics. */
export interface SchemaStatus {
  /** Schemas that are read without asking. */
  readonly known: number;
  /** Look-ups begun, and tries of them that failed, since the start. */
  readonly lookups: number;
  readonly failures: number;
  /** Look-ups that wait for a registry that is down: its records wait with them. */
  readonly waiting: number;
}

/**
 * Schemas by their id, each asked for once. A look-up ends only with the registry's own word, that it has the schema or that it
 * has none: while it does not answer, or answers with anything else, the look-up waits and tries again, so that no event is
 * taken for a bad one because of a registry that is down, behind a proxy, or without its credentials.
 *
 * An id is `absent` (nobody asked), `pending` (one request, whoever asks waits for it), `known` (for good: ids are never given
 * again), or `unknown` (for `unknownMs`, as somebody may be pointing the registry at its right data).
 */
export class KnownSchemas {
  readonly #options: Required<KnownSchemasOptions>;
  readonly #known = new Map<SchemaKey, { readonly found: KnownFormat; readonly until: number }>();
  readonly #pending = new Map<SchemaKey, Promise<KnownFormat>>();
  readonly #closing = new AbortController();
  #lookups = 0;
  #failures = 0;
  #waiting = 0;

  constructor(options: KnownSchemasOptions) {
    // As many look-ups may wait at once as there are ids.
    setMaxListeners(0, this.#closing.signal);
    this.#options = { schemasMax: 1_000, retryFirstMs: 250, retryMaxMs: 15_000, unknownMs: 60_000, ...options };
  }

  get status(): SchemaStatus {
    return {
      known: this.#known.size,
      lookups: this.#lookups,
      failures: this.#failures,
      waiting: this.#waiting,
    };
  }

  /** At once when the schema is known. The promise rejects only after `close`, with PARLEY_REGISTRY_UNREACHABLE. */
  find(key: SchemaKey): KnownFormat | Promise<KnownFormat> {
    const known = this.#known.get(key);
    if (known !== undefined && (known.until === Number.POSITIVE_INFINITY || Date.now() < known.until)) {
      return known.found;
    }
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = this.#lookUp(key).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    return pending;
  }

  /** Ends the look-ups that wait. */
  close(): void {
    this.#closing.abort();
  }

  async #lookUp(key: SchemaKey): Promise<KnownFormat> {
    const { registry, retryFirstMs, unknownMs } = this.#options;
    this.#lookups++;
    let schema = await this.#insist(key, () => registry.schema(key));
    if (schema === undefined) {
      // A follower of the registry may be a moment behind the one that gave the id out.
      await this.#pause(retryFirstMs);
      schema = await this.#insist(key, () => registry.schema(key));
    }
    if (schema === undefined) {
      const message = `expected a schema that the registry knows, received ${nameOf(key)}`;
      return this.#keep(key, { kind: 'refused', message }, Date.now() + unknownMs);
    }
    return this.#keep(key, await this.#formatOf(key, schema), Number.POSITIVE_INFINITY);
  }

  async #formatOf(key: SchemaKey, schema: RegisteredSchema): Promise<KnownFormat> {
    if (schema.type === 'JSON') return { kind: 'json' };
    if (schema.type !== 'AVRO')
      return { kind: 'refused', message: `expected JSON Schema or Avro, received ${schema.type} (${nameOf(key)})` };
    const references: string[] = [];
    const missing = await this.#references(key, schema, references, new Set());
    if (missing !== undefined)
      return { kind: 'refused', message: `expected ${missing}, which ${nameOf(key)} refers to, in the registry` };
    try {
      compileAvroReader(schema.text, references);
    } catch (error) {
      return {
        kind: 'refused',
        message: `expected an Avro schema that can be read, received ${nameOf(key)}: ${messageOf(error)}`,
      };
    }
    return { kind: 'avro', readerFor: readersOf(schema.text, references) };
  }

  /** Adds what a schema refers to, each before those that refer to it; gives the name of one that is not there. */
  async #references(
    key: SchemaKey,
    { references }: RegisteredSchema,
    found: string[],
    seen: Set<string>,
  ): Promise<string | undefined> {
    for (const { subject, version } of references) {
      const name = `${subject} ${version}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const schema = await this.#insist(key, () => this.#options.registry.version(subject, version));
      if (schema === undefined) return name;
      const missing = await this.#references(key, schema, found, seen);
      if (missing !== undefined) return missing;
      found.push(schema.text);
    }
    return undefined;
  }

  async #insist<Answer>(key: SchemaKey, request: () => Promise<Answer>): Promise<Answer> {
    const { log, retryFirstMs, retryMaxMs } = this.#options;
    for (let tries = 1, waitMs = retryFirstMs; ; tries++, waitMs = Math.min(waitMs * 2, retryMaxMs)) {
      try {
        const answer = await request();
        if (tries > 1) {
          this.#waiting--;
          log.info({ schema: key, tries }, 'The Schema Registry answers again');
        }
        return answer;
      } catch (error) {
        this.#failures++;
        if (tries === 1) this.#waiting++;
        const { received, where } = error instanceof ParleyError ? error.detail : { received: messageOf(error) };
        const code = error instanceof ParleyError ? error.code : 'PARLEY_INTERNAL';
        log.warn(
          { code, received, where, schema: key, tries, retryInMs: waitMs },
          'Records wait for a schema: the Schema Registry cannot be asked',
        );
      }
      await this.#pause(waitMs);
    }
  }

  async #pause(waitMs: number): Promise<void> {
    try {
      await sleep(waitMs, undefined, { signal: this.#closing.signal });
    } catch (error) {
      throw new ParleyError('PARLEY_REGISTRY_UNREACHABLE', 'Stopped while waiting for the Schema Registry', {
        cause: error,
      });
    }
  }

  #keep(key: SchemaKey, found: KnownFormat, until: number): KnownFormat {
    this.#known.delete(key);
    this.#known.set(key, { found, until });
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#options.schemasMax) this.#known.delete(oldest!);
    return found;
  }
}

/** Compiles a reader once for each set of fields: each topic's. */
function readersOf(text: string, references: readonly string[]) {
  const readers = new Map<ReadonlySet<string> | undefined, AvroReader>();
  return (kept: ReadonlySet<string> | undefined): AvroReader => {
    let reader = readers.get(kept);
    if (reader === undefined) {
      reader = compileAvroReader(text, references, kept);
      readers.set(kept, reader);
    }
    return reader;
  };
}

function nameOf(key: SchemaKey): string {
  return typeof key === 'number' ? `schema id ${key}` : `schema ${key}`;
}

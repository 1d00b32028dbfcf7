import type { Client, Compatibility as LibraryCompatibility } from '@confluentinc/schemaregistry';
import { messageOf, ParleyError } from '../../errors.ts';
import type { SchemaKey } from './wire-format.ts';

export interface RegistryOptions {
  /** Such as `http://127.0.0.1:8081`; several, comma-separated, are asked in turn. */
  readonly url: string;
  /** Basic authentication. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Bearer authentication, instead of the former. */
  readonly token?: string | undefined;
  /** PEM texts. The system's authorities without `ca`. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly isUnverified?: boolean;
  };
  /** Milliseconds until a request counts as failed. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface RegisteredSchema {
  /** `JSON`, `AVRO`, `PROTOBUF`. */
  readonly type: string;
  readonly text: string;
  readonly references: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type Compatibility = (typeof compatibilityLevels)[number];

/**
 * A Confluent-compatible Schema Registry. One request a call: callers retry. Everything fails with
 * PARLEY_REGISTRY_UNREACHABLE when it does not answer as a registry does, PARLEY_REGISTRY_REFUSED when it says no.
 */
export interface SchemaRegistry {
  /** Undefined: the registry says that it has no such schema (its own 404, not one of a proxy or a mistyped path). */
  schema(key: SchemaKey): Promise<RegisteredSchema | undefined>;
  /** A version of a subject, `latest` for the newest. */
  version(subject: string, version: number | 'latest'): Promise<RegisteredSchema | undefined>;
  /** The id of a schema under a subject. Undefined: it is not registered there. */
  idOf(subject: string, schema: RegisteredSchema): Promise<number | undefined>;
  /** Registers a schema, or finds it, and gives its id. */
  register(subject: string, schema: RegisteredSchema): Promise<number>;
  /**
   * Undefined when a schema can follow the subject's newest, or the subject is new; else why it cannot, in the registry's
   * words, which may be none.
   */
  incompatibilities(subject: string, schema: RegisteredSchema): Promise<string[] | undefined>;
  setCompatibility(subject: string, level: Compatibility): Promise<void>;
}

/** What Confluent's error bodies say when a schema, a version or a subject is not there. */
const notFound = new Set([40401, 40402, 40403]);

/**
 * Loads the library with the first registry that is made, and of it only the two files that talk to the registry: the
 * rest (the key services of three clouds) takes 1.2 s and 50 MB more.
 */
export async function createRegistry(options: RegistryOptions): Promise<SchemaRegistry> {
  const [{ SchemaRegistryClient }, { RestService }] = await Promise.all([
    import('@confluentinc/schemaregistry/dist/schemaregistry-client.js'),
    import('@confluentinc/schemaregistry/dist/rest-service.js'),
  ]);
  const { Agent } = await import('node:https');
  const { url, username, password, token, tls, timeoutMs = 10_000 } = options;
  const { isUnverified = false, ...pem } = tls ?? {};
  const baseURLs = url.split(',').map((one) => one.trim().replace(/\/+$/, ''));
  const defaults = {
    timeout: timeoutMs,
    // A proxy's login page is no schema.
    maxRedirects: 0,
    ...(tls === undefined ? {} : { httpsAgent: new Agent({ ...pem, rejectUnauthorized: !isUnverified }) }),
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
  };
  const credentials =
    username === undefined || token !== undefined
      ? undefined
      : { credentialsSource: 'USER_INFO' as const, userInfo: `${username}:${password ?? ''}` };
  // The library's own retries are off: they would be silent.
  const client: Client = new SchemaRegistryClient({
    baseURLs,
    maxRetries: 0,
    createAxiosDefaults: defaults,
    ...(credentials === undefined ? {} : { basicAuthCredentials: credentials }),
  });
  const rest = new RestService(baseURLs, false, defaults, credentials, undefined, 0);
  const where = baseURLs.map(withoutCredentials).join(', ');

  async function asked<Answer>(request: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await request();
    } catch (error) {
      const { status, errorCode } = error as { status?: number; errorCode?: number };
      if (status === 404 && errorCode !== undefined && notFound.has(errorCode)) return undefined;
      throw registryError(error, where);
    }
  }

  // Not by the library's client: it has one look-up wait for another, and a cache of its own.
  const byId = (id: number) => asked(() => rest.handleRequest<object>(`/schemas/ids/${id}`, 'GET'));

  /** Registries that have no GUIDs answer them as they answer a mistyped path: then an id shows whether it is one. */
  async function byGuid(guid: string): Promise<{ data: object } | undefined> {
    try {
      return await rest.handleRequest<object>(`/schemas/guids/${guid}`, 'GET');
    } catch (error) {
      if ((error as { status?: number }).status !== 404) throw registryError(error, where);
      await byId(1);
      return undefined;
    }
  }

  return {
    async schema(key) {
      const answer = await (typeof key === 'number' ? byId(key) : byGuid(key));
      return answer && registered(answer.data, where);
    },
    async version(subject, version) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      // The library remembers the newest version for ever.
      const answer = await asked(() => rest.handleRequest<object>(path, 'GET'));
      return answer && registered(answer.data, where);
    },
    idOf: (subject, schema) => asked(() => client.getId(subject, sent(schema), false)),
    async register(subject, schema) {
      const id = await asked(() => client.register(subject, sent(schema), false));
      if (id === undefined) throw registryError(new Error('The registry has no such subject'), where);
      return id;
    },
    async incompatibilities(subject, schema) {
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
      const answer = await asked(() => {
        return rest.handleRequest<{ is_compatible: boolean; messages?: string[] }>(path, 'POST', sent(schema));
      });
      return answer === undefined || answer.data.is_compatible ? undefined : (answer.data.messages ?? []);
    },
    async setCompatibility(subject, level) {
      await asked(() => client.updateCompatibility(subject, level as LibraryCompatibility));
    },
  };
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

function sent({ type, text, references }: RegisteredSchema) {
  return { schemaType: type, schema: text, references: references.map((reference) => ({ ...reference })) };
}

/** Holds an answer to be one: what answers in place of a registry (a start page) may say 200 too. */
function registered(answer: unknown, where: string): RegisteredSchema {
  const { schema, schemaType = 'AVRO', references } = (answer ?? {}) as Record<string, unknown>;
  if (typeof schema !== 'string' || typeof schemaType !== 'string') {
    throw registryError(new Error('The answer holds no schema'), where);
  }
  const list = Array.isArray(references) ? (references as RegisteredSchema['references']) : [];
  return { type: schemaType, text: schema, references: list };
}

/** A refusal has a status of its own and a body in the registry's form; all else may mend itself. */
function registryError(error: unknown, where: string): ParleyError {
  if (error instanceof ParleyError) return error;
  const { status, errorCode } = error as { status?: number; errorCode?: number };
  const isRefusal =
    status === 401 ||
    status === 403 ||
    (status !== undefined && status < 500 && status !== 408 && status !== 429 && (errorCode ?? -1) > 0);
  // The cause is not kept: it holds the request with its credentials.
  const received = `${status === undefined ? '' : `HTTP ${status}: `}${messageOf(error)}`;
  return isRefusal
    ? new ParleyError('PARLEY_REGISTRY_REFUSED', 'The Schema Registry refused the request', { received, where })
    : new ParleyError('PARLEY_REGISTRY_UNREACHABLE', 'The Schema Registry does not answer', { received, where });
}

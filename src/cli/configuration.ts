import { readFileSync } from 'node:fs';
import { codeOf } from '../errors.ts';
import type { AssistantOptions } from '../processors/assistant/options.ts';
import type { ConversationsOptions } from '../processors/conversations/options.ts';
import type { TaskLimits } from '../runtime/task.ts';
import { configurationError, type Fault, near, show } from './configuration-faults.ts';
import { type ConfigurationKey, configurationKeys } from './configuration-keys.ts';
import { checkRelations } from './configuration-relations.ts';

/** The whole configuration, checked. Undefined: unset, and without a default. */
export interface Configuration {
  readonly app: string;
  readonly domains: readonly string[];
  readonly dataDir: string | undefined;
  readonly log: { readonly level: string };
  readonly clickhouse: {
    readonly url: string | undefined;
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly cluster: string | undefined;
    readonly httpPort: number;
    readonly tcpPort: number;
    readonly syncInserts: boolean;
  };
  readonly bi: { readonly username: string; readonly password: string | undefined };
  readonly kafka: {
    readonly brokers: readonly string[] | undefined;
    readonly topicPrefix: string;
    readonly sasl: {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
      readonly username: string | undefined;
      readonly password: string | undefined;
    };
    readonly tls: {
      readonly isEnabled: boolean;
      readonly caFile: string | undefined;
      readonly certFile: string | undefined;
      readonly keyFile: string | undefined;
    };
    readonly sessionTimeoutMs: number;
    readonly replicationFactor: number;
  };
  readonly schemaRegistry: {
    readonly url: string | undefined;
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly token: string | undefined;
    readonly caFile: string | undefined;
    readonly plainJson: 'accept' | 'refuse';
  };
  readonly seeds: { readonly dir: string | undefined };
  readonly compat: boolean;
  readonly state: { readonly dir: string };
  readonly http: { readonly host: string; readonly port: number };
  readonly run: { readonly workers: number; readonly stopMs: number };
  readonly batch: { readonly lingerMs: number; readonly eventsMax: number; readonly bytesMax: number };
  readonly checkpoint: { readonly intervalMs: number; readonly keysMax: number };
  readonly tests: { readonly dirs: readonly string[]; readonly freshness: boolean };
  readonly conversations: ConversationsOptions;
  readonly assistant: AssistantOptions;
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Tree = { [key: string]: unknown };

/** Variables that are no keys: where the file is; and tests end the process with the other, at a step of the commit path. */
const otherVariables = new Set(['PARLEY_CONFIG', 'PARLEY_CRASH_AFTER_STEP']);
/** What Kubernetes sets by itself in every container beside a service called `parley…`. */
const ofKubernetes = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?$/;

/**
 * Defaults, then `tree` (what a file holds, nested as its keys), then the environment, which wins. Everything is
 * checked, and every fault is told at once.
 *
 * Fails with PARLEY_CONFIGURATION.
 */
export function readConfiguration(environment: Environment, tree: unknown = {}): Configuration {
  const faults: Fault[] = [];
  const written = new Map<string, Written>();
  flatten(tree, '', written, faults);
  readEnvironment(environment, written, faults);
  const result: Tree = {};
  for (const key of configurationKeys) {
    const entry = written.get(key.path);
    set(result, key.path, entry === undefined ? key.default : checked(key, entry, faults));
  }
  if (faults.length === 0) checkRelations(result as unknown as Configuration, faults);
  if (faults.length > 0) throw configurationError(faults);
  return result as unknown as Configuration;
}

/** Paths of the keys that are written, in the tree or in the environment, whatever their values are. */
export function writtenKeys(environment: Environment, tree: unknown = {}): ReadonlySet<string> {
  const written = new Map<string, Written>();
  flatten(tree, '', written, []);
  readEnvironment(environment, written, []);
  return new Set(written.keys());
}

/** How big batches and checkpoints of a task may be. */
export function limitsOf({ batch, checkpoint }: Configuration): Partial<TaskLimits> {
  return {
    batchEventsMax: batch.eventsMax,
    batchBytesMax: batch.bytesMax,
    checkpointIntervalMs: checkpoint.intervalMs,
    checkpointKeysMax: checkpoint.keysMax,
  };
}

interface Written {
  readonly value: unknown;
  /** The key or the variable that it came from. */
  readonly where: string;
}

function flatten(value: unknown, path: string, written: Map<string, Written>, faults: Fault[]): void {
  if (configurationKeys.some((key) => key.path === path)) {
    if (value !== undefined && value !== null) written.set(path, { value, where: path });
    return;
  }
  const isSection = path === '' || configurationKeys.some((key) => key.path.startsWith(`${path}.`));
  if (isSection && (value === null || value === undefined)) return;
  if (isSection && typeof value === 'object' && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value as Tree)) {
      flatten(inner, path === '' ? name : `${path}.${name}`, written, faults);
    }
    return;
  }
  if (isSection) faults.push({ where: path || 'the file', expected: 'keys with values', received: show(value) });
  else faults.push({ where: path, expected: near(path, paths()), received: 'a key that Parley does not know' });
}

function readEnvironment(environment: Environment, written: Map<string, Written>, faults: Fault[]): void {
  const known = new Set(otherVariables);
  for (const key of configurationKeys) {
    known.add(key.environment);
    let text = environment[key.environment];
    let where = key.environment;
    if (key.isSecret === true) {
      const variable = `${key.environment}_FILE`;
      known.add(variable);
      const file = environment[variable];
      if (file && text) {
        faults.push({ where: variable, expected: `either it or ${where}`, received: 'both' });
      } else if (file) {
        where = variable;
        text = readSecret(variable, file, faults);
      }
    }
    // An empty variable is an unset one: that is how composed files and shells leave it out.
    if (text === undefined || (text === '' && key.isSecret !== true)) continue;
    const value = parsedValue(key, text);
    written.set(key.path, { value, where });
  }
  const names = configurationKeys.map((key) => key.environment);
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('PARLEY_') || known.has(name) || text === undefined) continue;
    if (ofKubernetes.test(name) || (name.endsWith('_PORT') && text.includes('://'))) continue;
    faults.push({ where: name, expected: near(name, names), received: 'a variable that Parley does not know' });
  }
}

function readSecret(variable: string, file: string, faults: Fault[]): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const received = `${file} (${codeOf(error) ?? 'unreadable'})`;
    faults.push({ where: variable, expected: 'a file that can be read', received });
    return undefined;
  }
}

/** What is no number, no boolean or no JSON stays a text, for the schema to refuse. */
function parsedValue({ kind }: ConfigurationKey, text: string): unknown {
  const trimmed = text.trim();
  if (kind === 'integer') return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : text;
  if (kind === 'list') return trimmed.split(',').map((item) => item.trim());
  if (kind === 'boolean') {
    if (/^(true|1|yes|on)$/i.test(trimmed)) return true;
    return /^(false|0|no|off)$/i.test(trimmed) ? false : text;
  }
  if (kind === 'json') {
    try {
      return JSON.parse(trimmed);
    } catch {
      return text;
    }
  }
  return text;
}

function checked(key: ConfigurationKey, { value, where }: Written, faults: Fault[]): unknown {
  const parsed = key.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues.slice(0, 3)) {
    const isNoNumber = key.kind === 'integer' && typeof value === 'string';
    const expected = isNoNumber
      ? 'a whole number'
      : issue.message.replace(/^[^:]*: (?=expected )/, '').replace(/^expected |, received .*$/g, '');
    const path = issue.path.length === 0 ? '' : `.${issue.path.join('.')}`;
    faults.push({ where: `${where}${path}`, expected, received: key.isSecret === true ? '[redacted]' : show(value) });
  }
  return undefined;
}

function set(tree: Tree, path: string, value: unknown): void {
  const [head, ...rest] = path.split('.');
  if (rest.length === 0) {
    tree[head!] = value;
    return;
  }
  tree[head!] ??= {};
  set(tree[head!] as Tree, rest.join('.'), value);
}

function paths(): string[] {
  return configurationKeys.map((key) => key.path);
}

import { readFileSync } from 'node:fs';
import { codeOf, ParleyError } from '../errors.ts';
import type { ConversationsOptions } from '../processors/conversations/options.ts';
import type { TaskLimits } from '../runtime/task.ts';
import { type ConfigurationKey, configurationKeys } from './configuration-keys.ts';

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
  };
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
  readonly state: { readonly dir: string };
  readonly http: { readonly host: string; readonly port: number };
  readonly run: { readonly workers: number; readonly stopMs: number };
  readonly batch: { readonly lingerMs: number; readonly eventsMax: number; readonly bytesMax: number };
  readonly checkpoint: { readonly intervalMs: number; readonly keysMax: number };
  readonly conversations: ConversationsOptions;
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

interface Fault {
  readonly where: string;
  readonly expected: string;
  readonly received: string;
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

function checkRelations({ clickhouse, kafka, schemaRegistry, conversations }: Configuration, faults: Fault[]): void {
  const beside = (where: string, expected: string) => faults.push({ where, expected, received: 'none' });
  const { mechanism, username, password } = kafka.sasl;
  if (mechanism !== undefined) {
    if (username === undefined) beside('kafka.sasl.mechanism', 'kafka.sasl.username beside it');
    if (password === undefined) beside('kafka.sasl.mechanism', 'kafka.sasl.password beside it');
  } else if (username !== undefined || password !== undefined) {
    const written = username === undefined ? 'password' : 'username';
    beside(`kafka.sasl.${written}`, 'kafka.sasl.mechanism beside it');
  }
  const { isEnabled, caFile, certFile, keyFile } = kafka.tls;
  if (certFile !== undefined && keyFile === undefined) beside('kafka.tls.certFile', 'kafka.tls.keyFile beside it');
  if (keyFile !== undefined && certFile === undefined) beside('kafka.tls.keyFile', 'kafka.tls.certFile beside it');
  if (!isEnabled && (caFile !== undefined || certFile !== undefined || keyFile !== undefined)) {
    const received = 'false, and a file for it';
    faults.push({ where: 'kafka.tls.isEnabled', expected: 'true, or no file beside it', received });
  }
  if (schemaRegistry.url === undefined) {
    for (const name of ['username', 'password', 'token', 'caFile'] as const) {
      if (schemaRegistry[name] !== undefined) beside(`schemaRegistry.${name}`, 'schemaRegistry.url beside it');
    }
    if (schemaRegistry.plainJson === 'refuse') {
      const expected = 'schemaRegistry.url beside it, or every event would be refused';
      faults.push({ where: 'schemaRegistry.plainJson', expected, received: 'none' });
    }
  }
  if (schemaRegistry.token !== undefined && (schemaRegistry.username ?? schemaRegistry.password) !== undefined) {
    const expected = 'either it, or schemaRegistry.username and .password';
    faults.push({ where: 'schemaRegistry.token', expected, received: 'both' });
  }
  if (clickhouse.url === undefined) {
    for (const name of ['username', 'password', 'cluster'] as const) {
      if (clickhouse[name] === undefined) continue;
      faults.push({ where: `clickhouse.${name}`, expected: 'clickhouse.url beside it', received: 'none' });
    }
  }
  if (clickhouse.httpPort === clickhouse.tcpPort && clickhouse.httpPort !== 0) {
    const received = String(clickhouse.tcpPort);
    faults.push({ where: 'clickhouse.tcpPort', expected: 'another port than clickhouse.httpPort', received });
  }
  if (conversations.sessionGapMinutes > 60 * Math.max(conversations.allowedLatenessHours, 1)) {
    const expected = 'no more than conversations.allowedLatenessHours, or sessions could not be corrected';
    const received = `${conversations.sessionGapMinutes} min`;
    faults.push({ where: 'conversations.sessionGapMinutes', expected, received });
  }
}

function configurationError(faults: readonly Fault[]): ParleyError {
  const [first] = faults;
  const several = faults.length > 1;
  return new ParleyError(
    'PARLEY_CONFIGURATION',
    `The configuration has ${several ? `${faults.length} faults` : 'a fault'}`,
    {
      expected: several ? faults.map(({ where, expected }) => `${where}: ${expected}`).join('; ') : first!.expected,
      received: several ? faults.map(({ where, received }) => `${where}: ${received}`).join('; ') : first!.received,
      where: faults.map(({ where }) => where).join(', '),
    },
  );
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

/** The known name that a wrong one is most like, by the pairs of letters that they share. */
function near(wrong: string, known: readonly string[]): string {
  const likeness = (name: string) => {
    const pairs = new Set(pairsOf(name));
    const shared = pairsOf(wrong).filter((pair) => pairs.has(pair)).length;
    return (2 * shared) / (pairs.size + wrong.length);
  };
  const best = [...known].sort((left, right) => likeness(right) - likeness(left))[0]!;
  return likeness(best) > 0.5 ? `perhaps ${best}` : 'one of the keys in docs/configuration.md';
}

function pairsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return Array.from({ length: Math.max(0, lower.length - 1) }, (_, index) => lower.slice(index, index + 2));
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

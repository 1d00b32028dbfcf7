import { type ClickHouseClient, queryRows, queryText } from '../client.ts';
import { failureOf } from '../failure.ts';
import type { BiCheck } from './checks.ts';

/** Rights that a reader must not have. They are asked for with CHECK GRANT, which uses none. */
const rights = [
  ...['INSERT', 'ALTER', 'CREATE TABLE', 'CREATE VIEW', 'CREATE DATABASE', 'CREATE DICTIONARY', 'CREATE FUNCTION'],
  ...['DROP TABLE', 'DROP DATABASE', 'TRUNCATE', 'OPTIMIZE', 'BACKUP', 'SYSTEM', 'CREATE USER', 'ALTER USER'],
];

/** Each tries to have the server read a file or ask an address. None of these can be there, so nothing is read. */
const sources: Readonly<Record<string, string>> = {
  'function file()': `SELECT file('/parley-doctor/nothing')`,
  'table function file()': `SELECT * FROM file('/parley-doctor/nothing', 'LineAsString')`,
  'url()': `SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'line String')`,
  's3()': `SELECT * FROM s3('http://127.0.0.1:1/bucket/nothing', 'LineAsString', 'line String')`,
  'remote()': `SELECT * FROM remote('127.0.0.1:1', 'system', 'one')`,
  'mysql()': `SELECT * FROM mysql('127.0.0.1:1', 'none', 'none', 'none', 'none')`,
  'postgresql()': `SELECT * FROM postgresql('127.0.0.1:1', 'none', 'none', 'none', 'none')`,
};

/** Settings that would let a reader out of its profile, or name a file or an address. */
const constraints: Readonly<Record<string, string>> = {
  readonly: 'SELECT 1 SETTINGS readonly = 0',
  allow_ddl: 'SELECT 1 SETTINGS allow_ddl = 1',
  max_memory_usage_for_user: 'SELECT 1 SETTINGS max_memory_usage_for_user = 0',
  format_template_row: `SELECT 1 SETTINGS format_template_row = '/parley-doctor/nothing'`,
  format_template_resultset: `SELECT 1 SETTINGS format_template_resultset = '/parley-doctor/nothing'`,
  format_schema: `SELECT 1 SETTINGS format_schema = 'parley-doctor:nothing'`,
  format_avro_schema_registry_url: `SELECT 1 SETTINGS format_avro_schema_registry_url = 'http://127.0.0.1:1/'`,
};

/** ClickHouse's numbers for: no right; not in readonly mode; no DDL; a constraint; a function that throws (throwIf). */
const refusals = new Set(['497', '164', '392', '452', '395']);

/** A refusal comes at once; some sources are tried again for minutes. */
const patienceMs = 3_000;

const actions = {
  writes:
    'Take these rights from the user: it needs SELECT and dictGet only. See deploy/clickhouse/users.d/parley.xml.',
  sources: 'Take READ and WRITE on sources from the user; else a question could carry data out, or reach your network.',
  constraints: 'Constrain these settings in the profile of the user, as deploy/clickhouse/users.d/parley.xml does.',
} as const;

const names = { writes: 'writes', sources: 'files and addresses', constraints: 'own limits' } as const;

/** Tries what the user of the BI tools must not do, without doing it. A finding lists what was not refused. */
export async function checkRefusals(
  client: ClickHouseClient,
  what: keyof typeof actions,
  isEmbedded: boolean,
): Promise<BiCheck> {
  const name = names[what];
  const { tried, allowed } = what === 'writes' ? await heldRights(client) : await notRefused(client, what);
  if (allowed.length === 0) return { name, status: 'ok', found: `${tried} refused` };
  const action = isEmbedded ? 'This is a fault of Parley. Please report it.' : actions[what];
  return { name, status: 'fail', found: `not refused: ${allowed.join(', ')}`, action };
}

interface Tried {
  readonly tried: number;
  readonly allowed: string[];
}

async function heldRights(client: ClickHouseClient): Promise<Tried> {
  const [row] = await queryRows<{ mode: string }>(client, `SELECT toString(getSetting('readonly')) AS mode`);
  const isWriter = row?.mode === '0';
  const allowed: string[] = [];
  for (const right of rights) {
    const answer = await queryText(client, `CHECK GRANT ${right} ON *.*`, 'TSV');
    // Readonly keeps one who has it from using it.
    if (answer.trim() === '1' && isWriter) allowed.push(right);
  }
  return { tried: rights.length, allowed };
}

async function notRefused(client: ClickHouseClient, what: 'sources' | 'constraints'): Promise<Tried> {
  const statements = Object.entries(what === 'sources' ? sources : constraints);
  const allowed: string[] = [];
  for (const [name, query] of statements) if (!(await isRefused(client, query))) allowed.push(name);
  return { tried: statements.length, allowed };
}

/** Any other error than a refusal means that the server set out to do it, and so does one that does not come at once. */
async function isRefused(client: ClickHouseClient, query: string): Promise<boolean> {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    const { stream } = await client.exec({ query, abort_signal: patience });
    for await (const _ of stream);
    return false;
  } catch (error) {
    if (patience.aborted) return false;
    const { error: failure, kind } = failureOf(error);
    if (kind === 'unreachable') throw failure;
    return refusals.has(String((failure.detail.cause as { code?: unknown } | undefined)?.code));
  }
}

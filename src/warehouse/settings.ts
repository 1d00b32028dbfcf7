import { ParleyError } from '../errors.ts';
import { type ClickHouseClient, queryRows } from './client.ts';
import { windowProblems } from './deduplication-windows.ts';
import { insertSettings } from './insert-settings.ts';

/** What does not hold, of that on which counting once depends. */
export interface SettingsProblem {
  /** A setting, or a table with its setting. */
  readonly what: string;
  readonly expected: string;
  readonly received: string;
}

/**
 * Since 24.7 a repeated block reaches the views behind a table that has it already, each of which then decides for
 * itself: what repairs an insert that failed half-way. 25.8 is the oldest line with long-term support that is taken.
 */
const oldestVersion = [25, 8] as const;

/**
 * Checks everything on the server that a retried insert depends on, for the landing tables of these databases and all
 * tables that materialized views fill from them. Fails with PARLEY_WAREHOUSE_SETTINGS, which lists all that is wrong.
 */
export async function checkSettings(client: ClickHouseClient, databases: readonly string[]): Promise<void> {
  const problems = await findProblems(client, databases);
  if (problems.length === 0) return;
  const lines = problems.map(({ what, expected, received }) => `${what}: expected ${expected}, received ${received}`);
  throw new ParleyError(
    'PARLEY_WAREHOUSE_SETTINGS',
    `ClickHouse does not have what counting once depends on:\n  ${lines.join('\n  ')}`,
    {
      expected: problems.map(({ what, expected }) => `${what} ${expected}`).join('; '),
      received: problems.map(({ what, received }) => `${what} ${received}`).join('; '),
      where: databases.join(', '),
    },
  );
}

async function findProblems(client: ClickHouseClient, databases: readonly string[]): Promise<SettingsProblem[]> {
  try {
    const version = await versionProblems(client);
    // An old server may not have the tables and settings that the other checks ask for.
    if (version.length > 0) return version;
    return [...(await userProblems(client)), ...(await windowProblems(client, databases))];
  } catch (error) {
    if (!isRefusedSetting(error)) throw error;
    return [{ what: 'settings of an insert', expected: 'a user who may set them', received: error.message }];
  }
}

function isRefusedSetting(error: unknown): error is ParleyError {
  if (!(error instanceof ParleyError) || error.code !== 'PARLEY_QUERY_FAILED') return false;
  return /^(READONLY|SETTING_CONSTRAINT_VIOLATION|UNKNOWN_SETTING) /.test(error.detail.received ?? '');
}

async function versionProblems(client: ClickHouseClient): Promise<SettingsProblem[]> {
  const [row] = await queryRows<{ version: string }>(client, 'SELECT version() AS version');
  const version = row?.version ?? '';
  const [year = 0, month = 0] = version.split('.').map(Number);
  const isNewEnough = year > oldestVersion[0] || (year === oldestVersion[0] && month >= oldestVersion[1]);
  return isNewEnough ? [] : [{ what: 'version', expected: `${oldestVersion.join('.')} or newer`, received: version }];
}

/** Sends the settings of an insert with a query that reads them back: is this user allowed to set them? */
async function userProblems(client: ClickHouseClient): Promise<SettingsProblem[]> {
  const asked: Record<string, string> = {};
  for (const [name, value] of Object.entries(insertSettings)) {
    if (name !== 'wait_end_of_query') asked[name] = String(value);
  }
  const values = await readSettings(client, [
    ...Object.keys(asked),
    'readonly',
    'deduplicate_insert',
    'input_format_connection_handling',
  ]);
  const problems: SettingsProblem[] = [];
  for (const [what, expected] of Object.entries(asked)) {
    const received = values.get(what) ?? 'no such setting';
    if (received !== expected) problems.push({ what, expected, received });
  }
  if (values.get('readonly') !== '0') {
    problems.push({ what: 'readonly', expected: '0', received: values.get('readonly') ?? 'unknown' });
  }
  // Both came with newer versions, and win over what is sent with an insert.
  if (values.get('deduplicate_insert') === 'disable') {
    problems.push({ what: 'deduplicate_insert', expected: 'enable', received: 'disable' });
  }
  if (values.get('input_format_connection_handling') === '1') {
    // It would take the first part of an insert whose sender died for the whole, under the token of the whole.
    problems.push({ what: 'input_format_connection_handling', expected: '0', received: '1' });
  }
  return problems;
}

async function readSettings(client: ClickHouseClient, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await queryRows<{ name: string; value: string }>(
    client,
    'SELECT name, value FROM system.settings WHERE name IN {names:Array(String)}',
    { names },
    insertSettings,
  );
  return new Map(rows.map(({ name, value }) => [name, value]));
}

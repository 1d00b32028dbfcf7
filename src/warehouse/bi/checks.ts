import { randomUUID } from 'node:crypto';
import { messageOf, ParleyError } from '../../errors.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { failureOf } from '../failure.ts';
import { unknownUser } from '../greeting.ts';
import { checkLookerStudio } from './looker-studio.ts';
import { checkRefusals } from './refusals.ts';
import { type BiTool, biTools } from './tools.ts';
import { checkViews, viewPattern } from './views.ts';

/** One thing that was tried as the user of the BI tools. `action` is there when something should be done. */
export interface BiCheck {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly action?: string;
}

export interface BiCheckOptions {
  /** Databases with views: those of the domains. */
  readonly databases: readonly string[];
  /** The URL that the client asks, for the ports of the same host. */
  readonly url: string;
  /** Whether the server is Parley's own. */
  readonly isEmbedded: boolean;
}

/** What a tool needs of `readonly`: 2 lets it change settings; 1 lets it change none; 0 lets it write. */
const readerMode = '2';

/**
 * Tries as the user of this client what BI tools do on connecting, and what they must not be able to do. It changes
 * nothing: rights to write are asked for, never used, and probes of files and addresses name ones that cannot be there.
 * Never fails: what cannot be asked is a failed check.
 */
export async function checkBi(client: ClickHouseClient, options: BiCheckOptions): Promise<BiCheck[]> {
  const checks: BiCheck[] = [];
  try {
    checks.push(await checkAccount(client));
  } catch (error) {
    // Without an answer to this all others would fail alike.
    return [notConnected(error)];
  }
  const view = await exampleView(client, options.databases).catch(() => undefined);
  for (const tool of biTools) {
    checks.push(await guarded(tool.name, () => checkTool(client, tool, view ?? nothingToRead)));
  }
  checks.push(await guarded('Looker Studio', () => checkLookerStudio(client, options)));
  checks.push(await guarded('writes', () => checkRefusals(client, 'writes', options.isEmbedded)));
  checks.push(await guarded('files and addresses', () => checkRefusals(client, 'sources', options.isEmbedded)));
  checks.push(await guarded('own limits', () => checkRefusals(client, 'constraints', options.isEmbedded)));
  for (const each of options.databases) checks.push(await guarded(each, () => checkViews(client, each)));
  return checks;
}

async function checkAccount(client: ClickHouseClient): Promise<BiCheck> {
  const name = 'account';
  const [row] = await queryRows<Record<'version' | 'user' | 'mode' | 'seconds', string>>(
    client,
    `SELECT version() AS version, currentUser() AS user, toString(getSetting('readonly')) AS mode,
       toString(toInt64(getSetting('max_execution_time'))) AS seconds`,
  );
  const { version = '', user = '', mode = '', seconds = '0' } = row ?? {};
  const found = `${user} on ClickHouse ${version}, readonly = ${mode}`;
  if (mode === '1') {
    const action = `Set readonly to 2 in the profile of ${user}: with 1 every tool that changes a setting is refused.`;
    return { name, status: 'fail', found, action };
  }
  if (mode !== readerMode) {
    const action = `Set readonly to 2 in the profile of ${user}, so that no right given by mistake lets it write.`;
    return { name, status: 'warn', found, action };
  }
  if (seconds === '0') {
    const action = `Set max_execution_time in the profile of ${user}, so that a question left alone ends.`;
    return { name, status: 'warn', found: `${found}, no limit of time`, action };
  }
  return { name, status: 'ok', found: `${found}, ${seconds} s a question` };
}

function notConnected(error: unknown): BiCheck {
  const { error: failure } = error instanceof ParleyError ? { error } : failureOf(error);
  const number = String((failure.detail.cause as { code?: unknown } | undefined)?.code);
  const action = unknownUser.has(number)
    ? 'Name a user of the server with bi.username, and its password with bi.password or PARLEY_BI_PASSWORD_FILE.'
    : failure.action;
  return { name: 'account', status: 'fail', found: firstLine(failure), action };
}

interface ExampleView {
  readonly database: string;
  readonly view: string;
}

/** Where no view can be seen, which is a finding of its own: what every server lets everybody read. */
const nothingToRead: ExampleView = { database: 'system', view: 'one' };

async function exampleView(client: ClickHouseClient, databases: readonly string[]): Promise<ExampleView | undefined> {
  const [row] = await queryRows<ExampleView>(
    client,
    `SELECT database, name AS view FROM system.tables
     WHERE database IN {databases:Array(String)} AND match(name, {pattern:String}) ORDER BY database, name LIMIT 1`,
    { databases, pattern: viewPattern },
  );
  return row;
}

/** Sends what the tool sends. Each statement goes to its end, since an error can come after the first bytes. */
async function checkTool(client: ClickHouseClient, tool: BiTool, { database, view }: ExampleView): Promise<BiCheck> {
  const session = tool.hasSession ? { session_id: `parley-doctor-${randomUUID()}` } : {};
  for (const statement of tool.statements) {
    const query = statement.replaceAll('{database}', database).replaceAll('{view}', view);
    try {
      const { stream } = await client.exec({ query, clickhouse_settings: { ...tool.settings }, ...session });
      for await (const _ of stream);
    } catch (error) {
      const { error: failure } = failureOf(error);
      const setting = refusedSetting(failure.message, tool);
      return {
        name: tool.name,
        status: 'fail',
        found: `${failure.detail.received ?? failure.code} at: ${query.slice(0, 80)}`,
        action:
          setting === undefined
            ? `${tool.name} asks this on connecting (${tool.driver}): let the user read it.`
            : `${tool.name} sets ${setting}: leave it changeable (readonly = 2, no constraint on it).`,
      };
    }
  }
  const found = `${Object.keys(tool.settings).length} settings and ${tool.statements.length} statements taken`;
  return { name: tool.name, status: 'ok', found };
}

function refusedSetting(message: string, tool: BiTool): string | undefined {
  if (!/readonly mode|should not be changed|shouldn't be|Cannot modify/.test(message)) return undefined;
  return Object.keys(tool.settings).find((name) => message.includes(name));
}

async function guarded(name: string, check: () => Promise<BiCheck>): Promise<BiCheck> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ParleyError)) return { name, status: 'fail', found: messageOf(error) };
    return { name, status: 'fail', found: firstLine(error), action: error.action };
  }
}

function firstLine({ code, message }: ParleyError): string {
  return `${code}: ${message.split('\n')[0]?.slice(0, 200)}`;
}

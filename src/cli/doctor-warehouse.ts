import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccount } from '../warehouse/accounts.ts';
import { type ClickHouseClient, type Connection, connect } from '../warehouse/client.ts';
import { plainLandingTables } from '../warehouse/deduplication-windows.ts';
import { findRunningServer } from '../warehouse/embedded/running.ts';
import { READER, startEmbeddedServer } from '../warehouse/embedded/server.ts';
import { type MigrateOptions, pendingMigrations } from '../warehouse/migrations.ts';
import { missingSeeds } from '../warehouse/seeds/load.ts';
import { checkSettings } from '../warehouse/settings.ts';
import { type Check, failing } from './doctor-machine.ts';
import type { Session } from './session.ts';

/** Asks ClickHouse: the configured server, the one that serves the folder, or one that is started for the checks. */
export async function checkWarehouse(session: Session, dataDir: string | undefined): Promise<Check[]> {
  const { url, username, password } = session.configuration.clickhouse;
  if (url !== undefined) {
    return checkServer(session, { url, username: username ?? 'default', password: password ?? '' }, true);
  }
  const running = dataDir === undefined ? undefined : await findRunningServer(dataDir, 2_000);
  if (running !== undefined) return checkServer(session, running, true);
  const hasWarehouse = dataDir !== undefined && existsSync(join(dataDir, 'clickhouse'));
  const folder = hasWarehouse ? dataDir : mkdtempSync(join(tmpdir(), 'parley-doctor-'));
  try {
    const { httpPort, tcpPort } = session.configuration.clickhouse;
    const server = await startEmbeddedServer({ dataDir: folder, httpPort, tcpPort, restart: false });
    try {
      return await checkServer(session, server, hasWarehouse);
    } finally {
      await server.stop();
    }
  } catch (error) {
    return [failing('ClickHouse', error)];
  } finally {
    if (!hasWarehouse) rmSync(folder, { recursive: true, force: true });
  }
}

type Writer = Required<Pick<Connection, 'url' | 'username' | 'password'>>;

async function checkServer(session: Session, writer: Writer, hasWarehouse: boolean): Promise<Check[]> {
  const domains = session.domains.map(({ name }) => name);
  const isConfigured = session.configuration.clickhouse.url !== undefined;
  const client = connect(writer);
  // The embedded server's own reader has no password, whatever is configured.
  const { username, password = '' } = isConfigured ? session.configuration.bi : { username: READER };
  const reader = connect({ url: writer.url, username, password });
  try {
    const checks = [await checkWriter(client, writer)];
    if (checks[0]?.status === 'fail') return checks;
    checks.push(await guarded('settings', () => settings(client, domains)));
    const migrated = await guarded('migrations', () => migrations(client, session.migrateOptions, hasWarehouse));
    checks.push(migrated);
    if (hasWarehouse && migrated.status === 'ok') checks.push(await guarded('seeds', () => seeds(client, session)));
    if (isConfigured) checks.push(await guarded('tables', () => plainTables(client, domains)));
    checks.push(await checkReader(reader, username, isConfigured));
    return checks;
  } finally {
    await client.close();
    await reader.close();
  }
}

function checkWriter(client: ClickHouseClient, { url, username }: Writer): Promise<Check> {
  return guarded('ClickHouse', async () => {
    const { version, canWrite } = await readAccount(client);
    const found = `${version} at ${url}, user ${username}`;
    if (canWrite) return { name: 'ClickHouse', status: 'ok', found };
    const action = `Let ${username} create and write: see docs/configuration.md.`;
    return { name: 'ClickHouse', status: 'fail', found: `${found}, which cannot write`, action };
  });
}

async function settings(client: ClickHouseClient, domains: readonly string[]): Promise<Check> {
  await checkSettings(client, ['orchestrator', ...domains]);
  return { name: 'settings', status: 'ok', found: 'a repeated insert leaves one copy' };
}

async function migrations(client: ClickHouseClient, options: MigrateOptions, hasWarehouse: boolean): Promise<Check> {
  const pending = await pendingMigrations(client, options);
  if (pending.length === 0) return { name: 'migrations', status: 'ok', found: 'up to date' };
  if (!hasWarehouse)
    return { name: 'migrations', status: 'ok', found: `${pending.length} to apply to a new warehouse` };
  const action = 'Run `parley migrate`; `replay` and `serve` do it too.';
  return { name: 'migrations', status: 'warn', found: `${pending.length} pending`, action };
}

/** `parley run` loads none, as it migrates nothing. */
async function seeds(client: ClickHouseClient, session: Session): Promise<Check> {
  const name = 'seeds';
  const missing = await missingSeeds(client, session.domains);
  if (missing.length === 0) return { name, status: 'ok', found: 'loaded' };
  const action = 'Run `parley migrate` or `parley seed`: until then views do without them.';
  return { name, status: 'warn', found: `not loaded: ${missing.join(', ')}`, action };
}

/** The embedded server's are mended before each start; those of a server of one's own are not. */
async function plainTables(client: ClickHouseClient, domains: readonly string[]): Promise<Check> {
  const name = 'tables';
  const plain = await plainLandingTables(client, ['orchestrator', ...domains]);
  if (plain.length === 0)
    return { name, status: 'ok', found: 'no landing table that a crash could make lose an insert' };
  const found = `${plain.length} landing tables are plain: a crash of the server at a bad moment can lose an insert`;
  return { name, status: 'warn', found, action: 'See docs/operators-cluster.md, "Plain tables".' };
}

async function checkReader(client: ClickHouseClient, username: string, isConfigured: boolean): Promise<Check> {
  const name = 'BI user';
  try {
    const { canWrite } = await readAccount(client);
    if (!canWrite) return { name, status: 'ok', found: `${username} reads and cannot write` };
    return { name, status: 'fail', found: `${username} can write`, action: `Take writing from ${username}.` };
  } catch (error) {
    if (!isConfigured) return failing(name, error);
    const action = 'Make a read-only user for BI tools, and name it with bi.username and bi.password.';
    return { name, status: 'warn', found: `${username} cannot connect`, action };
  }
}

async function guarded(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return failing(name, error);
  }
}

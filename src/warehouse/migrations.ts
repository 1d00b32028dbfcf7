import { ClickHouseError } from '@clickhouse/client';
import { messageOf, ParleyError } from '../errors.ts';
import { type ClickHouseClient, queryRows } from './client.ts';
import { failureOf } from './failure.ts';
import { firstDomain, type MigrationFile, readMigrationFiles } from './migration-files.ts';

export interface MigrateOptions {
  /** Names of domains; `orchestrator` is always among them. Default: all. */
  readonly domains?: readonly string[];
  /** Default: the folder `clickhouse` of this package. */
  readonly dir?: string;
}

export interface AppliedMigration {
  readonly domain: string;
  readonly name: string;
  readonly elapsedMs: number;
}

/**
 * Applies what is not applied yet, file by file, and returns that. Each file is recorded, with its checksum, when all of
 * its statements have succeeded; one that a crash cut short is run again from its start, so every statement of a file
 * must do nothing the second time (IF NOT EXISTS). Two processes may migrate at once, for the same reason.
 *
 * Fails with PARLEY_MIGRATION_CHANGED before it changes anything, with PARLEY_WAREHOUSE_REFUSED and the place of the
 * statement, or with PARLEY_WAREHOUSE_UNREACHABLE.
 */
export async function migrate(client: ClickHouseClient, options: MigrateOptions = {}): Promise<AppliedMigration[]> {
  const pending = await pendingMigrations(client, options);
  if (pending.length > 0) await createRecord(client);
  const applied: AppliedMigration[] = [];
  for (const file of pending) applied.push(await apply(client, file));
  return applied;
}

/** Migrations that `migrate` would apply. Fails with PARLEY_MIGRATION_CHANGED when an applied one has been edited. */
export async function pendingMigrations(
  client: ClickHouseClient,
  options: MigrateOptions = {},
): Promise<MigrationFile[]> {
  const files = readMigrationFiles(options);
  const recorded = await readRecord(client);
  return files.filter((file) => {
    const checksum = recorded.get(`${file.domain}/${file.name}`);
    if (checksum !== undefined && checksum !== file.checksum) {
      throw new ParleyError(
        'PARLEY_MIGRATION_CHANGED',
        `The applied migration ${file.domain}/${file.name} was edited`,
        {
          expected: `checksum ${checksum}`,
          received: `checksum ${file.checksum}`,
          where: file.path,
        },
      );
    }
    return checksum === undefined;
  });
}

/** ClickHouse's errors for a table, or a database, that does not exist. */
const missing = new Set(['60', '81']);

/** Checksums by `domain/name`. */
async function readRecord(client: ClickHouseClient): Promise<Map<string, string>> {
  try {
    const rows = await queryRows<{ migration: string; checksum: string }>(
      client,
      `SELECT concat(domain, '/', name) AS migration, checksum FROM ${firstDomain}.migrations FINAL`,
    );
    return new Map(rows.map(({ migration, checksum }) => [migration, checksum]));
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof ClickHouseError && missing.has(cause.code)) return new Map();
    throw error;
  }
}

/** The record is not a migration, because it has to be there before the first. */
async function createRecord(client: ClickHouseClient): Promise<void> {
  const statements = [
    `CREATE DATABASE IF NOT EXISTS ${firstDomain} ENGINE = Atomic
     COMMENT 'What Parley itself did: batches, log lines, dead letters, migrations.'`,
    `CREATE TABLE IF NOT EXISTS ${firstDomain}.migrations
     (
         domain LowCardinality(String) COMMENT 'Domain: a folder in clickhouse/.',
         name String COMMENT 'File name without its ending: NNNN-name.',
         checksum String COMMENT 'SHA-256 of its text, in hexadecimal.',
         applied_at DateTime64(3, 'UTC') COMMENT 'When its last statement had succeeded.',
         elapsed_ms UInt32 COMMENT 'Milliseconds that it took.'
     )
     ENGINE = ReplacingMergeTree(applied_at)
     ORDER BY (domain, name)
     COMMENT 'Migrations that have been applied.'`,
  ];
  for (const statement of statements) await run(client, statement, `${firstDomain}.migrations`);
}

async function apply(client: ClickHouseClient, file: MigrationFile): Promise<AppliedMigration> {
  const start = performance.now();
  for (const { text, line } of file.statements) await run(client, text, `${file.path}:${line}`);
  const elapsedMs = Math.round(performance.now() - start);
  const { domain, name, checksum } = file;
  await run(
    client,
    `INSERT INTO ${firstDomain}.migrations (domain, name, checksum, applied_at, elapsed_ms)
     SELECT {domain:String}, {name:String}, {checksum:String}, now64(3, 'UTC'), {elapsedMs:UInt32}`,
    file.path,
    { domain, name, checksum, elapsedMs },
  );
  return { domain, name, elapsedMs };
}

async function run(
  client: ClickHouseClient,
  query: string,
  where: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  try {
    await client.command({ query, query_params: { ...parameters } });
  } catch (error) {
    const { code, detail } = failureOf(error).error;
    throw new ParleyError(code, `A migration failed: ${messageOf(error).trim()}`, { ...detail, where });
  }
}

import { messageOf, ParleyError } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';
import { clusterStatements } from './cluster/rewrite.ts';
import { checkTopology, readTopology, shardingOf } from './cluster/topology.ts';
import { failureOf } from './failure.ts';
import { firstDomain, type MigrationFile, readMigrationFiles } from './migration-files.ts';
import { clusterDomain, type MigrationRecord, readRecord, recordStatements } from './migration-record.ts';
import { checkNamedCollection, needsNamedCollection } from './named-collection.ts';

export interface MigrateOptions {
  /** Names of domains; `orchestrator` is always among them. Default: all. */
  readonly domains?: readonly string[];
  /** Default: the folder `clickhouse` of this package. */
  readonly dir?: string;
  /**
   * Name of a ClickHouse cluster: the objects are made on all of its servers, Replicated and Distributed. A warehouse
   * that was migrated so remembers it, and need not be told again. Default: the one server that is asked.
   */
  readonly cluster?: string | undefined;
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
 * Fails before it changes anything with PARLEY_MIGRATION_CHANGED, PARLEY_MIGRATION_SHAPE, PARLEY_CLUSTER_CHANGED,
 * PARLEY_CLUSTER_UNFIT or PARLEY_NAMED_COLLECTION; with PARLEY_WAREHOUSE_REFUSED and the place of the statement; or with
 * PARLEY_WAREHOUSE_UNREACHABLE.
 */
export async function migrate(client: ClickHouseClient, options: MigrateOptions = {}): Promise<AppliedMigration[]> {
  const record = await readRecord(client);
  const pending = pendingIn(record, options);
  const cluster = targetCluster(record, options.cluster);
  const sharding = cluster === undefined ? undefined : await shardingNow(client, cluster, record, pending.length > 0);
  if (pending.length === 0) return [];
  const scripts = pending.map((file) => ({ file, statements: statementsOf(file, cluster) }));

  for (const statement of recordStatements(cluster)) await run(client, statement, `${firstDomain}.migrations`);
  if (cluster !== undefined && sharding !== undefined) await recordCluster(client, cluster, sharding);
  if (scripts.some(({ statements }) => statements.some(({ text }) => needsNamedCollection(text)))) {
    await checkNamedCollection(client);
  }
  const applied: AppliedMigration[] = [];
  for (const { file, statements } of scripts) {
    const start = performance.now();
    for (const { text, where } of statements) await run(client, text, where);
    const elapsedMs = Math.round(performance.now() - start);
    const { domain, name, checksum } = file;
    await note(client, { domain, name, checksum, elapsedMs }, file.path);
    applied.push({ domain, name, elapsedMs });
  }
  return applied;
}

/**
 * Migrations that `migrate` would apply. Fails with PARLEY_MIGRATION_CHANGED when an applied one has been edited, and as
 * `migrate` does when the warehouse is not, or no longer, the cluster that it should be.
 */
export async function pendingMigrations(
  client: ClickHouseClient,
  options: MigrateOptions = {},
): Promise<MigrationFile[]> {
  const record = await readRecord(client);
  const pending = pendingIn(record, options);
  const cluster = targetCluster(record, options.cluster);
  if (cluster !== undefined) await shardingNow(client, cluster, record, false);
  return pending;
}

function pendingIn(record: MigrationRecord | undefined, options: MigrateOptions): MigrationFile[] {
  return readMigrationFiles(options).filter((file) => {
    const checksum = record?.checksums.get(`${file.domain}/${file.name}`);
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

/** The cluster to migrate for. A warehouse stays what it was made as: its rows lie where they lie. */
function targetCluster(record: MigrationRecord | undefined, wanted: string | undefined): string | undefined {
  const made = record?.cluster?.name;
  const isNew = record === undefined || (made === undefined && record.checksums.size === 0);
  if (isNew || wanted === undefined || wanted === made) return wanted ?? made;
  throw clusterChanged(
    made === undefined ? 'These databases were made for one server' : 'These databases were made for another cluster',
    made === undefined ? 'no cluster' : `cluster ${made}`,
    `cluster ${wanted}`,
  );
}

/**
 * How the cluster is sharded. Fails when that has changed, and, before objects are made, when it cannot hold them. A
 * replica that came later has no record yet, and learns of the change once it has one.
 */
async function shardingNow(
  client: ClickHouseClient,
  cluster: string,
  record: MigrationRecord | undefined,
  isMaking: boolean,
): Promise<string> {
  const topology = await readTopology(client, cluster);
  if (isMaking) await checkTopology(client, topology);
  const sharding = shardingOf(topology);
  checkSharding(record, sharding);
  return sharding;
}

function checkSharding(record: MigrationRecord | undefined, sharding: string): void {
  const before = record?.cluster?.sharding;
  if (before === undefined || before === sharding) return;
  throw clusterChanged('The cluster is sharded otherwise than when its tables were made', before, sharding);
}

function clusterChanged(message: string, expected: string, received: string): ParleyError {
  return new ParleyError('PARLEY_CLUSTER_CHANGED', message, { expected, received, where: `${firstDomain}.migrations` });
}

/** Before the first table, so that no table is ever there without a record of how it is sharded. */
async function recordCluster(client: ClickHouseClient, cluster: string, sharding: string): Promise<void> {
  // A server that came later has only now begun to copy the record: how the others are sharded must not be missed.
  await run(client, `SYSTEM SYNC REPLICA ${firstDomain}.migrations`, cluster);
  const record = await readRecord(client);
  checkSharding(record, sharding);
  if (record?.cluster !== undefined) return;
  await note(client, { domain: clusterDomain, name: cluster, checksum: sharding, elapsedMs: 0 }, cluster);
}

function statementsOf(file: MigrationFile, cluster: string | undefined): { text: string; where: string }[] {
  return file.statements.flatMap((statement) => {
    const texts = cluster === undefined ? [statement.text] : clusterStatements(statement, cluster, file.path);
    return texts.map((text) => ({ text, where: `${file.path}:${statement.line}` }));
  });
}

interface Entry {
  readonly domain: string;
  readonly name: string;
  readonly checksum: string;
  readonly elapsedMs: number;
}

async function note(client: ClickHouseClient, entry: Entry, where: string): Promise<void> {
  await run(
    client,
    `INSERT INTO ${firstDomain}.migrations (domain, name, checksum, applied_at, elapsed_ms)
     SELECT {domain:String}, {name:String}, {checksum:String}, now64(3, 'UTC'), {elapsedMs:UInt32}`,
    where,
    { ...entry },
  );
}

async function run(
  client: ClickHouseClient,
  query: string,
  where: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  try {
    // ON CLUSTER answers server by server: one that fails late would stand in the middle of an answer that began well.
    const clickhouse_settings = { wait_end_of_query: 1 } as const;
    await client.command({ query, query_params: { ...parameters }, clickhouse_settings });
  } catch (error) {
    const { code, detail } = failureOf(error).error;
    throw new ParleyError(code, `A migration failed: ${messageOf(error).trim()}`, { ...detail, where });
  }
}

import { ClickHouseError } from '@clickhouse/client';
import { type ClickHouseClient, queryRows } from './client.ts';
import { databaseOnCluster, everywhereTable } from './cluster/rewrite.ts';
import { firstDomain } from './migration-files.ts';

/** What has been applied to a warehouse. */
export interface MigrationRecord {
  /** Checksums by `domain/name`. */
  readonly checksums: ReadonlyMap<string, string>;
  /** The cluster that the objects were made for, and how it is sharded; undefined for one server. */
  readonly cluster: { readonly name: string; readonly sharding: string } | undefined;
}

/** In the record, what stands in place of the domain for the cluster. No folder of migrations has such a name. */
export const clusterDomain = '(cluster)';

/** ClickHouse's errors for a table, or a database, that does not exist. */
const missing = new Set(['60', '81']);

/** Undefined when the server has no record: it is new, or a replica that came later. */
export async function readRecord(client: ClickHouseClient): Promise<MigrationRecord | undefined> {
  try {
    const rows = await queryRows<{ domain: string; name: string; checksum: string }>(
      client,
      `SELECT domain, name, checksum FROM ${firstDomain}.migrations FINAL`,
    );
    const own = rows.find(({ domain }) => domain === clusterDomain);
    const files = rows.filter(({ domain }) => domain !== clusterDomain);
    return {
      checksums: new Map(files.map(({ domain, name, checksum }) => [`${domain}/${name}`, checksum])),
      cluster: own && { name: own.name, sharding: own.checksum },
    };
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof ClickHouseError && missing.has(cause.code)) return undefined;
    throw error;
  }
}

const database = `CREATE DATABASE IF NOT EXISTS ${firstDomain} ENGINE = Atomic
COMMENT 'What Parley itself did: batches, log lines, dead letters, migrations.'`;

const table = `CREATE TABLE IF NOT EXISTS ${firstDomain}.migrations
(
    domain LowCardinality(String) COMMENT 'Domain: a folder in clickhouse/.',
    name String COMMENT 'File name without its ending: NNNN-name.',
    checksum String COMMENT 'SHA-256 of its text, in hexadecimal.',
    applied_at DateTime64(3, 'UTC') COMMENT 'When its last statement had succeeded.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that it took.'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (domain, name)
COMMENT 'Migrations that have been applied.'`;

/** The record is not a migration, because it has to be there before the first. On a cluster every server has it whole. */
export function recordStatements(cluster: string | undefined): string[] {
  return cluster === undefined
    ? [database, table]
    : [databaseOnCluster(database, cluster), everywhereTable(table, cluster)];
}

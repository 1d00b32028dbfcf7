import type { MigrationFile } from '../migration-files.ts';
import { recordStatements } from '../migration-record.ts';
import { clusterStatements } from './rewrite.ts';

/**
 * Migrations as one script in their cluster form, for a person to read, or for a client to run: nothing of it does
 * anything the second time. It is committed in `clickhouse/schema/cluster/`, so that a change shows in review.
 *
 * Fails with PARLEY_MIGRATION_SHAPE.
 */
export function clusterScript(files: readonly MigrationFile[], cluster: string): string {
  const record = recordStatements(cluster).map(ended);
  const scripts = files.map((file) => {
    const statements = file.statements.flatMap((statement) => clusterStatements(statement, cluster, file.path));
    return [`-- ${file.domain}/${file.name}`, ...statements.map(ended)].join('\n\n');
  });
  const head = `-- For the ClickHouse cluster ${cluster}: generated from clickhouse/*/NNNN-name.sql. Do not edit: write a migration.`;
  return `${[head, ...record, ...scripts].join('\n\n')}\n`;
}

function ended(statement: string): string {
  return `${statement};`;
}

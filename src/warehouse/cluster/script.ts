import { firstDomain, type MigrationFile } from '../migration-files.ts';
import { recordStatements } from '../migration-record.ts';
import { clusterStatements } from './rewrite.ts';

/**
 * Migrations as one script in their cluster form, for a person to read, or for a client to run: nothing of it does
 * anything the second time. Kept in `clickhouse/schema/cluster/`, so that a change of the form shows in review.
 *
 * Fails with PARLEY_MIGRATION_SHAPE.
 */
export function clusterScript(files: readonly MigrationFile[], cluster: string): string {
  const hasRecord = files.some(({ domain }) => domain === firstDomain);
  const sections = files.map((file) => {
    const statements = file.statements.flatMap((statement) => clusterStatements(statement, cluster, file.path));
    return section(`${file.domain}/${file.name}`, statements);
  });
  const head = [
    `-- For the ClickHouse cluster ${cluster}, by \`parley migrate --cluster ${cluster} --print\`.`,
    '-- Generated from clickhouse/*/NNNN-name.sql. Do not edit: write a migration.',
  ].join('\n');
  const record = hasRecord ? [section('the record of migrations', recordStatements(cluster))] : [];
  return `${[head, ...record, ...sections].join('\n\n')}\n`;
}

function section(title: string, statements: readonly string[]): string {
  return [`-- ${title}`, ...statements.map((statement) => `${statement};`)].join('\n\n');
}

import { type ClickHouseClient, queryRows } from './client.ts';

/**
 * What the migrations of a database lead to, as SQL: every table, view and dictionary with its columns and comments, in
 * the order of their names. It is committed in `clickhouse/schema/`, so that a change shows in review.
 */
export async function schemaSnapshot(client: ClickHouseClient, database: string): Promise<string> {
  const tables = await queryRows<{ statement: string }>(
    client,
    `SELECT formatQuery(create_table_query) AS statement FROM system.tables
     WHERE database = {database:String} AND NOT is_temporary ORDER BY name`,
    { database },
  );
  const [own] = await queryRows<{ comment: string }>(
    client,
    'SELECT comment FROM system.databases WHERE name = {database:String}',
    { database },
  );
  const head = [
    `-- Database ${database}: ${own?.comment ?? ''}`,
    '-- Generated from a migrated server by `npm run schemas`. Do not edit: write a migration.',
  ].join('\n');
  // Whoever migrates is the definer of a view.
  const statements = tables.map(({ statement }) => `${statement.replace(/\nDEFINER = \S+/, '').trim()};\n`);
  return `${head}\n\n${statements.join('\n')}`;
}

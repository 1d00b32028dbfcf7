import { type ClickHouseClient, queryRows } from '../client.ts';
import { failureOf } from '../failure.ts';
import type { BiCheck } from './checks.ts';

/** The views that people read, by their names; everything else in a database is storage. */
export const viewPattern = '^(fact|dim|agg)_';

interface View {
  readonly name: string;
  readonly comment: string;
  /** Columns without a comment, and columns of a type that no tool can show. */
  readonly silent: readonly string[];
  readonly opaque: readonly string[];
}

/** Whether every view of a database can be read, says what it is, and has types that tools can show. */
export async function checkViews(client: ClickHouseClient, database: string): Promise<BiCheck> {
  const views = await queryRows<View>(
    client,
    `SELECT tables.name AS name, any(tables.comment) AS comment,
       groupArrayIf(columns.name, columns.comment = '') AS silent,
       groupArrayIf(columns.name, columns.type LIKE '%AggregateFunction%') AS opaque
     FROM system.tables AS tables
     INNER JOIN system.columns AS columns ON columns.database = tables.database AND columns.table = tables.name
     WHERE tables.database = {database:String} AND match(tables.name, {pattern:String})
     GROUP BY name ORDER BY name`,
    { database, pattern: viewPattern },
  );
  if (views.length === 0) {
    const action = 'Run `parley migrate`, or let the user read the database.';
    return { name: database, status: 'fail', found: 'no views can be seen', action };
  }
  const unreadable: string[] = [];
  for (const { name } of views) {
    const reason = await reasonUnreadable(client, database, name);
    if (reason !== undefined) unreadable.push(`${name} (${reason})`);
  }
  if (unreadable.length > 0) {
    const action = 'Let the user read the database, and dictGet; `parley doctor` says whether migrations are pending.';
    return { name: database, status: 'fail', found: `cannot be read: ${unreadable.join(', ')}`, action };
  }
  const opaque = views.flatMap(({ name, opaque }) => opaque.map((column) => `${name}.${column}`));
  const silent = views.flatMap(({ name, comment, silent }) => [
    ...(comment === '' ? [name] : []),
    ...silent.map((column) => `${name}.${column}`),
  ]);
  if (opaque.length + silent.length > 0) {
    const found = `without a comment or a plain type: ${[...silent, ...opaque].slice(0, 5).join(', ')}`;
    return { name: database, status: 'warn', found, action: 'Run `parley migrate` with this version of Parley.' };
  }
  return { name: database, status: 'ok', found: `${views.length} views read, every column says what it is` };
}

async function reasonUnreadable(client: ClickHouseClient, database: string, view: string): Promise<string | undefined> {
  try {
    await queryRows(client, 'SELECT * FROM {database:Identifier}.{view:Identifier} LIMIT 1', { database, view });
    return undefined;
  } catch (error) {
    return (error as { detail?: { received?: string } }).detail?.received ?? failureOf(error).kind;
  }
}

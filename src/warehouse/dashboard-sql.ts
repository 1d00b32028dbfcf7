import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, ParleyError } from '../errors.ts';
import { migrationsFolder } from './migration-files.ts';
import { splitStatements } from './sql-statements.ts';

/** A question of the dashboard, `clickhouse/dashboard/<domain>/<name>.sql`: one SELECT with bound parameters. */
export interface DashboardQuery {
  readonly domain: string;
  readonly name: string;
  readonly path: string;
  readonly sql: string;
  /** Types of the parameters `{name:Type}` that it binds, by their names. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** By `<domain>/<name>`. */
export type DashboardQueries = ReadonlyMap<string, DashboardQuery>;

/** A span of days, and lists of values by which rows are chosen: nothing else comes from an address. */
const knownTypes = ['Date', 'Array(String)'];

/** All questions of the dashboard. Fails with PARLEY_INTERNAL for a file that is none. */
export function readDashboardQueries(folder: string = join(migrationsFolder, 'dashboard')): DashboardQueries {
  const queries = new Map<string, DashboardQuery>();
  try {
    for (const domain of readdirSync(folder).sort()) {
      for (const file of readdirSync(join(folder, domain)).sort()) {
        if (!file.endsWith('.sql')) continue;
        const query = readQuery(domain, file.slice(0, -4), join(folder, domain, file));
        queries.set(`${domain}/${query.name}`, query);
      }
    }
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    const message = `The questions of the dashboard cannot be read: ${messageOf(error)}`;
    throw new ParleyError('PARLEY_INTERNAL', message, { where: folder, cause: error });
  }
  return queries;
}

function readQuery(domain: string, name: string, path: string): DashboardQuery {
  const statements = splitStatements(readFileSync(path, 'utf8').replaceAll('\r\n', '\n'));
  const [statement] = statements;
  if (statement === undefined || statements.length > 1) {
    throw new ParleyError('PARLEY_INTERNAL', 'A question of the dashboard is one statement', {
      expected: 'one SELECT',
      received: `${statements.length} statements`,
      where: path,
    });
  }
  const parameters = new Map<string, string>();
  for (const [, parameter = '', type = ''] of statement.text.matchAll(/\{(\w+)\s*:\s*([^}]+)\}/g)) {
    if (!knownTypes.includes(type)) {
      throw new ParleyError('PARLEY_INTERNAL', `A question of the dashboard binds ${parameter} as another type`, {
        expected: knownTypes.join(' or '),
        received: type,
        where: path,
      });
    }
    parameters.set(parameter, type);
  }
  return { domain, name, path, sql: statement.text, parameters };
}

import { type ClickHouseClient, queryRows } from '../client.ts';
import { masked } from '../cluster/statement-shape.ts';
import { firstDomain, readMigrationFiles } from '../migration-files.ts';
import { recordStatements } from '../migration-record.ts';

export type ObjectKind = 'table' | 'view' | 'dictionary';

/** A table, view or dictionary that migrations made, as the server has it. */
export interface WarehouseObject {
  readonly domain: string;
  /** `database.name`. */
  readonly name: string;
  readonly kind: ObjectKind;
  readonly comment: string;
  /** The statement that would make it. */
  readonly statement: string;
  /** Tables that a dictionary is loaded from, as `database.name`. */
  readonly loadedFrom: readonly string[];
}

/** The names of all that the migrations of these domains make, by name, with the domain. Asks no server. */
export function migratedNames(domains: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const add = (domain: string, statement: string): void => {
    const name = madeBy(statement);
    if (name !== undefined) names.set(name, domain);
  };
  // The record of migrations is none itself.
  for (const statement of recordStatements(undefined)) add(firstDomain, statement);
  for (const { domain, statements } of readMigrationFiles({ domains })) {
    for (const { text } of statements) add(domain, text);
  }
  return names;
}

function madeBy(statement: string): string | undefined {
  const head = /^CREATE (?:OR REPLACE )?(?:TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) (?:IF NOT EXISTS )?(\w+\.\w+)/;
  return head.exec(masked(statement))?.[1];
}

/** Those of them that are there, in the order of their names. */
export async function readObjects(client: ClickHouseClient, domains: readonly string[]): Promise<WarehouseObject[]> {
  const names = migratedNames(domains);
  const rows = await queryRows<Omit<WarehouseObject, 'domain' | 'kind'> & { engine: string }>(
    client,
    `SELECT
       concat(tables.database, '.', tables.name) AS name, engine, comment, create_table_query AS statement,
       arrayMap((db, table) -> concat(db, '.', table), loading_dependencies_database, loading_dependencies_table) AS loadedFrom
     FROM system.tables AS tables
     WHERE concat(tables.database, '.', tables.name) IN {names:Array(String)}
     ORDER BY name`,
    { names: [...names.keys()] },
  );
  return rows.map(({ engine, ...row }) => ({ ...row, domain: names.get(row.name) ?? '', kind: kindOf(engine) }));
}

function kindOf(engine: string): ObjectKind {
  if (engine === 'Dictionary') return 'dictionary';
  return engine.endsWith('View') ? 'view' : 'table';
}

const layers: readonly (readonly [RegExp, string])[] = [
  [/^landing_/, 'landing'],
  [/^(store|snapshot)_/, 'storage'],
  [/^stg_/, 'staging'],
  [/^int_/, 'intermediate'],
  [/^dim_|_as_of$/, 'dimension'],
  [/^(fact|fct)_/, 'fact'],
  [/^agg_/, 'aggregate'],
];

/** The layer that a table's name tells; `other` when it tells none. */
export function layerOf(name: string): string {
  const table = name.slice(name.indexOf('.') + 1);
  return layers.find(([pattern]) => pattern.test(table))?.[1] ?? 'other';
}

/** Of what stands behind the views. */
export const storageLayers: ReadonlySet<string> = new Set(['landing', 'storage']);

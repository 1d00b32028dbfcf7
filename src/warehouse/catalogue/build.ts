import type { Domain } from '../../runtime/domain.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { type CatalogueEntry, entriesOf, metricEdges } from './entries.ts';
import { type CatalogueFile, catalogueError, columnOf, qualified, readCatalogueFile } from './files.ts';
import { type LineageEdge, objectEdges, stageEdges } from './lineage.ts';
import { readObjects, type WarehouseObject } from './objects.ts';

export interface Catalogue {
  readonly entries: readonly CatalogueEntry[];
  readonly edges: readonly LineageEdge[];
}

/**
 * The catalogue of domains that have been migrated: comments, columns and queries from the server, topics and stages from
 * `declared`, the rest from their files.
 *
 * Fails with PARLEY_CATALOGUE_INVALID for a file that names what is not there.
 */
export async function buildCatalogue(
  client: ClickHouseClient,
  domains: readonly string[],
  declared: readonly Domain[],
): Promise<Catalogue> {
  const all = await readObjects(client, domains);
  const comments = await readComments(client, all);
  const kindOf = (name: string) => all.find((object) => object.name === name)?.kind ?? 'table';
  const built = await Promise.all(
    domains.map(async (name): Promise<Catalogue> => {
      const file = readCatalogueFile(name);
      const domain = declared.find((one) => one.name === name);
      checkFile(file, domain, all, comments);
      const objects = all.filter((object) => object.domain === name);
      const edges = [
        ...(domain === undefined ? [] : stageEdges(domain)),
        ...(await objectEdges(client, objects, all)),
        ...metricEdges(file, kindOf),
      ];
      return { entries: entriesOf({ file, declared: domain, objects, edges, comments }), edges };
    }),
  );
  return { entries: built.flatMap(({ entries }) => entries), edges: built.flatMap(({ edges }) => edges) };
}

async function readComments(
  client: ClickHouseClient,
  objects: readonly WarehouseObject[],
): Promise<Map<string, string>> {
  const rows = await queryRows<{ name: string; comment: string }>(
    client,
    `SELECT concat(columns.database, '.', columns.table, '.', columns.name) AS name, columns.comment AS comment
     FROM system.columns AS columns
     WHERE concat(columns.database, '.', columns.table) IN {tables:Array(String)}`,
    { tables: objects.map(({ name }) => name) },
  );
  return new Map(rows.map(({ name, comment }) => [name, comment]));
}

/** A file names nothing that is not there: tables, columns of metrics, topics, questions. */
function checkFile(
  file: CatalogueFile,
  domain: Domain | undefined,
  objects: readonly WarehouseObject[],
  columns: ReadonlyMap<string, string>,
): void {
  const { tables, metrics, sources, questions } = file.declaration;
  const names = new Set(objects.map(({ name }) => name));
  const faults: string[] = [];
  for (const name of Object.keys(tables)) {
    if (!names.has(qualified(file, name))) faults.push(`tables.${name}: there is no such table`);
  }
  for (const [name, { columns: held, from }] of Object.entries(metrics)) {
    if (!names.has(qualified(file, from))) faults.push(`metrics.${name}.from: there is no table ${from}`);
    for (const reference of Object.keys(held)) {
      const { table, column } = columnOf(file, reference);
      if (!columns.has(`${table}.${column}`)) faults.push(`metrics.${name}.columns: there is no column ${reference}`);
    }
  }
  for (const topic of Object.keys(sources)) {
    const isKnown = domain?.topics.some(({ name }) => name === topic) ?? false;
    if (!isKnown) faults.push(`sources.${topic}: there is no such topic`);
  }
  const asked = [...Object.entries(tables), ...Object.entries(metrics)];
  for (const [name, { questions: named }] of asked) {
    for (const question of named) {
      if (questions[question] === undefined) faults.push(`${name}.questions: there is no question \`${question}\``);
    }
  }
  if (faults.length > 0) throw catalogueError(file.path, faults);
}

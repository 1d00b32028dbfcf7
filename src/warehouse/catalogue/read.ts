import { ParleyError } from '../../errors.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import type { Catalogue } from './build.ts';
import type { CatalogueEntry } from './entries.ts';
import type { NodeKind } from './lineage.ts';

/** The catalogue as the warehouse has it. Fails with PARLEY_MIGRATION_NEEDED when it has none. */
export async function readCatalogue(client: ClickHouseClient): Promise<Catalogue> {
  const [table] = await queryRows(
    client,
    "SELECT 1 FROM system.tables WHERE database = 'orchestrator' AND name = 'catalogue'",
  );
  const entries = table === undefined ? [] : await readEntries(client);
  if (entries.length === 0) {
    throw new ParleyError('PARLEY_MIGRATION_NEEDED', 'The warehouse has no catalogue yet', {
      expected: 'entries in orchestrator.catalogue',
      received: table === undefined ? 'no such table' : 'none',
    });
  }
  return { entries, edges: await readEdges(client) };
}

function readEntries(client: ClickHouseClient): Promise<CatalogueEntry[]> {
  return queryRows<CatalogueEntry>(
    client,
    `SELECT domain, kind, name, layer, definition, grain, inputs, formula, unit, columns, questions, tests, tags,
       warn_after_hours, error_after_hours
     FROM orchestrator.catalogue
     ORDER BY domain, indexOf(['topic', 'stage', 'table', 'view', 'dictionary', 'metric'], kind), name`,
  );
}

async function readEdges(client: ClickHouseClient): Promise<Catalogue['edges']> {
  type Row = { domain: string; source_kind: NodeKind; source: string; target_kind: NodeKind; target: string };
  const rows = await queryRows<Row>(client, 'SELECT * FROM orchestrator.lineage ORDER BY ALL');
  return rows.map(({ domain, source_kind, source, target_kind, target }) => ({
    domain,
    source: { kind: source_kind, name: source },
    target: { kind: target_kind, name: target },
  }));
}

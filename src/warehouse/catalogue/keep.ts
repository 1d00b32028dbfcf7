import { createHash } from 'node:crypto';
import type { Domain } from '../../runtime/domain.ts';
import { appendRows } from '../append-rows.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { firstDomain } from '../migration-files.ts';
import { readRecord } from '../migration-record.ts';
import { landingCatalogue, landingLineage } from '../orchestrator-tables.ts';
import { buildCatalogue } from './build.ts';
import { catalogueText } from './files.ts';

/** Grows when the same files and tables make other entries than before. */
const formatVersion = 1;

/**
 * Brings orchestrator.catalogue and orchestrator.lineage up to date with the migrations that were applied, and says which
 * domains it wrote. Where nothing has changed it asks two small questions and writes nothing. A domain is written whole;
 * one that does not run here is left as it is. Two processes may do so at once: they write the same.
 *
 * Fails with PARLEY_CATALOGUE_INVALID, or as inserts do.
 */
export async function keepCatalogue(client: ClickHouseClient, declared: readonly Domain[]): Promise<string[]> {
  const record = await readRecord(client);
  const checksums = record?.checksums ?? new Map<string, string>();
  if (!checksums.has(`${firstDomain}/0006-lineage`)) return [];
  const applied = new Set([...checksums.keys()].map((name) => name.slice(0, name.indexOf('/'))));
  const own = [firstDomain, ...declared.map(({ name }) => name)].filter((name) => applied.has(name));
  const written = await readRevisions(client);
  const revisions = new Map(own.map((name) => [name, revisionOf(name, checksums, declared)]));
  const changed = own.filter((name) => revisions.get(name) !== written.get(name));
  if (changed.length === 0) return [];

  const catalogue = await buildCatalogue(client, own, declared);
  const written_at = Date.now();
  const isChanged = ({ domain }: { readonly domain: string }) => changed.includes(domain);
  // The entries come last: they carry the revision, and a crash in between leaves the old one to be found again.
  await appendRows(
    client,
    landingLineage,
    catalogue.edges.filter(isChanged).map(({ domain, source, target }) => ({
      domain,
      source_kind: source.kind,
      source: source.name,
      target_kind: target.kind,
      target: target.name,
      written_at,
    })),
  );
  await appendRows(
    client,
    landingCatalogue,
    catalogue.entries.filter(isChanged).map((entry) => ({
      ...entry,
      revision: revisions.get(entry.domain) ?? '',
      written_at,
    })),
  );
  return changed;
}

async function readRevisions(client: ClickHouseClient): Promise<Map<string, string>> {
  const rows = await queryRows<{ domain: string; revision: string }>(
    client,
    'SELECT domain, argMax(revision, written_at) AS revision FROM orchestrator.landing_catalogue GROUP BY domain',
  );
  return new Map(rows.map(({ domain, revision }) => [domain, revision]));
}

/** SHA-256 of all that a domain's entries are made from. */
function revisionOf(name: string, checksums: ReadonlyMap<string, string>, declared: readonly Domain[]): string {
  const domain = declared.find((one) => one.name === name);
  const migrations = [...checksums].filter(([file]) => file.startsWith(`${name}/`)).sort();
  const topics = domain?.topics.map((topic) => [topic.name, topic.description]);
  const stages = domain?.stages.map(({ name: stage, topics: read, tables, forwards }) => {
    return [stage, read, tables?.map((table) => table.name), forwards];
  });
  const all = [formatVersion, catalogueText(name), migrations, topics, stages];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}

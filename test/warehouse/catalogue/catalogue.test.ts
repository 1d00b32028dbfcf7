import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cataloguePages } from '../../../src/dashboard/pages/catalogue.ts';
import { allDomains, domainNames } from '../../../src/domains.ts';
import type { Catalogue } from '../../../src/warehouse/catalogue/build.ts';
import { catalogueText, readCatalogueFile } from '../../../src/warehouse/catalogue/files.ts';
import { keepCatalogue } from '../../../src/warehouse/catalogue/keep.ts';
import { reachable } from '../../../src/warehouse/catalogue/lineage.ts';
import { migratedNames, storageLayers } from '../../../src/warehouse/catalogue/objects.ts';
import { cataloguePage } from '../../../src/warehouse/catalogue/page.ts';
import { idOf, mermaid, shownSteps } from '../../../src/warehouse/catalogue/picture.ts';
import { readCatalogue } from '../../../src/warehouse/catalogue/read.ts';
import { type ClickHouseClient, connect, queryRows } from '../../../src/warehouse/client.ts';
import { READER } from '../../../src/warehouse/embedded/server.ts';
import { migrationsFolder } from '../../../src/warehouse/migration-files.ts';
import { migrate } from '../../../src/warehouse/migrations.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../scratch-warehouse.ts';

const domains = allDomains();
const questionsFolder = join(migrationsFolder, 'dashboard', 'orchestrator');
let warehouse: ScratchWarehouse;
let client: ClickHouseClient;
let reader: ClickHouseClient;
let catalogue: Catalogue;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  client = warehouse.client;
  reader = connect({ url: warehouse.server.url, username: READER });
  await migrate(client);
  await keepCatalogue(client, domains);
  catalogue = await readCatalogue(reader);
});

afterAll(async () => {
  await reader?.close();
  await warehouse?.stop();
});

const entriesOf = (domain: string) => catalogue.entries.filter((entry) => entry.domain === domain);
const isTable = ({ kind }: { kind: string }) => ['table', 'view', 'dictionary'].includes(kind);

test('docs/catalogue.md is what the catalogue says', () => {
  const committed = readFileSync(new URL('../../../docs/catalogue.md', import.meta.url), 'utf8');
  expect(cataloguePage(catalogue), 'The catalogue has changed: run `npm run schemas`').toBe(committed);
});

test('every table, view and dictionary that migrations make is in the catalogue, with its comment and its kind', async () => {
  const found = catalogue.entries.filter(isTable).map(({ name }) => name);
  expect(found.sort()).toEqual([...migratedNames(['orchestrator', ...domainNames]).keys()].sort());
  const there = await queryRows<{ name: string; comment: string }>(
    client,
    "SELECT concat(tables.database, '.', tables.name) AS name, tables.comment AS comment FROM system.tables AS tables",
  );
  const comments = new Map(there.map(({ name, comment }) => [name, comment]));
  for (const { name, definition } of catalogue.entries.filter(isTable))
    expect(definition, name).toBe(comments.get(name));
  const kinds = new Set(catalogue.entries.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(['dictionary', 'metric', 'stage', 'table', 'topic', 'view']);
});

test('everything has a definition; a metric that of its first column', () => {
  expect(catalogue.entries.filter(({ definition }) => definition === '')).toEqual([]);
});

describe.each(domainNames)('%s', (domain) => {
  test('every table for analysts has a grain, a question and a test, and every metric a test', () => {
    const tables = entriesOf(domain).filter((entry) => isTable(entry) && !storageLayers.has(entry.layer));
    expect(tables.length).toBeGreaterThan(0);
    const lacking = tables.filter(({ grain, questions, tests }) => {
      return grain.length === 0 || questions.length === 0 || tests.length === 0;
    });
    expect(
      lacking.map(({ name }) => name),
      `add them to clickhouse/catalogue/${domain}.yaml`,
    ).toEqual([]);
    const metrics = entriesOf(domain).filter(({ kind }) => kind === 'metric');
    expect(metrics.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  test('every question is answered by a table', () => {
    const { questions } = readCatalogueFile(domain).declaration;
    const answered = new Set(
      entriesOf(domain)
        .filter(isTable)
        .flatMap((entry) => entry.questions),
    );
    expect(Object.values(questions).filter((question) => !answered.has(question))).toEqual([]);
  });

  test('the lineage reaches from topics to every fact, dimension and aggregate, and every topic to one of them', () => {
    const steps = catalogue.edges.map(({ source, target }) => ({ source: idOf(source), target: idOf(target) }));
    const topics = entriesOf(domain).filter(({ kind, layer }) => kind === 'topic' && layer === 'source');
    const ids = topics.map(idOf);
    const reached = reachable(steps, ids, 'down');
    const figures = entriesOf(domain).filter(({ name, layer }) => {
      // Days come from no event.
      return ['fact', 'dimension', 'aggregate', 'metric'].includes(layer) && !/\.dim_dates?$/.test(name);
    });
    expect(figures.filter((entry) => !reached.has(idOf(entry))).map(({ name }) => name)).toEqual([]);
    for (const id of ids)
      expect(
        [...reachable(steps, [id], 'down')].some((name) => /\.(agg|dim)_/.test(name)),
        id,
      ).toBe(true);
    // And back: what an aggregate is made from begins at a topic.
    for (const entry of figures.filter(({ layer }) => layer === 'aggregate')) {
      const above = reachable(steps, [idOf(entry)], 'up');
      expect(
        ids.some((id) => above.has(id)),
        entry.name,
      ).toBe(true);
    }
  });
});

test('the steps are those of the queries: through a feed, a join, a dictionary, a stage that tells another', () => {
  const steps = new Set(catalogue.edges.map(({ source, target }) => `${idOf(source)} > ${idOf(target)}`));
  for (const step of [
    'topic conversations.messages > stage conversations.conversation',
    'stage conversations.conversation > topic conversations.customer-conversations',
    'topic conversations.customer-conversations > stage conversations.customer',
    'stage conversations.conversation > conversations.landing_messages',
    'conversations.landing_messages > conversations.store_responses_feed',
    'conversations.store_responses_feed > conversations.store_responses',
    'conversations.store_responses > conversations.agg_response_times',
    'conversations.store_clinic_offsets > conversations.agg_response_times',
    'conversations.dim_clinics > conversations.store_clinic_offsets',
    'conversations.dim_clinics > conversations.clinics_as_of',
    'conversations.agg_clinic_performance > metric conversations.metrics.mean_rating',
  ]) {
    expect(steps).toContain(step);
  }
  expect(steps).not.toContain('conversations.landing_sessions > conversations.agg_response_times');
});

test('a picture leaves storage out and keeps who reaches whom', () => {
  const steps = shownSteps(catalogue).map(({ source, target }) => `${idOf(source)} > ${idOf(target)}`);
  expect(steps).toContain('stage conversations.conversation > conversations.agg_engagement_daily');
  expect(steps).toContain('stage conversations.conversation > stage conversations.customer');
  expect(steps.filter((step) => /landing_|store_/.test(step))).toEqual([]);
  const nodes = new Set(shownSteps(catalogue).flatMap(({ source, target }) => [idOf(source), idOf(target)]));
  const drawn = mermaid(catalogue)
    .split('\n')
    .filter((line) => /^ {2}n\d+[[({>]/.test(line));
  expect(drawn.length).toBe(nodes.size);
});

describe('keeping it', () => {
  const rows = async () => {
    const [row] = await queryRows<{ n: number }>(client, 'SELECT count() AS n FROM orchestrator.landing_catalogue');
    return row!.n;
  };

  test('writes nothing when nothing has changed, within 50 ms', async () => {
    const before = await rows();
    const times: number[] = [];
    for (let run = 0; run < 5; run++) {
      const start = performance.now();
      expect(await keepCatalogue(client, domains)).toEqual([]);
      times.push(performance.now() - start);
    }
    expect(await rows()).toBe(before);
    // The fastest: this machine may be doing other things.
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test('writes a domain whole when its declaration has changed, and what is gone is not shown any more', async () => {
    const [conversations, ...others] = domains.toSorted((a) => (a.name === 'conversations' ? -1 : 1));
    const changed = {
      ...conversations!,
      topics: conversations!.topics.filter(({ name }) => !name.endsWith('.ratings')),
    };
    const without = { ...changed, stages: changed.stages.filter(({ name }) => name !== 'clinic') };
    expect(await keepCatalogue(client, [without, ...others])).toEqual(['conversations']);
    const { entries, edges } = await readCatalogue(reader);
    expect(entries.filter(({ name }) => name === 'conversations.clinic')).toEqual([]);
    expect(edges.filter(({ target }) => target.name === 'conversations.clinic')).toEqual([]);
    expect(entries.filter(({ domain }) => domain === 'orchestrator').length).toBeGreaterThan(5);
    expect(await keepCatalogue(client, domains)).toEqual(['conversations']);
    expect(await readCatalogue(reader)).toEqual(catalogue);
  });

  test('leaves a domain that does not run here as it is', async () => {
    expect(await keepCatalogue(client, [])).toEqual([]);
    expect(await readCatalogue(reader)).toEqual(catalogue);
  });

  test('two processes at once leave one copy', async () => {
    await client.command({ query: 'TRUNCATE TABLE orchestrator.landing_catalogue' });
    await client.command({ query: 'TRUNCATE TABLE orchestrator.landing_lineage' });
    await Promise.all([keepCatalogue(client, domains), keepCatalogue(client, domains)]);
    expect(await readCatalogue(reader)).toEqual(catalogue);
  });
});

test('every domain has a file', () => {
  for (const domain of ['orchestrator', ...domainNames]) expect(catalogueText(domain), domain).not.toBe('');
});

describe('the pages of the dashboard', () => {
  const panels = cataloguePages.flatMap((page) => page.panels);

  test('every question in SQL is asked by a panel', () => {
    const files = readdirSync(questionsFolder).filter((name) => /^(catalogue|lineage|test)/.test(name));
    expect(files.map((name) => name.replace('.sql', '')).sort()).toEqual(panels.map(({ query }) => query).sort());
  });

  test.each(panels.map((panel) => [panel.query, panel] as const))(
    '%s answers with the columns of its panel',
    async (query, panel) => {
      const sql = readFileSync(join(questionsFolder, `${query}.sql`), 'utf8');
      const result = await reader.query({
        query: sql,
        format: 'JSON',
        query_params: { from: '2000-01-01', to: '2100-01-01', domain: [] },
      });
      const { meta, data } = (await result.json()) as { meta: { name: string }[]; data: unknown[] };
      const names = meta.map(({ name }) => name);
      if (panel.kind === 'graph') expect(names).toEqual(['source', 'target']);
      if (panel.kind === 'table')
        expect(names).toEqual(expect.arrayContaining(panel.columns.map(({ column }) => column)));
      if (panel.kind === 'figures')
        expect(names).toEqual(expect.arrayContaining(panel.figures.map(({ column }) => column)));
      if (panel.kind === 'lines')
        expect(names).toEqual(expect.arrayContaining([panel.x.column, ...panel.y.map(({ column }) => column)]));
      // Nothing has been tested here yet.
      if (!query.startsWith('test-')) expect(data.length, query).toBeGreaterThan(0);
    },
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainPages, Panel } from '../../src/dashboard/contract.ts';
import { liveColumns } from '../../src/dashboard/contract.ts';
import { pagesOf } from '../../src/dashboard/pages/index.ts';
import { domainNames } from '../../src/domains.ts';
import { DashboardReader, type DashboardValues, type TableOfRows } from '../../src/warehouse/dashboard-reader.ts';
import { readDashboardQueries } from '../../src/warehouse/dashboard-sql.ts';
import { type ReplayedWarehouse, replayedWarehouse } from './replayed-warehouse.ts';

/** Every page of every domain, asked as a browser would: a new domain's pages are tested here without a line of their own. */
let replayed: ReplayedWarehouse;
let reader: DashboardReader;
const domains = pagesOf(domainNames);
const queries = readDashboardQueries();
const panels = domains.flatMap((domain) =>
  domain.pages.flatMap((page) => page.panels.map((panel) => ({ domain, page, panel }))),
);

beforeAll(async () => {
  replayed = await replayedWarehouse();
  reader = new DashboardReader(replayed.reader);
}, 120_000);

afterAll(async () => {
  await reader?.close();
  await replayed?.close();
});

function ask(domain: string, name: string, values: DashboardValues = {}): Promise<TableOfRows> {
  const query = reader.query(domain, name);
  if (query === undefined) throw new Error(`${domain} has no query ${name}`);
  return reader.ask(query, values);
}

function columnsOf(panel: Panel): string[] {
  switch (panel.kind) {
    case 'figures':
      return panel.figures.map(({ column }) => column);
    case 'table':
      return panel.columns.map(({ column }) => column);
    case 'grid':
      return [panel.x.column, panel.y.column, panel.value.column];
    case 'graph':
      return ['source', 'target'];
    default:
      return [panel.x.column, ...panel.y.map(({ column }) => column), ...(panel.series ? [panel.series] : [])];
  }
}

test('addresses are unique, and belong to one domain', () => {
  const paths = domains.flatMap(({ pages }) => pages.map(({ path }) => path));
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of paths) expect(path).toMatch(/^[a-z-]+(\/[a-z-]+)+$/);
});

test.each(panels.map(({ domain, page, panel }) => [`${page.path}: ${panel.title}`, domain.domain, panel] as const))(
  'every column of %s is in its answer',
  async (_name, domain, panel) => {
    const { columns } = await ask(domain, panel.query);
    const names = columns.map(({ name }) => name);
    expect(columnsOf(panel).filter((name) => !names.includes(name))).toEqual([]);
  },
);

test('units fit the types of their columns', async () => {
  for (const { domain, panel } of panels) {
    const specs =
      'figures' in panel
        ? panel.figures
        : 'columns' in panel
          ? panel.columns
          : 'y' in panel && Array.isArray(panel.y)
            ? panel.y
            : [];
    if (specs.length === 0) continue;
    const { columns } = await ask(domain.domain, panel.query);
    for (const { column, unit } of specs) {
      const type =
        columns.find(({ name }) => name === column)?.type.replaceAll(/^(Nullable|LowCardinality)\(|\)$/g, '') ?? '';
      const expected = unit === 'text' ? /^String|^Bool|Int/ : unit === 'time' ? /^Date/ : /Int|Float/;
      expect(type, `${domain.domain}/${panel.query} ${column} as ${unit}`).toMatch(expected);
    }
  }
});

describe.each(domains.map((domain) => [domain.domain, domain] as const))(
  'filters of %s',
  (_name, domain: DomainPages) => {
    test('their choices are values with labels', async () => {
      for (const { query } of domain.filters) {
        const { columns, rows } = await ask(domain.domain, query);
        expect(columns.map(({ name }) => name)).toEqual(['value', 'label']);
        expect(rows.length).toBeGreaterThan(0);
        expect(new Set(rows.map(([value]) => value)).size).toBe(rows.length);
      }
    });

    test('a page names filters that there are, and most of its panels heed each', () => {
      const names = ['days', ...domain.filters.map(({ name }) => name)];
      for (const { path, filters, panels: own } of domain.pages) {
        expect(
          filters.filter((name) => !names.includes(name)),
          path,
        ).toEqual([]);
        for (const filter of filters) {
          const deaf = own.filter(({ query }) => {
            const bound = queries.get(`${domain.domain}/${query}`)?.parameters;
            return !bound?.has(filter === 'days' ? 'from' : filter);
          });
          // One that heeds a filter of its page not says so in its note.
          for (const { title, note } of deaf)
            expect(note, `${path}: ${title}, ${filter}`).toMatch(/do not narrow|Of all/);
          expect(deaf.length, path).toBeLessThan(own.length);
        }
      }
    });
  },
);

const spans: readonly DashboardValues[] = [
  { from: '2024-03-10', to: '2024-03-10' },
  // Without anything in them; and the first and last days that there are.
  { from: '1999-01-01', to: '1999-12-31' },
  { from: '1970-01-01', to: '1970-01-01' },
  { from: '2149-06-06', to: '2149-06-06' },
];

describe.each([...queries.keys()])('%s', (name) => {
  const [domain = '', query = ''] = name.split('/');

  test('has the same columns for every span, for values of each filter, and for one that nothing has', async () => {
    const asked: DashboardValues[] = [...spans];
    for (const filter of domains.find((one) => one.domain === domain)!.filters) {
      const { rows } = await ask(domain, filter.query);
      const values = rows.map(([value]) => String(value));
      for (const chosen of [values.slice(0, 1), values, ["'; DROP TABLE x; --"]]) asked.push({ [filter.name]: chosen });
    }
    const all = await ask(domain, query);
    const answers = await Promise.all(asked.map((values) => ask(domain, query, values)));
    for (const { columns } of answers) expect(columns).toEqual(all.columns);
  });

  test('answers with numbers, and times in ISO 8601', async () => {
    const { columns, rows } = await ask(domain, query);
    for (const row of rows.slice(0, 50)) {
      for (const [index, { name: column, type }] of columns.entries()) {
        const value = row[index];
        if (value === null) continue;
        const plain = type.replace(/^Nullable\(/, '');
        if (plain.startsWith('DateTime')) expect(value, column).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
        else if (/^(U?Int|Float)/.test(plain)) expect(typeof value, column).toBe('number');
      }
    }
  });
});

test('a process that knows its partitions answers the same columns as the warehouse', async () => {
  const { columns } = await ask('orchestrator', 'partitions');
  expect(columns).toEqual(liveColumns.partitions);
});

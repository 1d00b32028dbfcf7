import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pagesOf } from '../../src/dashboard/pages/index.ts';
import { domainNames } from '../../src/domains.ts';
import { readDashboardQueries } from '../../src/warehouse/dashboard-sql.ts';
import { migrationsFolder } from '../../src/warehouse/migration-files.ts';

/** What the questions of the dashboard may read and bind, held against their text. */
const queries = [...readDashboardQueries().values()];
const domains = pagesOf(domainNames);

function viewsOf(database: string): string[] {
  const schema = readFileSync(join(migrationsFolder, 'schema', `${database}.sql`), 'utf8');
  const views = [...schema.matchAll(/^CREATE VIEW (\w+\.\w+)/gm)].map(([, name = '']) => name);
  // A view that is a part of the storage is not for analysts.
  return views.filter((name) => !/\.(landing|store)_/.test(name));
}

/** Their choices are written in them. */
const constant = ['assistant/activity-levels'];

/** Without comments and texts. */
function codeOf(sql: string): string {
  return sql.replaceAll(/--[^\n]*|'[^']*'/g, ' ');
}

test('every domain with pages has its questions, and no folder is left over', () => {
  expect([...new Set(queries.map(({ domain }) => domain))].sort()).toEqual(domains.map(({ domain }) => domain).sort());
});

test.each(queries.map((query) => [`${query.domain}/${query.name}`, query] as const))(
  '%s reads the views of analysts alone',
  (name, { domain, sql }) => {
    const code = codeOf(sql);
    const read = [...code.matchAll(/\b(?:FROM|JOIN)\s+(\w+\.\w+)/g)].map(([, name = '']) => name);
    const views = [...viewsOf(domain), ...viewsOf('orchestrator'), 'system.time_zones', 'system.columns'];
    expect(read.filter((one) => !views.includes(one))).toEqual([]);
    expect(read.length > 0).toBe(!constant.includes(name));
    expect(code).not.toMatch(/landing_|store_|dictGet|\b(?:url|file|remote|cluster|mysql|s3|input|merge)\w*\s*\(/i);
    expect(code).toMatch(/^\s*(SELECT|WITH)\b/);
  },
);

test.each(domains.map((domain) => [domain.domain, domain] as const))(
  'questions of %s bind days and the filters of their domain',
  (name, { filters }) => {
    const known = ['from', 'to', ...filters.map((filter) => filter.name)];
    const bound = queries.filter(({ domain }) => domain === name).flatMap(({ parameters }) => [...parameters.keys()]);
    expect([...new Set(bound)].filter((parameter) => !known.includes(parameter))).toEqual([]);
  },
);

test('the views of the schema were found', () => {
  expect(viewsOf('conversations')).toContain('conversations.fact_messages');
  expect(viewsOf('assistant')).toContain('assistant.dim_sessions');
});

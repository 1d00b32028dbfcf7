import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryRows, queryText } from '../../../src/warehouse/client.ts';
import { checkClusterName, clusterStatements } from '../../../src/warehouse/cluster/rewrite.ts';
import { clusterScript } from '../../../src/warehouse/cluster/script.ts';
import { shapeOf } from '../../../src/warehouse/cluster/statement-shape.ts';
import { migrationsFolder, readMigrationFiles } from '../../../src/warehouse/migration-files.ts';
import { recordStatements } from '../../../src/warehouse/migration-record.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../scratch-warehouse.ts';

const files = readMigrationFiles();
const domains = [...new Set(files.map(({ domain }) => domain))];
const statements = files.flatMap((file) =>
  file.statements.map((statement) => ({
    name: `${file.domain}/${file.name}:${statement.line}`,
    statement,
    rewritten: clusterStatements(statement, 'c', file.path),
  })),
);
const rewrite = (text: string) => clusterStatements({ text, line: 7 }, 'c', 'some.sql');

test.each(domains)('the committed cluster form of %s is what its migrations lead to', (domain) => {
  const committed = readFileSync(join(migrationsFolder, 'schema', 'cluster', `${domain}.sql`), 'utf8');
  const own = files.filter((file) => file.domain === domain);
  const message = 'It has changed: run `npm run schemas` and commit clickhouse/schema/cluster/';
  expect(clusterScript(own, 'parley'), message).toBe(committed);
});

test('no other cluster form is committed', () => {
  expect(readdirSync(join(migrationsFolder, 'schema', 'cluster')).sort()).toEqual(
    domains.map((name) => `${name}.sql`).sort(),
  );
});

/** Tables that every server has whole. */
const everywhere = /^(reference|snapshot)_/;

describe('every statement of the migrations', () => {
  test.each(statements)('$name has a cluster form', ({ statement, rewritten }) => {
    const shape = shapeOf(statement.text);
    const kind = shape?.kind;
    const isOfTable = shape?.kind === 'table' || (shape?.kind === 'columns' && shape.isOfTable);
    const isEverywhere = shape?.kind === 'table' && everywhere.test(shape.table.name);
    expect(rewritten).toHaveLength(isOfTable && !isEverywhere ? 2 : 1);
    if (shape?.kind === 'table') expect(shape.table.name).toMatch(/^(landing|store|reference|snapshot)_/);
    for (const sql of rewritten) {
      expect(sql.match(/ ON CLUSTER 'c'/g)).toHaveLength(1);
      if (kind !== 'columns') expect(sql).toMatch(/^CREATE (\w+ ?\w* IF NOT EXISTS|OR REPLACE VIEW) /);
      // A table that is neither Replicated nor Distributed would be one of each server alone.
      if (kind === 'table') expect(sql).toMatch(/\nENGINE = (Replicated\w*MergeTree|Distributed)\(/);
      expect(sql).not.toContain('non_replicated_deduplication_window');
    }
  });

  test('stays within its server where it feeds a table, and asks all shards where it is read', () => {
    const of = (kind: string) => statements.filter(({ statement }) => shapeOf(statement.text)?.kind === kind);
    for (const { rewritten } of of('materialized view')) {
      const [sql = ''] = rewritten;
      expect(sql).toMatch(/ TO \w+\.store_\w+_local\s/);
      expect(sql).toMatch(/\bFROM \w+\.landing_\w+_local\b/);
    }
    for (const { rewritten } of [...of('view'), ...of('dictionary')]) {
      const [sql = ''] = rewritten;
      expect(sql).not.toContain('_local');
      if (/ REFRESH EVERY /.test(sql)) expect(sql).toMatch(/ APPEND TO \w+\.snapshot_\w+\s/);
      const joins = sql.match(/(?<!\bARRAY )\bJOIN\b/g) ?? [];
      expect(sql.match(/\bGLOBAL (?:(?:ASOF|ANY) )?LEFT JOIN\b/g) ?? []).toHaveLength(joins.length);
      expect(sql).not.toContain('GLOBAL ARRAY');
    }
  });

  test('shards a landing table by all of its sorting key, and a store by nothing', () => {
    for (const { statement, rewritten } of statements) {
      const shape = shapeOf(statement.text);
      if (shape?.kind !== 'table') continue;
      const { name, orderBy } = shape.table;
      if (everywhere.test(name)) {
        expect(rewritten[0]).toContain("'/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}'");
        continue;
      }
      const key = name.startsWith('landing_') ? `, cityHash64(${orderBy}))` : `'${name}_local')`;
      expect(rewritten[1]).toContain(key);
    }
  });
});

describe('on a server', () => {
  let warehouse: ScratchWarehouse;

  beforeAll(async () => {
    warehouse = await startScratchWarehouse();
  });

  afterAll(() => warehouse.stop());

  // The embedded engine cannot replicate: it parses what a cluster would run.
  test('every statement of the cluster form is of its grammar', async () => {
    const texts = [...recordStatements('c'), ...statements.flatMap(({ rewritten }) => rewritten)];
    expect(texts.length).toBeGreaterThan(50);
    for (const text of texts) {
      const tree = await queryText(warehouse.client, `EXPLAIN AST ${text}`, 'TSV');
      expect(tree, text).toMatch(/^(Create|Alter)Query/);
    }
    const wrong = queryText(warehouse.client, `EXPLAIN AST ${texts[0]} NONSENSE`, 'TSV');
    await expect(wrong).rejects.toMatchObject({ code: 'PARLEY_QUERY_FAILED' });
  });

  test('the snapshot that a person would run is read by the server as the same statements', async () => {
    for (const domain of domains) {
      const script = readFileSync(join(migrationsFolder, 'schema', 'cluster', `${domain}.sql`), 'utf8');
      // formatQuery takes one statement; a script that were cut wrongly would not parse.
      const pieces = script.split(/;\n(?:\n|$)/).filter((piece) => /^\s*CREATE/m.test(piece));
      for (const text of pieces) {
        const [row] = await queryRows<{ text: string }>(warehouse.client, 'SELECT formatQuery({text:String}) AS text', {
          text,
        });
        expect(row?.text).toMatch(/^CREATE .* ON CLUSTER /);
      }
    }
  });
});

describe('refused, with its place', () => {
  const table = (more: Partial<Record<'engine' | 'tail', string>> = {}) =>
    `CREATE TABLE IF NOT EXISTS a.landing_b (x Int8) ENGINE = ${more.engine ?? 'MergeTree'} ${more.tail ?? "ORDER BY x SETTINGS non_replicated_deduplication_window = 9 COMMENT 'c'"}`;

  test('what is accepted differs from these by one thing', () => {
    expect(rewrite(table())).toHaveLength(2);
  });

  test.each([
    ['a statement of another kind', 'ALTER TABLE a.landing_b ADD COLUMN y Int8'],
    ['data', 'INSERT INTO a.b VALUES (1)'],
    ['what would fail the second time', table().replace(' IF NOT EXISTS', '')],
    ['a table without a database', table().replace('a.landing_b', 'landing_b')],
    ['an engine that does not deduplicate', table({ engine: 'Log' })],
    [
      'a clause that it does not know',
      table({ tail: "PARTITION BY x ORDER BY x SETTINGS non_replicated_deduplication_window = 9 COMMENT 'c'" }),
    ],
    [
      'a further setting',
      table({
        tail: "ORDER BY x SETTINGS non_replicated_deduplication_window = 9, ttl_only_drop_parts = 1 COMMENT 'c'",
      }),
    ],
    ['a table without a window', table({ tail: "ORDER BY x COMMENT 'c'" })],
    [
      'a landing table sorted by nothing',
      table({ tail: "ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 9 COMMENT 'c'" }),
    ],
    [
      'a refresh that would exchange tables',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS a.f REFRESH EVERY 1 MINUTE TO a.snapshot_t AS SELECT x FROM a.b',
    ],
    [
      'a refresh of a table that is in shards',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS a.f REFRESH EVERY 1 MINUTE APPEND TO a.store_t AS SELECT x FROM a.b',
    ],
    ['a feed that joins', 'CREATE MATERIALIZED VIEW IF NOT EXISTS a.f TO a.t AS SELECT x FROM a.b JOIN a.c USING x'],
    ['a feed of a subquery', 'CREATE MATERIALIZED VIEW IF NOT EXISTS a.f TO a.t AS SELECT x FROM (SELECT x FROM a.b)'],
    [
      'a feed with a table of its own',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS a.f ENGINE = MergeTree ORDER BY x AS SELECT x FROM a.b',
    ],
    [
      'a view whose IN would ask one shard',
      'CREATE VIEW IF NOT EXISTS a.v AS SELECT x FROM a.b WHERE x IN (SELECT x FROM a.c)',
    ],
  ])('%s', (_name, text) => {
    expect(() => rewrite(text)).toThrow(
      expect.objectContaining({
        code: 'PARLEY_MIGRATION_SHAPE',
        detail: expect.objectContaining({ where: 'some.sql:7' }),
      }),
    );
  });

  test('names that stand in literals and comments are not SQL', () => {
    const view =
      "CREATE VIEW IF NOT EXISTS a.v (x Int8 COMMENT 'JOIN (SELECT') AS SELECT x -- LEFT JOIN\nFROM a.b LEFT JOIN a.c USING x";
    expect(rewrite(view)).toEqual([
      "CREATE VIEW IF NOT EXISTS a.v ON CLUSTER 'c' (x Int8 COMMENT 'JOIN (SELECT') AS SELECT x -- LEFT JOIN\nFROM a.b GLOBAL LEFT JOIN a.c USING x",
    ]);
  });

  test.each(['', "a'b", 'a b', '../a', 'a;'])('the name of a cluster %j', (name) => {
    expect(() => checkClusterName(name)).toThrow(expect.objectContaining({ code: 'PARLEY_USAGE' }));
  });
});

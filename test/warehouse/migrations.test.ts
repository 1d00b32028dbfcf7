import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, queryRows } from '../../src/warehouse/client.ts';
import { migrationsFolder, readMigrationFiles } from '../../src/warehouse/migration-files.ts';
import { migrate, pendingMigrations } from '../../src/warehouse/migrations.ts';
import { splitStatements } from '../../src/warehouse/sql-statements.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

describe('statements of a script', () => {
  const texts = (script: string): string[] => splitStatements(script).map(({ text }) => text);

  test('end at semicolons, the last one with or without', () => {
    expect(texts('SELECT 1; SELECT 2\n;\n')).toEqual(['SELECT 1', 'SELECT 2']);
    expect(texts('SELECT 1;;\n;SELECT 2')).toEqual(['SELECT 1', 'SELECT 2']);
  });

  test.each([
    ["SELECT 'a;b'"],
    ["SELECT 'it''s; so'"],
    ["SELECT 'it\\'s; so'"],
    ["SELECT 'ends in a backslash\\\\', ';'"],
    ['SELECT 1 AS `a;b`, 2 AS "c;d"'],
    ['SELECT 1 -- why; because'],
    ["SELECT 1 /* it's; so */ + 1"],
    ['SELECT $$a;b$$, $tag$c;$$;d$tag$'],
    ['SELECT 4 / 2 - 1'],
    ["SELECT 'never closed; "],
  ])('do not end within %s', (statement) => {
    expect(texts(`${statement}\n; SELECT 2`)[0]).toBe(statement.endsWith(' ') ? `${statement}\n; SELECT 2` : statement);
  });

  test('comments alone are none, and those before a statement are not sent', () => {
    expect(texts("-- it's a head; with a semicolon\n/* another; */\nSELECT 1;\n-- the end;\n")).toEqual(['SELECT 1']);
    expect(texts(' \n-- nothing\n')).toEqual([]);
  });

  test('know their line', () => {
    expect(splitStatements("-- head\n\nSELECT 1,\n '\n';\n\n\nSELECT 2").map(({ line }) => line)).toEqual([3, 8]);
  });
});

/** The number of the migration of conversations that would come next. */
const conversations = readMigrationFiles({ domains: ['conversations'] }).filter(
  ({ domain }) => domain === 'conversations',
);
const next = String(conversations.length + 1).padStart(4, '0');

describe('on a server', () => {
  let warehouse: ScratchWarehouse;
  let scratch: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'parley-migrations-'));
    warehouse = await startScratchWarehouse();
  });

  afterAll(async () => {
    await warehouse.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('all of a new server are pending; the orchestrator comes first; each is applied once', async () => {
    const { client } = warehouse;
    const files = readMigrationFiles();
    expect(files[0]?.domain).toBe('orchestrator');
    expect(await pendingMigrations(client)).toEqual(files);

    const onlyOrchestrator = await migrate(client, { domains: [] });
    expect(new Set(onlyOrchestrator.map(({ domain }) => domain))).toEqual(new Set(['orchestrator']));
    const rest = await migrate(client);
    expect([...onlyOrchestrator, ...rest].map(({ domain, name }) => `${domain}/${name}`)).toEqual(
      files.map(({ domain, name }) => `${domain}/${name}`),
    );

    expect(await migrate(client)).toEqual([]);
    const recorded = await queryRows<{ n: number }>(client, 'SELECT count() AS n FROM orchestrator.migrations');
    expect(recorded).toEqual([{ n: files.length }]);
  });

  test('one whose record was lost runs again, and harms nothing', async () => {
    const { client } = warehouse;
    await client.command({
      query: "INSERT INTO conversations.landing_ratings (conversation_id, sign) VALUES ('kept', 1)",
      clickhouse_settings: { async_insert: 0 },
    });
    await client.command({ query: 'TRUNCATE TABLE orchestrator.migrations' });
    expect(await migrate(client)).toHaveLength(readMigrationFiles().length);
    expect(await queryRows(client, 'SELECT conversation_id FROM conversations.fact_ratings')).toEqual([
      { conversation_id: 'kept' },
    ]);
  });

  test('two processes may migrate at once', async () => {
    const second = connect(warehouse.server);
    try {
      await warehouse.client.command({ query: 'TRUNCATE TABLE orchestrator.migrations' });
      await Promise.all([migrate(warehouse.client), migrate(second)]);
      expect(await migrate(second)).toEqual([]);
    } finally {
      await second.close();
    }
  });

  test('an applied one that was edited is refused, before anything else is applied', async () => {
    const dir = join(scratch, 'edited');
    cpSync(migrationsFolder, dir, { recursive: true });
    const path = join(dir, 'orchestrator', '0001-runs.sql');
    const text = readFileSync(path, 'utf8');

    // A checkout with other line ends is no edit.
    writeFileSync(path, text.replaceAll('\n', '\r\n'));
    expect(await migrate(warehouse.client, { dir })).toEqual([]);

    writeFileSync(path, `${text}-- edited\n`);
    writeFileSync(
      join(dir, 'conversations', `${next}-new.sql`),
      'CREATE TABLE conversations.not_made (a Int8) ENGINE = Log',
    );
    await expect(migrate(warehouse.client, { dir })).rejects.toMatchObject({
      code: 'PARLEY_MIGRATION_CHANGED',
      detail: { where: path },
    });
    const made = await queryRows(warehouse.client, "SELECT name FROM system.tables WHERE name = 'not_made'");
    expect(made).toEqual([]);
  });

  test('one that fails half-way names its statement, is not recorded, and goes on when mended', async () => {
    const dir = join(scratch, 'failing');
    cpSync(migrationsFolder, dir, { recursive: true });
    const path = join(dir, 'conversations', `${next}-half.sql`);
    const first = "CREATE TABLE IF NOT EXISTS conversations.half_first (a Int8 COMMENT 'a; b') ENGINE = Log;\n";
    const second = 'CREATE TABLE IF NOT EXISTS conversations.half_second (a Int8) ENGINE =';
    writeFileSync(path, `${first}-- the fault; here\n${second} Nonsense;`);
    await expect(migrate(warehouse.client, { dir })).rejects.toMatchObject({
      code: 'PARLEY_WAREHOUSE_REFUSED',
      detail: { where: `${path}:3` },
    });
    expect((await pendingMigrations(warehouse.client, { dir })).map(({ name }) => name)).toEqual([`${next}-half`]);

    writeFileSync(path, `${first}${second} Log;`);
    expect((await migrate(warehouse.client, { dir })).map(({ name }) => name)).toEqual([`${next}-half`]);
    const tables = await queryRows<{ name: string }>(
      warehouse.client,
      "SELECT name FROM system.tables WHERE name LIKE 'half%' ORDER BY name",
    );
    expect(tables.map(({ name }) => name)).toEqual(['half_first', 'half_second']);
  });

  test('a number that is missing or used twice, and a domain that does not exist, are refused', () => {
    const dir = join(scratch, 'numbers');
    cpSync(migrationsFolder, dir, { recursive: true });
    writeFileSync(join(dir, 'orchestrator', '0003-twice.sql'), 'SELECT 1');
    expect(() => readMigrationFiles({ dir })).toThrow(expect.objectContaining({ code: 'PARLEY_INTERNAL' }));
    expect(() => readMigrationFiles({ domains: ['nowhere'] })).toThrow(
      expect.objectContaining({ code: 'PARLEY_CONFIGURATION' }),
    );
  });

  test('a server that does not answer is not taken for a new one', async () => {
    const client = connect({ url: 'http://127.0.0.1:9' });
    try {
      await expect(migrate(client)).rejects.toMatchObject({ code: 'PARLEY_WAREHOUSE_UNREACHABLE' });
    } finally {
      await client.close();
    }
  });
});

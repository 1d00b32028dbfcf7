import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ClickHouseClient, connect, queryRows, queryText } from '../../../src/warehouse/client.ts';
import type { CheckType } from '../../../src/warehouse/data-tests/data-test.ts';
import { loadTests } from '../../../src/warehouse/data-tests/load.ts';
import { passesOf } from '../../../src/warehouse/data-tests/passes.ts';
import { runTests, type TestResult } from '../../../src/warehouse/data-tests/run.ts';
import { type EmbeddedServer, READER, startEmbeddedServer } from '../../../src/warehouse/embedded/server.ts';
import { parley, removeFolder, sample, temporaryFolder } from '../../cli/program.ts';

/** The shipped real sample, counted by the program, and then a copy of its tables that is broken on purpose. */
const dataDir = temporaryFolder();
const folder = mkdtempSync(join(tmpdir(), 'parley-data-tests-'));
let server: EmbeddedServer;
let writer: ClickHouseClient;
let reader: ClickHouseClient;

beforeAll(async () => {
  const counted = await parley(['replay', sample, '--data-dir', dataDir]);
  expect(counted.code, counted.err).toBe(0);
  server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
  writer = connect(server);
  reader = connect({ url: server.url, username: READER });
}, 120_000);

afterAll(async () => {
  await reader?.close();
  await writer?.close();
  await server?.stop();
  removeFolder(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

const write = (sql: string) => queryText(writer, sql, 'TSV');

describe('the tests that are shipped', () => {
  let results: readonly TestResult[];
  let elapsedMs: number;

  beforeAll(async () => {
    const { tests, types } = await loadTests(reader, { domains: ['conversations'] });
    const asked = tests.filter(({ check }) => check.type !== 'freshness');
    const start = performance.now();
    results = await runTests(reader, asked, types);
    elapsedMs = performance.now() - start;
    expect(passesOf(asked, types).length).toBeLessThan(asked.length / 2);
  });

  test('all pass over real conversations', () => {
    expect(
      results.filter(({ status }) => status !== 'pass').map(({ test: { name }, message }) => [name, message]),
    ).toEqual([]);
    expect(results.length).toBeGreaterThan(120);
    // About half a second on two idle cores; here other tests have them too.
    expect(elapsedMs).toBeLessThan(10_000);
  });

  test('every kind of test is among them, and every owner in the catalogue ran', async () => {
    const types = new Set(results.map(({ test: { check } }) => check.type));
    const all: CheckType[] = [
      'unique',
      'not_null',
      'accepted_values',
      'relationships',
      'expression',
      'history',
      'metric',
      'query',
    ];
    expect([...types].sort()).toEqual(all.sort());
    const owners = await queryRows<{ name: string }>(
      reader,
      "SELECT DISTINCT arrayJoin(tests) AS name FROM orchestrator.catalogue WHERE kind != 'topic' AND domain != 'assistant'",
    );
    const ran = new Set(results.map(({ test: { name } }) => name));
    expect(owners.length).toBeGreaterThan(100);
    expect(owners.filter(({ name }) => !ran.has(name))).toEqual([]);
  });

  test('each shows a query that runs as it stands and finds nothing', async () => {
    for (const {
      sql,
      test: { name },
    } of results)
      expect(await queryText(reader, sql, 'TSV'), name).toBe('');
  });

  test('an old sample is not fresh', async () => {
    const { tests, types } = await loadTests(reader, { domains: ['conversations'] });
    const asked = tests.filter(({ check }) => check.type === 'freshness');
    const [result] = await runTests(reader, asked, types);
    expect(result).toMatchObject({ status: 'fail', message: expect.stringMatching(/fail after 48 h/) });
  });
});

const declared = `
database: broken
sources:
  shop.old: { freshness: { loaded_at: old.at } }
  shop.aging: { freshness: { loaded_at: aging.at } }
  shop.fresh: { freshness: { loaded_at: fresh.at, warn_after_hours: 1, error_after_hours: 2 } }
  shop.none: { freshness: { loaded_at: none.at } }
tables:
  messages:
    grain: [message_id]
    columns:
      customer_id:
        - not_null
        - relationships: people
        - relationships: { to: people, as_of: message_timestamp, where: "customer_id != ''" }
      minutes_since_last_message:
        - not_null: { where: NOT is_first, name: gap_is_there, severity: warn }
      direction:
        - accepted_values: [in, out]
    tests:
      - expression: { name: responds_out, sql: "direction = 'out' OR response_seconds IS NULL -- a comment" }
      - unique: { columns: [conversation_id, message_timestamp], name: unique_in_time, where: is_first }
  people:
    grain: [customer_id, valid_from]
    tests:
      - history: { key: customer_id }
metrics:
  messages:
    unit: count
    formula: count()
    from: messages
    columns: { daily.messages: { by: { day: toDate(message_timestamp) } } }
tests:
  nobody_talks_alone:
    sql: SELECT conversation_id FROM broken.messages GROUP BY conversation_id HAVING uniqExact(direction) = 3;
`;

describe('a copy that is broken', () => {
  beforeAll(() => writeFileSync(join(folder, 'broken.yaml'), declared));

  beforeEach(async () => {
    await write('DROP DATABASE IF EXISTS broken');
    await write('CREATE DATABASE broken');
    const engine = 'ENGINE = MergeTree ORDER BY tuple()';
    await write(
      `CREATE TABLE broken.messages ${engine} AS SELECT *, minutes_since_last_message IS NULL AS is_first FROM conversations.fact_messages`,
    );
    await write(`CREATE TABLE broken.people ${engine} AS SELECT * FROM conversations.dim_customers`);
    await write(
      `CREATE TABLE broken.daily ${engine} AS SELECT toDate(message_timestamp) AS day, count() AS messages FROM broken.messages GROUP BY day`,
    );
    for (const [name, hours] of Object.entries({ old: 49, aging: 25, fresh: 0 })) {
      await write(`CREATE TABLE broken.${name} ${engine} AS SELECT now() - INTERVAL ${hours} HOUR AS at`);
    }
    await write(`CREATE TABLE broken.none (at DateTime) ${engine}`);
  });

  async function run(): Promise<Map<string, TestResult>> {
    const { tests, types } = await loadTests(reader, { domains: [], dirs: [folder] });
    const own = tests.filter(({ path }) => path.startsWith(folder));
    const results = await runTests(reader, own, types);
    return new Map(results.map((result) => [result.test.name, result]));
  }

  /** Breaks something and gives what fails, besides freshness: name, status, number of failures. */
  async function broken(...statements: string[]): Promise<[string, string, number][]> {
    for (const statement of statements) await write(statement);
    const results = [...(await run()).values()].filter(
      ({ status, test: { check } }) => status !== 'pass' && check.type !== 'freshness',
    );
    for (const {
      sql,
      sample: rows,
      failures,
      test: { check, name },
    } of results) {
      expect(rows.length, name).toBeGreaterThan(0);
      expect(rows.length, name).toBeLessThanOrEqual(10);
      // The query that is shown finds the failures, run as it stands.
      const found = await queryRows<Record<string, unknown>>(reader, sql);
      const count =
        check.type === 'unique' ? found.reduce((sum, row) => sum + Number(row.rows_with_it) - 1, 0) : found.length;
      expect(count, name).toBe(failures);
    }
    const told = results.map(({ test: { name }, status, failures }): [string, string, number] => [
      name.replace('broken.', ''),
      status,
      failures,
    ]);
    return told.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  const messages = 'INSERT INTO broken.messages SELECT * REPLACE';
  const one = 'FROM broken.messages WHERE NOT is_first ORDER BY message_id LIMIT 1';

  test('as it is copied, passes', async () => {
    expect(await broken()).toEqual([]);
  });

  test('two duplicates of one message, and one of another', async () => {
    expect(
      await broken(
        `INSERT INTO broken.messages SELECT * ${one}`,
        `INSERT INTO broken.messages SELECT * ${one}`,
        'INSERT INTO broken.messages SELECT * FROM broken.messages ORDER BY message_id DESC LIMIT 1',
      ),
    ).toEqual(
      expect.arrayContaining([
        ['messages.unique.message_id', 'fail', 3],
        ['metrics.messages.daily.messages', 'fail', expect.any(Number)],
      ]),
    );
  });

  test('an orphan: its customer has no row, and no version that held', async () => {
    expect(await broken(`${messages} ('nobody' AS customer_id, 'new' AS message_id) ${one}`)).toEqual([
      ['messages.relationships.customer_id', 'fail', 1],
      ['messages.relationships.customer_id.as_of', 'fail', 1],
      ['metrics.messages.daily.messages', 'fail', 1],
    ]);
  });

  test('a message from before its customer was known', async () => {
    expect(
      await broken(
        `${messages} (toDateTime64('2001-01-01 00:00:00', 3, 'UTC') AS message_timestamp, 'new' AS message_id) ${one}`,
      ),
    ).toEqual([
      ['messages.relationships.customer_id.as_of', 'fail', 1],
      ['metrics.messages.daily.messages', 'fail', 1],
    ]);
  });

  test('a wrong value, and a row against the rule', async () => {
    expect(
      await broken(
        `ALTER TABLE broken.messages UPDATE direction = 'sideways', response_seconds = 5 WHERE message_id IN (SELECT message_id FROM broken.messages ORDER BY message_id LIMIT 12) SETTINGS mutations_sync = 1`,
      ),
    ).toEqual([
      ['messages.accepted_values.direction', 'fail', 12],
      ['messages.responds_out', 'fail', 12],
    ]);
  });

  test('an empty text is no value; a null that only warns', async () => {
    expect(
      await broken(
        "ALTER TABLE broken.messages UPDATE customer_id = '', minutes_since_last_message = NULL WHERE NOT is_first AND message_id IN (SELECT message_id FROM broken.messages WHERE NOT is_first ORDER BY message_id LIMIT 3) SETTINGS mutations_sync = 1",
      ),
    ).toEqual([
      ['messages.gap_is_there', 'warn', 3],
      ['messages.not_null.customer_id', 'fail', 3],
      ['messages.relationships.customer_id', 'fail', 3],
    ]);
  });

  test('a unique key among some rows only', async () => {
    const again = "SELECT * REPLACE (concat(message_id, '-') AS message_id) FROM broken.messages WHERE";
    expect(
      await broken(`INSERT INTO broken.messages ${again} NOT is_first ORDER BY message_id LIMIT 5`),
    ).not.toContainEqual(expect.arrayContaining(['messages.unique_in_time']));
    expect(await broken(`INSERT INTO broken.messages ${again} is_first ORDER BY message_id LIMIT 5`)).toContainEqual([
      'messages.unique_in_time',
      'fail',
      5,
    ]);
  });

  test.each([
    ['an overlap', 'p.valid_from + INTERVAL 1 SECOND AS valid_from, false AS is_current', 1],
    ['two that are current', 'p.valid_from - INTERVAL 1 YEAR AS valid_from, p.valid_from AS valid_to', 2],
    [
      'one that ends before it begins',
      'p.valid_from - INTERVAL 1 YEAR AS valid_from, p.valid_from - INTERVAL 2 YEAR AS valid_to, false AS is_current',
      1,
    ],
  ])('a history with %s', async (_what, replaced, failures) => {
    const person = 'FROM broken.people AS p WHERE p.is_current ORDER BY p.customer_id LIMIT 1';
    const results = await broken(`INSERT INTO broken.people SELECT * REPLACE (${replaced}) ${person}`);
    expect(results.find(([name]) => name === 'people.history.customer_id')?.slice(1)).toEqual(['fail', failures]);
  });

  test('a metric that is not what its formula gives, on a day that is there and one that is not', async () => {
    expect(
      await broken(
        'ALTER TABLE broken.daily UPDATE messages = messages + 1 WHERE day = (SELECT min(day) FROM broken.daily) SETTINGS mutations_sync = 1',
        "INSERT INTO broken.daily VALUES ('2031-01-01', 4), ('2031-01-02', 0)",
      ),
    ).toEqual([['metrics.messages.daily.messages', 'fail', 2]]);
  });

  test('a query that gives rows', async () => {
    const results = await broken(
      `${messages} ('third' AS direction, 'new' AS message_id) FROM broken.messages WHERE conversation_id IN (SELECT conversation_id FROM broken.messages GROUP BY conversation_id HAVING uniqExact(direction) = 2) ORDER BY message_id LIMIT 1`,
    );
    expect(results).toContainEqual(['nobody_talks_alone', 'fail', 1]);
  });

  test('freshness: passes, warns, fails, and fails without any event', async () => {
    const results = await run();
    const of = (topic: string) => results.get(`shop.${topic}.freshness`)?.status;
    expect([of('fresh'), of('aging'), of('old'), of('none')]).toEqual(['pass', 'warn', 'fail', 'fail']);
  });

  test('a test that the server refuses is an error by itself, and the others of its table are told', async () => {
    writeFileSync(
      join(folder, 'wrong.yaml'),
      'database: broken\ntables: { messages: { tests: [{ expression: { name: odd, sql: no_such_column > 1 } }] } }',
    );
    try {
      const results = await run();
      expect(results.get('broken.messages.odd')).toMatchObject({
        status: 'error',
        message: expect.stringMatching(/no_such_column/),
      });
      expect(results.get('broken.messages.unique.message_id')?.status).toBe('pass');
    } finally {
      rmSync(join(folder, 'wrong.yaml'));
    }
  });

  test('a test cannot change anything', async () => {
    const before = await queryText(reader, 'SELECT count() FROM broken.messages', 'TSV');
    writeFileSync(
      join(folder, 'evil.yaml'),
      'tests: { evil: { sql: "SELECT 1) FORMAT Null; TRUNCATE TABLE broken.messages; SELECT (1" } }',
    );
    try {
      await expect(run()).rejects.toMatchObject({ code: 'PARLEY_CATALOGUE_INVALID' });
    } finally {
      rmSync(join(folder, 'evil.yaml'));
    }
    expect(await queryText(reader, 'SELECT count() FROM broken.messages', 'TSV')).toBe(before);
  });

  test.each([
    ['a table', 'tables: { broken.nothing: { grain: [a] } }', /there is no table broken\.nothing/],
    [
      'a column',
      'tables: { broken.messages: { columns: { colour: [not_null] } } }',
      /broken\.messages has no column colour/,
    ],
    [
      'a column of the grain',
      'tables: { broken.messages: { grain: [colour] } }',
      /broken\.messages has no column colour/,
    ],
    [
      'a key of another table',
      'tables: { broken.messages: { columns: { message_id: [{ relationships: { to: broken.people, column: id } }] } } }',
      /broken\.people has no column id/,
    ],
  ])('a file that names %s that is not there is refused', async (_what, text, message) => {
    writeFileSync(join(folder, 'absent.yaml'), text);
    try {
      await expect(run()).rejects.toMatchObject({
        code: 'PARLEY_CATALOGUE_INVALID',
        message: expect.stringMatching(message),
      });
    } finally {
      rmSync(join(folder, 'absent.yaml'));
    }
  });
});

test('the page of data tests shows a file that can be used', async () => {
  const page = readFileSync(new URL('../../../docs/data-tests.md', import.meta.url), 'utf8');
  const example = /```yaml\n(# my-tests[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const own = mkdtempSync(join(tmpdir(), 'parley-example-'));
  try {
    writeFileSync(join(own, 'mine.yaml'), example);
    const { tests, types } = await loadTests(reader, { domains: ['conversations'], dirs: [own] });
    const mine = tests.filter(({ domain }) => domain === 'mine');
    expect(mine.length).toBeGreaterThan(4);
    const results = await runTests(
      reader,
      mine.filter(({ check }) => check.type !== 'freshness'),
      types,
    );
    expect(
      results
        .filter(({ status }) => !['pass', 'warn'].includes(status))
        .map(({ test: { name }, message }) => [name, message]),
    ).toEqual([]);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
});

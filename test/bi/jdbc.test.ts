import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryRows } from '../../src/warehouse/client.ts';
import { JDBC_VERSION, javaCompiling, jdbcClassPath } from './artifacts.ts';
import { isReaderView, type Nature, natureOf } from './expected-types.ts';
import { type SampleWarehouse, someMore, startSampleWarehouse } from './sample-warehouse.ts';
import { everyKind } from './statements.ts';
import { documentedColumns } from './views.ts';

/** clickhouse-jdbc is what Metabase and DBeaver connect through. The program beside this file does what they do. */
const program = fileURLToPath(new URL('jdbc/Connects.java', import.meta.url));
const run = promisify(execFile);
let warehouse: SampleWarehouse;

beforeAll(async () => {
  warehouse = await startSampleWarehouse(someMore);
}, 120_000);

afterAll(() => warehouse?.stop());

const javaClasses: Readonly<Record<Nature, RegExp>> = {
  text: /^String$/,
  integer: /^(Byte|Short|Integer|Long|BigInteger)$/,
  number: /^(Double|Float|BigDecimal)$/,
  'yes or no': /^Boolean$/,
  day: /^(Date|LocalDate)$/,
  time: /^(Timestamp|LocalDateTime|ZonedDateTime|OffsetDateTime)$/,
  list: /^Array$/,
};

const jdbcTypes: Readonly<Record<Nature, RegExp>> = {
  text: /^VARCHAR$/,
  integer: /^(TINYINT|SMALLINT|INTEGER|BIGINT|NUMERIC)$/,
  number: /^(DOUBLE|FLOAT|REAL|DECIMAL)$/,
  'yes or no': /^BOOLEAN$/,
  day: /^DATE$/,
  time: /^TIMESTAMP$/,
  list: /^ARRAY$/,
};

describe.each(['metabase', 'dbeaver'])('clickhouse-jdbc as %s', (tool) => {
  const said: string[][] = [];
  const of = (kind: string) => said.filter(([name]) => name === kind).map(([, ...fields]) => fields);

  beforeAll(async () => {
    const url = `jdbc:clickhouse://127.0.0.1:${warehouse.server.httpPort}/conversations`;
    const args = ['-cp', await jdbcClassPath(), program, url, tool, 'conversations', ...everyKind];
    const { stdout } = await run(await javaCompiling(), args, { maxBuffer: 16 * 1024 * 1024, timeout: 100_000 });
    said.push(
      ...stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')),
    );
  }, 120_000);

  test('connects, and knows the server and its databases', () => {
    expect(of('driver')).toEqual([[JDBC_VERSION, 'true']]);
    expect(of('server')).toEqual([['ClickHouse', warehouse.server.version]]);
    expect(of('schema').flat()).toEqual(expect.arrayContaining(['conversations', 'orchestrator']));
  });

  test('lists every view as a view, with its comment', () => {
    const views = of('table').filter(([name]) => isReaderView(name!));
    expect(views.map(([name]) => name).sort()).toEqual(
      [...new Set(documentedColumns().map(({ view }) => view))].sort(),
    );
    for (const [name, kind, comment] of views)
      expect({ name, kind, silent: comment === '' }).toEqual({ name, kind: 'VIEW', silent: false });
  });

  test('lists every column with its comment, and a type that a tool can show', () => {
    const columns = of('column').filter(([view]) => isReaderView(view!));
    expect(columns.map(([view, column, type, , comment]) => ({ view, column, type, comment }))).toEqual(
      expect.arrayContaining(
        documentedColumns().map(({ view, column, type, comment }) => ({ view, column, type, comment })),
      ),
    );
    for (const [, column, type, jdbc] of columns) {
      expect({ column, type, jdbc }).toEqual({ column, type, jdbc: expect.stringMatching(jdbcTypes[natureOf(type!)]) });
    }
  });

  test('reads every view, each column as what it is', () => {
    const rows = new Map(of('read').map(([view, count]) => [view, Number(count)]));
    for (const { view } of documentedColumns()) expect({ view, rows: rows.get(view) }).not.toEqual({ view, rows: 0 });
    const types = new Map(documentedColumns().map(({ view, column, type }) => [`${view}.${column}`, type]));
    const classes = of('class');
    expect(classes.length).toBeGreaterThan(200);
    for (const [view, column, found] of classes) {
      const type = types.get(`${view}.${column}`)!;
      expect({ view, column, found }).toEqual({
        view,
        column,
        found: expect.stringMatching(javaClasses[natureOf(type)]),
      });
    }
  });

  test('groups as the tool would', () => {
    const [[groups, messages] = []] = of('grouped');
    expect(Number(groups)).toBeGreaterThan(10);
    expect(messages).toBe('1164');
  });

  test('binds parameters, none of which is taken for SQL', async () => {
    const [counted] = await queryRows<{ count: number }>(
      warehouse.client,
      "SELECT count() AS count FROM conversations.fact_messages WHERE direction = 'out' AND response_seconds > 0",
    );
    expect(counted!.count).toBeGreaterThan(500);
    expect(of('prepared')).toEqual([[String(counted!.count)]]);
  });

  test('can write nothing, and read no file or address', () => {
    expect(of('allowed')).toEqual([]);
    expect(of('refused').map(([sql]) => sql)).toEqual(everyKind);
    for (const [, message] of of('refused')) {
      expect(message).toMatch(/Not enough privileges|Cannot modify 'readonly'/);
    }
  });
});

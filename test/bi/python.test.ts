import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryRows } from '../../src/warehouse/client.ts';
import { pythonSets, pythonWith } from './artifacts.ts';
import { isReaderView, type Nature, natureOf } from './expected-types.ts';
import { type SampleWarehouse, someMore, startSampleWarehouse } from './sample-warehouse.ts';
import { everyKind } from './statements.ts';
import { documentedColumns } from './views.ts';

/** clickhouse-connect and its dialect are what Superset connects through. The program beside does what it does. */
const program = fileURLToPath(new URL('python/connects.py', import.meta.url));
const run = promisify(execFile);

interface Found {
  readonly sqlalchemy: string;
  readonly clickhouse_connect: string;
  readonly schemas: readonly string[];
  readonly views: readonly string[];
  readonly comments: Readonly<Record<string, string>>;
  readonly columns: readonly { view: string; column: string; type: string; comment: string }[];
  readonly classes: readonly { view: string; column: string; type: string }[];
  readonly rows: Readonly<Record<string, number>>;
  readonly grouped: readonly [number, number];
  readonly bound: number;
  readonly reflected: readonly (readonly [string, number])[];
  readonly version: string;
  readonly parameters: number;
  readonly refused: readonly string[];
  readonly refused_by_client: readonly string[];
}

const pythonTypes: Readonly<Record<Nature, string>> = {
  text: 'str',
  integer: 'int',
  number: 'float',
  'yes or no': 'bool',
  day: 'date',
  time: 'datetime',
  list: 'list',
};

let warehouse: SampleWarehouse;

beforeAll(async () => {
  warehouse = await startSampleWarehouse(someMore);
}, 120_000);

afterAll(() => warehouse?.stop());

describe.each(['superset', 'newest'] as const)('clickhouse-connect, packages %s', (set) => {
  let found: Found;

  beforeAll(async () => {
    const args = [program, '127.0.0.1', String(warehouse.server.httpPort), JSON.stringify(everyKind)];
    const { stdout } = await run(await pythonWith(set), args, { maxBuffer: 16 * 1024 * 1024, timeout: 100_000 });
    found = JSON.parse(stdout) as Found;
  }, 120_000);

  test('is what was asked for, and connects', () => {
    expect(pythonSets[set]).toContain(`sqlalchemy==${found.sqlalchemy}`);
    expect(found.version).toBe(warehouse.server.version);
    expect(found.schemas).toEqual(expect.arrayContaining(['conversations', 'orchestrator']));
  });

  test('the inspector knows every view and column, with their comments', () => {
    expect(found.views.filter(isReaderView).sort()).toEqual(
      [...new Set(documentedColumns().map(({ view }) => view))].sort(),
    );
    for (const view of found.views)
      expect({ view, comment: found.comments[view] }).toEqual({ view, comment: expect.stringMatching(/./) });
    expect(found.columns.map(({ view, column, comment }) => ({ view, column, comment }))).toEqual(
      expect.arrayContaining(documentedColumns().map(({ view, column, comment }) => ({ view, column, comment }))),
    );
    expect(found.columns.filter(({ type }) => /AggregateFunction/.test(type))).toEqual([]);
  });

  test('reads every view, each column as what it is', () => {
    for (const { view } of documentedColumns()) expect({ view, rows: found.rows[view] }).not.toEqual({ view, rows: 0 });
    const types = new Map(documentedColumns().map(({ view, column, type }) => [`${view}.${column}`, type]));
    expect(found.classes.length).toBeGreaterThan(200);
    for (const { view, column, type } of found.classes.filter(({ view }) => isReaderView(view))) {
      const documented = types.get(`${view}.${column}`)!;
      expect({ view, column, type }).toEqual({ view, column, type: pythonTypes[natureOf(documented)] });
    }
  });

  test('groups as Superset would, over SQL and over a reflected table', () => {
    expect(found.grouped[0]).toBeGreaterThan(20);
    expect(found.grouped[1]).toBe(1164);
    expect(found.reflected[0]).toEqual(['RockstarSupport', 204]);
  });

  test('binds parameters, none of which is taken for SQL', async () => {
    const [counted] = await queryRows<{ outbound: number; apple: number }>(
      warehouse.client,
      `SELECT countIf(direction = 'out') AS outbound, countIf(clinic_code = 'AppleSupport') AS apple
       FROM conversations.fact_messages`,
    );
    expect({ outbound: found.bound, apple: found.parameters }).toEqual(counted);
    expect(found.parameters).toBeGreaterThan(0);
  });

  test.each(['refused', 'refused_by_client'] as const)(
    'can write nothing, and read no file or address: %s',
    (which) => {
      expect(found[which]).toHaveLength(everyKind.length);
      everyKind.forEach((statement, index) => {
        const answer = found[which][index];
        // A SET of the client's own is not sent: it stays with the client, which refuses what it knows to be read-only.
        expect({ statement, answer }).toEqual({
          statement,
          answer: expect.stringMatching(/Not enough privileges|readonly/i),
        });
      });
    },
  );
});

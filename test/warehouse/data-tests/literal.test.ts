import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queryRows } from '../../../src/warehouse/client.ts';
import { identifier, literal, tableName } from '../../../src/warehouse/data-tests/literal.ts';
import { type ScratchWarehouse, startScratchWarehouse } from '../scratch-warehouse.ts';

let warehouse: ScratchWarehouse;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
});
afterAll(() => warehouse?.stop());

/** Any text: quotes, backslashes, comments, control characters, other scripts. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  fc.constantFrom(
    "'",
    "''",
    '\\',
    "\\'",
    '`',
    '\\`',
    '"',
    '-- ',
    '/*',
    '; DROP TABLE x',
    "'); SELECT 1 --",
    '\0',
    '\n',
    '{a:String}',
    '%',
    '$$',
  ),
);

test('the server reads every literal back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(anyText, fc.integer(), fc.boolean()), { minLength: 1, maxLength: 20 }),
      async (values) => {
        const columns = values.map((value, index) => `${literal(value)} AS c${index}`);
        const [row] = await queryRows<Record<string, unknown>>(warehouse.client, `SELECT ${columns.join(', ')}`);
        expect(Object.values(row!)).toEqual(values);
      },
    ),
    { numRuns: 100 },
  );
});

test('the server reads every name as that name, and nothing else', async () => {
  const names = anyText.filter((name) => !name.includes('\0'));
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      const sql = `SELECT ${identifier(name)} AS found FROM (SELECT 7 AS ${identifier(name)})`;
      expect(await queryRows(warehouse.client, sql)).toEqual([{ found: 7 }]);
    }),
    { numRuns: 150 },
  );
});

test('a plain name stays plain, a word of SQL does not', () => {
  expect(tableName('conversations.fact_messages')).toBe('conversations.fact_messages');
  expect(tableName('marts.select')).toBe('marts.`select`');
  expect(identifier('from')).toBe('`from`');
  expect(identifier('Mixed case')).toBe('`Mixed case`');
});

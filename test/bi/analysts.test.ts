import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, asTable, blocksOf, withAnswers } from '../../scripts/analysts-page.ts';
import { isReaderView } from './expected-types.ts';
import { type SampleWarehouse, startSampleWarehouse } from './sample-warehouse.ts';
import { documentedColumns } from './views.ts';

/** docs/analysts.md: each question's SQL, asked as `bi` over the shipped sample, gives the table that stands below it. */
const text = readFileSync(new URL('../../docs/analysts.md', import.meta.url), 'utf8');
const blocks = blocksOf(text);
let warehouse: SampleWarehouse;

beforeAll(async () => {
  warehouse = await startSampleWarehouse();
}, 120_000);

afterAll(() => warehouse?.stop());

describe('docs/analysts.md', () => {
  test('has ten questions, each with its SQL and its answer', () => {
    const questions = [...text.matchAll(/^### (\d+)\. .+\?$/gm)].map(([, number]) => Number(number));
    expect(questions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(blocks.filter(({ table }) => table !== undefined)).toHaveLength(10);
    expect(text.match(/```sql/g)).toHaveLength(blocks.length);
  });

  test.each(blocks.map((block, index) => [index + 1, block] as const))(
    'SQL %i answers as it says',
    async (_, { sql, table }) => {
      const result = await warehouse.bi.query({ query: sql, format: 'JSONCompact' });
      const answer = answerOf(await result.json());
      expect(answer.rows.length).toBeGreaterThan(0);
      // When the tables are out of date: npx tsx scripts/analysts-page.ts
      if (table !== undefined) expect(table).toBe(asTable(answer));
    },
  );

  test('names views and columns that are there', () => {
    const columns = documentedColumns();
    const views = new Set([...columns.map(({ view }) => view), 'dim_conversations_current']);
    const named = [...text.matchAll(/\b((?:fact|dim|agg)_[a-z_]+)\b/g)].map(([, name]) => name!.replace(/_$/, ''));
    const unknown = named.filter(
      (name) => isReaderView(name) && ![...views].some((view) => view === name || view.startsWith(`${name}_`)),
    );
    expect(unknown.filter((name) => !['dim', 'fact', 'agg', 'agg_response', 'agg_engagement'].includes(name))).toEqual(
      [],
    );
  });

  test('a table that says something else is found', () => {
    const wrong = text.replace('| 2018 | 12 |', '| 2018 | 13 |');
    expect(wrong).not.toBe(text);
    const [block] = blocksOf(wrong).filter(({ table }) => table?.includes('| 2018 | 13 |'));
    const right = blocks.find(({ sql }) => sql === block!.sql)!;
    expect(block!.table).not.toBe(right.table);
    expect(
      withAnswers(
        '```sql\nSELECT 1\n```\n\n| x |\n',
        new Map([['SELECT 1', { columns: [{ name: 'n', isNumber: true }], rows: [['1']] }]]),
      ),
    ).toBe('```sql\nSELECT 1\n```\n\n| n |\n| --: |\n| 1 |\n');
  });
});

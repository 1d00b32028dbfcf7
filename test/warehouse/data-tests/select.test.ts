import { describe, expect, test } from 'vitest';
import { parseCatalogueFile } from '../../../src/warehouse/catalogue/files.ts';
import { testsOf } from '../../../src/warehouse/data-tests/plan.ts';
import { type Selection, selectTests } from '../../../src/warehouse/data-tests/select.ts';

const file = parseCatalogueFile(
  'shop.yaml',
  `
sources: { shop.orders: { freshness: { loaded_at: fact_orders.at } } }
tables:
  fact_orders: { grain: [id], tags: [money] }
  fact_visits: { grain: [id] }
  dim_people: { grain: [id], tests: [{ history: { key: id, severity: warn, tags: [nightly] } }] }
  agg_sales: { grain: [day] }
  odd_one: { grain: [id], layer: special }
tests: { no_gaps: { sql: SELECT 1, tags: [nightly] } }
`,
);
const tests = testsOf([file]);
const all = {
  tests,
  subjects: new Map(
    tests.map(({ name, table, check }) => [
      name,
      check.type === 'query'
        ? ['shop.fact_orders', 'shop.dim_people']
        : check.type === 'freshness'
          ? [table!, check.topic]
          : [table!],
    ]),
  ),
  edges: [
    ['shop.orders', 'shop.fact_orders'],
    ['shop.orders', 'shop.dim_people'],
    ['shop.fact_orders', 'shop.agg_sales'],
    ['shop.dim_people', 'shop.agg_sales'],
  ].map(([source = '', target = '']) => ({ source, target })),
  layers: new Map([['shop.odd_one', 'special']]),
};

function chosen(select: string[], more: Partial<Selection> = {}): string[] {
  return selectTests(all, { select, exclude: [], freshness: 'asked', ...more }).map(({ name }) =>
    name.replace('shop.', ''),
  );
}

const orders = ['fact_orders.unique.id'];
const people = ['dim_people.unique.id', 'dim_people.history.id'];

describe('a selection', () => {
  test('is everything but freshness when nothing is said', () => {
    expect(chosen([])).toEqual([
      ...orders,
      'fact_visits.unique.id',
      ...people,
      'agg_sales.unique.day',
      'odd_one.unique.id',
      'no_gaps',
    ]);
    expect(chosen([], { freshness: 'too' })).toContain('orders.freshness');
    expect(chosen([], { freshness: 'only' })).toEqual(['orders.freshness']);
  });

  test.each<[string, string[]]>([
    ['fact_orders', [...orders, 'no_gaps']],
    ['shop.fact_orders', [...orders, 'no_gaps']],
    ['fact_*', [...orders, 'fact_visits.unique.id', 'no_gaps']],
    ['no_gaps', []],
    ['shop.no_gaps', ['no_gaps']],
    ['layer:fact', [...orders, 'fact_visits.unique.id', 'no_gaps']],
    ['layer:special', ['odd_one.unique.id']],
    ['tag:money', orders],
    ['tag:nightly', ['dim_people.history.id', 'no_gaps']],
    ['type:history', ['dim_people.history.id']],
    ['severity:warn', ['dim_people.history.id']],
    ['agg_sales', ['agg_sales.unique.day']],
    ['+agg_sales', [...orders, ...people, 'agg_sales.unique.day', 'no_gaps']],
    ['dim_people+', [...people, 'agg_sales.unique.day', 'no_gaps']],
    ['shop.orders+', [...orders, ...people, 'agg_sales.unique.day', 'no_gaps']],
    ['type:history+', ['dim_people.history.id', 'agg_sales.unique.day']],
    ['tag:nightly,layer:dimension', ['dim_people.history.id', 'no_gaps']],
    ['fact_orders,type:unique', orders],
    ['type:freshness', ['orders.freshness']],
    ['shop.orders.freshness', ['orders.freshness']],
  ])('%s', (term, expected) => {
    if (term === 'no_gaps') expect(() => chosen([term])).toThrow(/No test fits/);
    else expect(chosen([term])).toEqual(expected);
  });

  test('joins terms, and leaves out what is excluded', () => {
    expect(chosen(['fact_visits', 'agg_sales'])).toEqual(['fact_visits.unique.id', 'agg_sales.unique.day']);
    expect(chosen([], { exclude: ['type:unique'] })).toEqual(['dim_people.history.id', 'no_gaps']);
    expect(chosen(['fact_*'], { exclude: ['no_gaps*', 'fact_orders'].slice(1) })).toEqual(['fact_visits.unique.id']);
  });

  test.each(['fact_order', 'tag:monye', 'type:uniqe', 'layer:gold', 'domain:x', '+nothing', 'fact_orders.*x'])(
    '%s, which no test fits, is wrong use',
    (term) => {
      expect(() => chosen([term])).toThrow(expect.objectContaining({ code: 'PARLEY_USAGE' }));
    },
  );
});

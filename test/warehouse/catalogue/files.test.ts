import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../../src/errors.ts';
import { cataloguedDomains, parseCatalogueFile, readCatalogueFile } from '../../../src/warehouse/catalogue/files.ts';
import { tablesIn } from '../../../src/warehouse/catalogue/syntax-tree.ts';
import { testsOf } from '../../../src/warehouse/data-tests/plan.ts';

function faultsOf(text: string): string {
  try {
    testsOf([parseCatalogueFile('shop.yaml', text)]);
  } catch (error) {
    expect(error).toBeInstanceOf(ParleyError);
    expect(error).toMatchObject({ code: 'PARLEY_CATALOGUE_INVALID', detail: { where: 'shop.yaml' } });
    return (error as Error).message;
  }
  return 'none';
}

describe('a file of the catalogue', () => {
  test.each([
    ['an unknown key', 'tables: { a: { grian: [x] } }', /tables\.a: .*grian/],
    ['an unknown test', 'tables: { a: { columns: { x: [uniqe] } } }', /tables\.a\.columns\.x\.0: .*uniqe/],
    ['two tests in one entry', 'tables: { a: { columns: { x: [{ unique: {}, not_null: {} }] } } }', /exactly one of/],
    [
      'no values',
      'tables: { a: { columns: { x: [{ accepted_values: [] }] } } }',
      /tables\.a\.columns\.x\.0\.accepted_values/,
    ],
    ['an unknown severity', 'tests: { t: { sql: SELECT 1, severity: bad } }', /tests\.t\.severity/],
    ['a name that no test can have', 'tests: { "a b": { sql: SELECT 1 } }', /letters, digits/],
    [
      'limits the wrong way round',
      'sources: { t: { freshness: { loaded_at: a.b, warn_after_hours: 9, error_after_hours: 8 } } }',
      /warn_after_hours/,
    ],
    ['two tests of one name', 'tables: { a: { grain: [x], columns: { x: [unique] } } }', /another test has this name/],
    ['no YAML', 'tables: [', /Flow sequence/],
  ])('with %s is refused, with the place', (_what, text, fault) => {
    expect(faultsOf(text)).toMatch(fault);
  });

  test('all faults are told at once', () => {
    const message = faultsOf('tables: { a: { grian: [x] }, b: { columns: { x: [uniqe] } } }');
    expect(message).toMatch(/grian[\s\S]*uniqe/);
  });

  test('that is empty declares nothing', () => {
    expect(testsOf([parseCatalogueFile('shop.yaml', '# nothing yet')])).toEqual([]);
  });

  test('names tables of its own database or of another', () => {
    const file = parseCatalogueFile(
      '/any/shop.yaml',
      'tables: { a: { grain: [x] }, b.c: { columns: { y: [not_null] } } }',
    );
    expect(testsOf([file]).map(({ name, table }) => [name, table])).toEqual([
      ['shop.a.unique.x', 'shop.a'],
      ['b.c.not_null.y', 'b.c'],
    ]);
    const other = parseCatalogueFile('/any/shop.yaml', 'database: store\ntables: { a: { grain: [x] } }');
    expect(testsOf([other])[0]).toMatchObject({ name: 'store.a.unique.x', domain: 'shop' });
  });
});

test('every shipped file can be read, and no two tests have one name', () => {
  const files = cataloguedDomains().map(readCatalogueFile);
  expect(files.length).toBeGreaterThan(1);
  expect(testsOf(files).length).toBeGreaterThan(100);
});

test('tables are found in a tree by their place, dictionaries by their literal, and no alias or column', () => {
  const tree = [
    'SelectWithUnionQuery (children 1)',
    '    Function dictGet (children 1)',
    "      Literal 'shop.prices'",
    "      Literal 'shop'",
    '    TableIdentifier shop.orders (alias shop)',
    '      TableIdentifier shop.lines_local',
    '     Identifier shop.secrets',
    '     TableIdentifier system.one',
  ].join('\n');
  const known = new Set(['shop.prices', 'shop.orders', 'shop.lines', 'shop.secrets']);
  expect([...tablesIn(tree, known)].sort()).toEqual(['shop.lines', 'shop.orders', 'shop.prices']);
});

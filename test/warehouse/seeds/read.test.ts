import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toolCategories } from '../../../src/processors/assistant/seeds.ts';
import { parseSeed, readSeed, seedsInFolder, shippedSeeds } from '../../../src/warehouse/seeds/read.ts';

const parse = (text: string) => parseSeed(text, toolCategories, 'some.csv');
const header = 'tool_name,tool_category,tool_description,operation_kind';

describe('a seed', () => {
  test('has its columns in the order of the seed, whatever the order in the file; what may be left out is empty', () => {
    expect(parse('tool_category,tool_name\nshell,Bash\n')).toEqual({
      header: header.split(','),
      rows: [['Bash', 'shell', '', '']],
    });
  });

  test('may have quotes, a byte order mark, other line ends and empty lines', () => {
    const text = `\ufeff${header}\r\n\r\nBash,shell,"Runs a ""command"", and waits",shell\r\n`;
    expect(parse(text).rows).toEqual([['Bash', 'shell', 'Runs a "command", and waits', 'shell']]);
  });

  test.each([
    ['no header', '', 'some.csv:1', 'the header tool_name,tool_category'],
    ['another header', 'tool,category\nBash,shell\n', 'some.csv:1', 'the header tool_name,tool_category'],
    ['an unknown column', `${header},colour\nBash,shell,,,red\n`, 'some.csv:1', 'and perhaps tool_description'],
    ['a column twice', 'tool_name,tool_category,tool_name\nBash,shell,Bash\n', 'some.csv:1', 'the header'],
    ['no rows', `${header}\n`, 'some.csv:2', 'at least one row'],
    ['too few cells', `${header}\nBash,shell\n`, 'some.csv:2', 'as many as the header'],
    ['an open quote', `${header}\n"Bash,shell,,\n`, 'some.csv:2', 'as many as the header'],
    ['a row without a name', `${header}\nBash,shell,,\n,shell,,\n`, 'some.csv:3', 'tool_name: '],
    ['no category', `${header}\nBash,,,\n`, 'some.csv:2', 'tool_category: '],
    ['a category in capitals', `${header}\nBash,Shell,,\n`, 'some.csv:2', 'small letters'],
    ['an unknown kind', `${header}\nBash,shell,,shells\n`, 'some.csv:2', 'operation_kind: expected file, search'],
    ['a star in the middle', `${header}\nmcp*__x,shell,,\n`, 'some.csv:2', 'a * at its end'],
  ])('with %s is refused, with its line', (_what, text, where, expected) => {
    const refused = () => parse(text);
    expect(refused).toThrow(expect.objectContaining({ code: 'PARLEY_SEED_INVALID' }));
    expect(refused).toThrow(expect.objectContaining({ detail: expect.objectContaining({ where }) }));
    expect(refused).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ expected: expect.stringContaining(expected) }) }),
    );
  });

  test('a name that stands twice is refused with both lines, and all faults are told at once', () => {
    const faulty = () => parse(`${header}\nBash,shell,,\nRead,,,\nBash,other,,\n`);
    expect(faulty).toThrow('A seed has 2 faults');
    expect(faulty).toThrow(
      expect.objectContaining({
        detail: expect.objectContaining({
          received: 'line 3: ""; line 4: "Bash" as on line 2',
          where: 'some.csv:3',
        }),
      }),
    );
  });
});

describe('a folder of seeds', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'parley-seeds-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('without seeds, or with a file of no known name, or that is not there, is refused', () => {
    const known = ['tool_categories'];
    expect(() => seedsInFolder(dir, known)).toThrow(expect.objectContaining({ code: 'PARLEY_SEED_INVALID' }));
    writeFileSync(join(dir, 'tool_categories.csv'), `${header}\nBash,shell,,\n`);
    expect(seedsInFolder(dir, known)).toEqual(known);
    writeFileSync(join(dir, 'tool_category.csv'), '');
    expect(() => seedsInFolder(dir, known)).toThrow('No domain has a seed of this name');
    expect(() => seedsInFolder(join(dir, 'none'), known)).toThrow(
      expect.objectContaining({ code: 'PARLEY_SOURCE_NOT_FOUND' }),
    );
  });
});

test('the shipped tool categories are as the document has them', () => {
  const { rows } = readSeed(shippedSeeds, toolCategories);
  const kindOf = (kind: string) => rows.filter((row) => row[3] === kind).map(([name]) => name);
  expect(kindOf('file').sort()).toEqual(['Edit', 'MultiEdit', 'NotebookEdit', 'Read', 'Write']);
  expect(kindOf('search').sort()).toEqual(['Glob', 'Grep', 'WebSearch']);
  expect(kindOf('shell')).toEqual(['Bash']);
  expect([...new Set(rows.map((row) => row[1]))].sort()).toEqual(
    ['agent', 'file_op', 'interaction', 'network', 'planning', 'search', 'shell'].sort(),
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CODE, marksOf, QUESTION, URL } from '../../../src/processors/assistant/content.ts';
import { extensionOf, fileTypeOf } from '../../../src/processors/assistant/file-types.ts';
import { defaultOptions } from '../../../src/processors/assistant/options.ts';
import { createCategoriser } from '../../../src/processors/assistant/task-category.ts';
import { readToolInput } from '../../../src/processors/assistant/tool-input.ts';

describe('the task of a message', () => {
  const categoryOf = createCategoriser(defaultOptions.taskPatterns);

  test.each([
    ['Fix it', 'bug_fix'],
    ['FIXED in main', 'bug_fix'],
    ['two issues', 'bug_fix'],
    ['the debugger', 'other'],
    ['creating a page', 'feature'],
    ['newer', 'other'],
    ['clean up', 'refactor'],
    ['clean\n  up!', 'refactor'],
    ['cleanup', 'other'],
    ['unclean upper', 'other'],
    ['tests, please', 'testing'],
    ['latest contest', 'other'],
    ['the docs', 'documentation'],
    ['reviewed', 'review'],
    ['review the new error', 'bug_fix'],
    ['fix_bug is a name', 'other'],
    ['bug#12', 'bug_fix'],
    ['🐛bug🐛', 'bug_fix'],
    ['débug', 'other'],
    ['bugé', 'other'],
    ['', 'other'],
  ])('%j is %s', (text, category) => expect(categoryOf(text)).toBe(category));

  test('is the first category in the configured order, and no words are no category', () => {
    expect(createCategoriser({ late: ['go'], early: ['go', 'stop'] })('stop and go')).toBe('late');
    expect(createCategoriser({ none: [], some: ['x'] })('y')).toBe('other');
    expect(createCategoriser({ signs: ['c++', '#1'] })('it is #1')).toBe('signs');
    expect(createCategoriser({ signs: ['c++'] })('in c++, as ever')).toBe('signs');
  });

  test('is what regular expressions find', () => {
    const words = ['add', 'new', 'clean up', 'unit test', 'create'];
    const forms = words.flatMap((word) => {
      const stem = word.replace(/e$/, '');
      return [word, `${word}s`, `${word}es`, `${word}d`, `${stem}ed`, `${stem}ing`].map((form) =>
        form.replace(' ', '\\s+'),
      );
    });
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}\\p{M}_])(${forms.join('|')})(?![\\p{L}\\p{N}\\p{M}_])`, 'iu');
    const categoryOf = createCategoriser({ found: words });
    const part = fc.constantFrom(
      ...words,
      'clean',
      'up',
      's',
      'ed',
      'ing',
      'unit',
      ' ',
      '  ',
      '\n',
      '-',
      '_',
      'é',
      '7',
      '.',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        expect(categoryOf(text)).toBe(pattern.test(text) ? 'found' : 'other');
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ['What is it?', QUESTION],
  ['Really?! (yes)', QUESTION],
  ['"why?" he said', QUESTION],
  ['a ? b : c', 0],
  ['https://example.org/?q=1', URL],
  ['see HTTPS://EXAMPLE.org', URL],
  ['file:///etc/hosts', 0],
  ['https:// is a scheme', 0],
  ['```js\nx\n``` ok?', CODE + QUESTION],
  ['`code`', 0],
  ['', 0],
])('marks of %j', (text, marks) => expect(marksOf(text)).toBe(marks));

test.each([
  ['/src/Main.TS', 'ts', 'javascript'],
  ['C:\\work\\a.py', 'py', 'python'],
  ['a/Dockerfile', '', 'docker'],
  ['docker-compose.prod.yml', 'yml', 'docker'],
  ['.env.local', 'local', 'config'],
  ['.gitignore', '', 'other'],
  ['a.b/readme', '', 'other'],
  ['notes.', '', 'other'],
  ['x.KT', 'kt', 'jvm'],
  ['', '', ''],
])('%j has extension %j and is %j', (path, extension, type) => {
  expect(extensionOf(path)).toBe(extension);
  expect(fileTypeOf(path)).toBe(type);
});

describe('the input of a call', () => {
  test.each([
    [{ file_path: 'a.ts', path: 'b' }, 'a.ts'],
    [{ notebook_path: 'n.ipynb' }, 'n.ipynb'],
    [{ path: 'src' }, 'src'],
    [{ file_path: 5 }, ''],
    ['{"file_path":"a.ts"}', 'a.ts'],
    [' {broken', ''],
    ['[1]', ''],
    ['null', ''],
    [null, ''],
    [undefined, ''],
  ])('%j names %j', (input, path) => expect(readToolInput('Read', input).filePath).toBe(path));

  test('is as long as its JSON, and known again by it and its tool', () => {
    expect(readToolInput('Read', { a: 1 })).toMatchObject({ length: 7 });
    expect(readToolInput('Read', '{"a":1}')).toEqual(readToolInput('Read', { a: 1 }));
    expect(readToolInput('Edit', { a: 1 }).fingerprint).not.toBe(readToolInput('Read', { a: 1 }).fingerprint);
    expect(readToolInput('Read', { a: 2 }).fingerprint).not.toBe(readToolInput('Read', { a: 1 }).fingerprint);
  });
});

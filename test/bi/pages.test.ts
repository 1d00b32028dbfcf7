import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { biTools } from '../../src/warehouse/bi/tools.ts';
import { documentedColumns } from './views.ts';

/** docs/bi: a page for each tool that `parley doctor bi` knows, with the fields to fill in, and nothing that is not there. */
const folder = fileURLToPath(new URL('../../docs/bi/', import.meta.url));
const pages = readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));

test('each tool that connects has a page, linked from the first one', () => {
  const tools = ['Looker Studio', ...biTools.map(({ name }) => name).filter((name) => !name.startsWith('@'))];
  const files = tools.map((name) => `${name.toLowerCase().replaceAll(' ', '-')}.md`);
  expect(pages.map(({ file }) => file).sort()).toEqual(['README.md', ...files].sort());
  for (const file of files) expect(pages.find((page) => page.file === 'README.md')!.text).toContain(`](${file})`);
});

test.each(pages.filter(({ file }) => file !== 'README.md').map((page) => [page.file, page.text]))(
  '%s says what to fill in, what to ask first and what goes wrong',
  (_, text) => {
    expect(text).toMatch(/^\| field \| value \|$/m);
    expect(text).toContain('## The first question');
    expect(text).toContain('## Traps');
    expect(text).toMatch(/\| .*[Pp]ort.* \| `(8123|9004)` \|/);
    expect(text).toMatch(/\| .*(password|Username).* \| `bi`/);
  },
);

test('views that the pages name are there', () => {
  const views = new Set(documentedColumns().map(({ view }) => view));
  const named = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\b((?:fact|dim|agg)_[a-z_]*[a-z])\b/g)].map(([, view]) => ({ file, view: view! })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ view }) => !views.has(view))).toEqual([]);
});

test('links lead to files and headings that are there', () => {
  const broken = [
    'docs/analysts.md',
    'docs/operators.md',
    'docs/operators-stack.md',
    ...pages.map(({ file }) => `docs/bi/${file}`),
  ].flatMap((page) => {
    const path = fileURLToPath(new URL(`../../${page}`, import.meta.url));
    return [...readFileSync(path, 'utf8').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].flatMap(([, link]) => {
      const [to, heading] = link!.split('#');
      const target = to === '' ? path : join(dirname(path), to!);
      if (!existsSync(target)) return [`${page}: ${link}`];
      if (heading === undefined) return [];
      const anchors = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title!
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .trim()
          .replaceAll(' ', '-'),
      );
      return anchors.includes(heading) ? [] : [`${page}: ${link}`];
    });
  });
  expect(broken).toEqual([]);
});

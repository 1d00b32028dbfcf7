import type { Random } from '../random.ts';

/** What people ask of an assistant, and what it says: sentences of every category of task, some with code, links, questions. */
const asked = [
  'Please fix the bug in the address form',
  'I get an error when the prefix is empty',
  'There is an issue with the login page, can you look?',
  'Add a button that exports the table as CSV',
  'Implement pagination for the orders endpoint',
  'Create a new page for the settings',
  'Refactor the parser into smaller functions',
  'Clean up the imports of this module',
  'Write a unit test for the date helper',
  'Raise the coverage of the billing package',
  'Document the public functions of the client',
  'Update the README with the new options',
  'Review this change before I merge it',
  'How does the cache decide what to evict?',
  'See https://example.org/docs/guide?page=2 for how others do it',
  'Thanks, that works',
  'Go on',
  'Why is the second query slower than the first?',
];

const said = [
  'I will look at the file first.',
  'The cause is in the way the list is sorted: equal keys change their order.',
  'Done. The function now returns early when there is nothing to do.',
  'All tests pass.',
  'Here is what I changed:\n```ts\nexport const limit = Math.min(size, limitMax);\n```',
  'Two things are left: the migration and its documentation.',
  'The request fails because the header is missing.',
  'Shall I apply the same change to the other package?',
  'I searched for every caller and found three of them.',
  'This is described at https://example.org/reference.',
];

const stems = ['main', 'index', 'orders', 'billing', 'parser', 'client', 'settings', 'cache', 'helpers', 'schema'];
const extensions = ['ts', 'ts', 'ts', 'tsx', 'py', 'py', 'md', 'json', 'sql', 'css', 'go', 'sh'];
const commands = [
  'npm test',
  'git status',
  'git diff',
  'npm run build',
  'ls -la',
  'python -m pytest',
  'docker compose ps',
];
const patterns = ['TODO', 'export function', 'class .*Error', 'import .* from'];

/** Between one sentence and as many as `most`. */
export function message(random: Random, isUser: boolean, most: number): string {
  const sentences = isUser ? asked : said;
  const parts: string[] = [];
  for (let left = 1 + random.below(most); left > 0; left--) parts.push(pick(random, sentences));
  return parts.join(' ');
}

/** A tool and what it is called with. */
export function call(random: Random): { readonly tool: string; readonly input: Readonly<Record<string, unknown>> } {
  const file = `/work/src/${pick(random, stems)}.${pick(random, extensions)}`;
  const tool = pick(random, tools);
  switch (tool) {
    case 'Bash':
      return { tool, input: { command: pick(random, commands) } };
    case 'Grep':
    case 'Glob':
      return { tool, input: { pattern: pick(random, patterns) } };
    case 'WebSearch':
      return { tool, input: { query: pick(random, asked) } };
    case 'Edit':
      return { tool, input: { file_path: file, old_string: pick(random, said), new_string: pick(random, said) } };
    case 'Write':
      return { tool, input: { file_path: file, content: message(random, false, 12) } };
    default:
      return { tool, input: { file_path: file } };
  }
}

/** The oftener, the likelier. */
const tools = [
  'Read',
  'Read',
  'Read',
  'Bash',
  'Bash',
  'Bash',
  'Edit',
  'Edit',
  'Grep',
  'Grep',
  'Glob',
  'Write',
  'WebSearch',
];

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

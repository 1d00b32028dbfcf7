import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Writes the answers in docs/analysts.md: below each question that has a table, what its SQL gives as `bi` over the shipped
 * sample. `npx tsx scripts/analysts-page.ts`, after `npm run build`; a test holds the page equal.
 */
const page = fileURLToPath(new URL('../docs/analysts.md', import.meta.url));

/** Columns and rows of an answer, every value as text. */
export interface Answer {
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** A fenced block of SQL, with the table that stands below it where there is one. */
export interface Block {
  readonly sql: string;
  readonly table: string | undefined;
}

const blockPattern = /```sql\n([\s\S]*?)\n```\n(?:\n((?:\|.*\n)+))?/g;

export function blocksOf(text: string): Block[] {
  return [...text.matchAll(blockPattern)].map(([, sql, table]) => ({ sql: sql!, table }));
}

/** The page with every table replaced by what `answers` has for its SQL. */
export function withAnswers(text: string, answers: ReadonlyMap<string, Answer>): string {
  return text.replaceAll(blockPattern, (whole: string, sql: string, table: string | undefined) => {
    const answer = answers.get(sql);
    return table === undefined || answer === undefined ? whole : `\`\`\`sql\n${sql}\n\`\`\`\n\n${asTable(answer)}`;
  });
}

export function asTable({ columns, rows }: Answer): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return [
    line(columns.map(({ name }) => name)),
    line(columns.map(({ isNumber }) => (isNumber ? '--:' : '---'))),
    ...rows.map(line),
  ].join('');
}

/** From an answer in ClickHouse's format JSONCompact. */
export function answerOf(json: {
  readonly meta?: readonly { readonly name: string; readonly type: string }[];
  readonly data: readonly (readonly unknown[])[];
}): Answer {
  const columns = (json.meta ?? []).map(({ name, type }) => ({
    name,
    isNumber: /^(Nullable\()?(U?Int|Float)/.test(type),
  }));
  const text = (value: unknown) => (value === null ? '' : String(value));
  return { columns, rows: json.data.map((row) => row.map(text)) };
}

function write(): void {
  const program = fileURLToPath(new URL('../bin/parley.js', import.meta.url));
  const sample = fileURLToPath(new URL('../examples/twitter-care', import.meta.url));
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-analysts-'));
  const environment = { ...process.env, PARLEY_CLICKHOUSE_HTTP_PORT: '0', PARLEY_CLICKHOUSE_TCP_PORT: '0' };
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [program, ...args, '--data-dir', dataDir], { encoding: 'utf8', env: environment });
  try {
    run('replay', sample);
    const text = readFileSync(page, 'utf8');
    const answers = new Map(
      blocksOf(text)
        .filter(({ table }) => table !== undefined)
        .map(({ sql }) => [sql, answerOf(JSON.parse(run('query', sql, '--format', 'JSONCompact')))]),
    );
    writeFileSync(page, withAnswers(text, answers));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) write();

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, queryText } from '../../src/warehouse/client.ts';
import { findRunningServer } from '../../src/warehouse/embedded/running.ts';
import { type Ended, endOf, environment, parley, removeFolder, root, sample, temporaryFolder } from './program.ts';

const dataDir = temporaryFolder();
const own = join(dataDir, 'tests');
let serving: ChildProcess | undefined;

/** After the first test a process serves the folder, so that not every question has to start a server of its own. */
beforeAll(async () => {
  const counted = await parley(['replay', sample, '--data-dir', dataDir]);
  expect(counted.code, counted.err).toBe(0);
  mkdirSync(own);
}, 120_000);
afterAll(async () => {
  serving?.kill('SIGTERM');
  if (serving !== undefined) expect(await endOf(serving)).toBe(0);
  removeFolder(dataDir);
});

async function serve(): Promise<void> {
  const program = join(root, 'bin/parley.js');
  const options = { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'] };
  const child = spawn(process.execPath, [program, 'serve', '--data-dir', dataDir], options);
  serving = child;
  for await (const text of child.stdout) if (String(text).includes('Press Ctrl-C')) return;
}

const run = (...args: string[]): Promise<Ended> => parley(['test', '--data-dir', dataDir, ...args]);
const declare = (text: string) => writeFileSync(join(own, 'mine.yaml'), text);

describe('test, alone with the folder', () => {
  it('passes over the sample, and keeps the results', async () => {
    const passed = await run();
    expect(passed.code, passed.out + passed.err).toBe(0);
    expect(passed.out).toMatch(/^\d\d\d passed, 0 warned, 0 failed \(/m);
    expect(passed.err).not.toContain('not kept');
    const kept = await parley([
      'query',
      'SELECT status, count() FROM orchestrator.test_results GROUP BY status',
      '--format',
      'CSV',
      '--data-dir',
      dataDir,
    ]);
    expect(kept.out.trim()).toMatch(/^"pass",\d\d\d$/);
  });
});

describe('catalogue', () => {
  beforeAll(serve);

  it('is there after the first start, as a table, as JSON, as a page and as a picture', async () => {
    const [plain, json, page, picture] = await Promise.all(
      [[], ['--json'], ['--markdown'], ['--mermaid']].map((form) =>
        parley(['catalogue', '--data-dir', dataDir, ...form]),
      ),
    );
    expect(plain!.code, plain!.err).toBe(0);
    expect(plain!.out).toMatch(/^ view +conversations\.fact_messages +One row per message\. +\d+$/m);
    const { entries, edges } = JSON.parse(json!.out) as {
      entries: { name: string; inputs: string[] }[];
      edges: unknown[];
    };
    expect(entries.find(({ name }) => name === 'conversations.fact_messages')?.inputs).toEqual([
      'conversations.landing_messages',
    ]);
    expect(edges.length).toBeGreaterThan(50);
    expect(page!.out).toMatch(/^# Catalogue$/m);
    expect(picture!.out).toMatch(/^flowchart LR$/m);
  });

  it('is printed in one form at a time', async () => {
    const two = await parley(['catalogue', '--json', '--mermaid', '--data-dir', dataDir]);
    expect([two.code, two.err]).toEqual([2, expect.stringContaining('PARLEY_USAGE')]);
  });
});

describe('test', () => {
  it('asks how fresh topics are only when it is asked to', async () => {
    const [asked, configured] = await Promise.all([
      run('--freshness', '--no-record'),
      parley(['test', '--data-dir', dataDir, '--no-record', '--select', 'fact_messages'], {
        PARLEY_TESTS_FRESHNESS: 'true',
      }),
    ]);
    expect(asked!.code).toBe(1);
    expect(asked!.out).toMatch(/^fail {2}conversations\.messages\.freshness$/m);
    expect(asked!.out).toMatch(/^0 passed, 0 warned, 2 failed/m);
    expect(configured!.code).toBe(1);
    expect(configured!.out).toContain('0 warned, 1 failed');
  });

  it('follows the lineage', async () => {
    const listed = await run('--list', '--json', '--select', '+agg_themes', '--exclude', 'type:metric');
    const names = (JSON.parse(listed.out) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'conversations.agg_themes.unique.month-tag',
        'conversations.fact_conversation_tags.not_null.tag',
      ]),
    );
    expect(names.filter((name) => /fact_messages\.|agg_engagement/.test(name))).toEqual([]);
  });

  it('shows what failed: rows, and the query that finds them all', async () => {
    declare(`
database: conversations
tables:
  fact_messages:
    columns: { direction: [{ accepted_values: { values: [in], name: nobody_answers } }] }
    tests: [{ expression: { name: never_urgent, sql: "NOT has(text_tags, 'urgent')", severity: warn } }]
`);
    const junit = join(own, 'report.xml');
    const failed = await run('--tests', own, '--junit', junit);
    expect(failed.code, failed.err).toBe(1);
    expect(failed.out).toMatch(/^ fail +conversations\.fact_messages\.nobody_answers +5\d\d$/m);
    expect(failed.out).toContain("WHERE direction IS NOT NULL AND direction NOT IN ('in')");
    const report = readFileSync(junit, 'utf8');
    expect(report).toMatch(/<testsuites name="parley test" tests="\d+" failures="1" errors="0" time="/);
    expect(report.match(/<testcase /g)?.length).toBe(Number(/tests="(\d+)"/.exec(report)?.[1]));
    expect(report).toMatch(
      /<failure message="5\d\d rows of conversations\.fact_messages with another direction than in\.">/,
    );
    const query = /^ {2}(SELECT .*\n {2}WHERE direction.*)$/m.exec(failed.out)?.[1] ?? '';
    const all = await parley(['query', `SELECT count() FROM (${query})`, '--format', 'CSV', '--data-dir', dataDir]);
    expect(failed.out).toContain(` ${all.out.trim()}\n`);
    const warned = await run('--tests', own, '--select', 'severity:warn', '--json');
    expect(warned.code).toBe(0);
    const told = JSON.parse(warned.out) as {
      warn: number;
      fail: number;
      results: { test: string; status: string; sample: unknown[] }[];
    };
    expect(told.fail).toBe(0);
    expect(told.results.map(({ status }) => status)).not.toContain('fail');
  });

  it.each([
    ['a term that fits nothing', ['--select', 'fact_mesages'], 'PARLEY_USAGE'],
    ['nothing left', ['--select', 'type:history', '--exclude', 'type:history'], 'PARLEY_USAGE'],
    ['a folder that is not there', ['--tests', join(dataDir, 'nowhere')], 'PARLEY_SOURCE_NOT_FOUND'],
    [
      'a report where none can be',
      ['--select', 'type:history', '--junit', join(dataDir, 'no/where.xml')],
      'PARLEY_USAGE',
    ],
  ])('%s', async (_what, args, code) => {
    const ended = await run(...args, '--no-record');
    expect([ended.code, ended.err]).toEqual([code === 'PARLEY_USAGE' ? 2 : 1, expect.stringContaining(code)]);
  });

  it('a file that cannot be used is wrong use, and nothing runs', async () => {
    declare('tables: { a: { grian: [x] } }');
    const ended = await run('--tests', own);
    expect([ended.code, ended.out]).toEqual([2, '']);
    expect(ended.err).toMatch(/PARLEY_CATALOGUE_INVALID[\s\S]*grian[\s\S]*mine\.yaml/);
  });

  it('finds a wrong row in the warehouse itself, of a process that serves it', async () => {
    const running = await findRunningServer(dataDir);
    const writer = connect(running!);
    try {
      const wrong =
        "'sideways' AS direction, 'wrong' AS message_id, landing.message_timestamp + INTERVAL 1 SECOND AS message_timestamp";
      await queryText(
        writer,
        `INSERT INTO conversations.landing_messages SELECT * REPLACE (${wrong}) FROM conversations.landing_messages AS landing LIMIT 1`,
        'TSV',
      );
    } finally {
      await writer.close();
    }
    const failed = await run('--json', '--select', 'fact_messages');
    expect(failed.code).toBe(1);
    const { results } = JSON.parse(failed.out) as { results: { test: string; status: string; failures: number }[] };
    expect(results).toContainEqual(
      expect.objectContaining({
        test: 'conversations.fact_messages.accepted_values.direction',
        status: 'fail',
        failures: 1,
      }),
    );
    const kept = await parley([
      'query',
      "SELECT count() FROM orchestrator.test_results WHERE status = 'fail'",
      '--format',
      'CSV',
      '--data-dir',
      dataDir,
    ]);
    expect(Number(kept.out)).toBeGreaterThan(0);
  });
});

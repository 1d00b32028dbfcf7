import { writeFileSync } from 'node:fs';
import { messageOf, ParleyError } from '../errors.ts';
import { idOf } from '../warehouse/catalogue/picture.ts';
import { readCatalogue } from '../warehouse/catalogue/read.ts';
import { type ClickHouseClient, type Connection, connect } from '../warehouse/client.ts';
import type { DataTest } from '../warehouse/data-tests/data-test.ts';
import { type LoadedTests, loadTests } from '../warehouse/data-tests/load.ts';
import { recordRun, type TestRun } from '../warehouse/data-tests/results.ts';
import { runTests } from '../warehouse/data-tests/run.ts';
import { describeTerms, type Selection, selectTests } from '../warehouse/data-tests/select.ts';
import { exitDone, exitFailed } from './failure.ts';
import { print, printJson, table } from './output.ts';
import { createProgress } from './progress.ts';
import { withReader } from './reader.ts';
import { dataDirFlags, dataDirMeaning, type Registry, type Session } from './session.ts';
import { describeResults, junit, tallyOf } from './test-report.ts';

interface TestFlags {
  readonly dataDir?: string;
  readonly select?: readonly string[];
  readonly exclude?: readonly string[];
  readonly freshness?: true;
  readonly tests?: readonly string[];
  readonly list?: true;
  readonly json?: true;
  readonly junit?: string;
  readonly record: boolean;
}

export function addTest({ program, handle }: Registry): void {
  const command = program
    .command('test')
    .description('test the data: unique keys, accepted values, relationships, histories, metrics, freshness')
    .option(dataDirFlags, dataDirMeaning)
    .option('--select <terms...>', 'only these tests (see below); default: all')
    .option('--exclude <terms...>', 'not these tests')
    .option('--freshness', 'only how fresh the topics are; else that is not asked (or PARLEY_TESTS_FRESHNESS)')
    .option('--tests <dirs...>', 'folders with data tests of your own (or PARLEY_TESTS_DIRS)')
    .option('--list', 'say which tests there are, and run none')
    .option('--json', 'print the results as JSON')
    .option('--junit <file>', 'write the results as JUnit XML, too')
    .option('--no-record', 'do not write the results to orchestrator.test_results')
    .addHelpText(
      'after',
      `
${describeTerms}

The tests read and change nothing. Exit codes: 0 all passed (warnings are allowed), 1 a test failed, 2 wrong use.
What the tests are, and how to write your own: docs/data-tests.md.

Examples:
  $ parley test --data-dir ./data/demo
  $ parley test --select fact_messages+ --exclude type:metric --data-dir ./data/demo
  $ parley test --freshness
`,
    );
  handle(command, async (session) => {
    const flags = command.opts<TestFlags>();
    const startedAt = Date.now();
    const start = performance.now();
    const run = await withReader(session, flags.dataDir, (client, writer) =>
      work(session, flags, { client, writer, startedAt }),
    );
    if (flags.list) {
      tellTests(run.tests, flags);
      return exitDone;
    }
    const elapsedMs = performance.now() - start;
    if (flags.junit !== undefined) writeReport(flags.junit, junit(run.results, startedAt));
    if (flags.json) printJson(jsonOf(run, elapsedMs));
    else print(describeResults(run.results, elapsedMs));
    const { fail, error } = tallyOf(run.results);
    return fail + error > 0 ? exitFailed : exitDone;
  });
}

interface Connections {
  readonly client: ClickHouseClient;
  readonly writer: Connection;
  readonly startedAt: number;
}

interface Run extends TestRun {
  readonly tests: readonly DataTest[];
}

async function work(session: Session, flags: TestFlags, { client, writer, startedAt }: Connections): Promise<Run> {
  const { tests: settings } = session.configuration;
  const domains = session.domains.map(({ name }) => name);
  const loaded = await loadTests(client, { domains, dirs: flags.tests ?? settings.dirs });
  const selection: Selection = {
    select: wordsOf(flags.select),
    exclude: wordsOf(flags.exclude),
    freshness: flags.freshness ? 'only' : settings.freshness ? 'too' : 'asked',
  };
  const tests = await select(client, loaded, selection);
  const { subjects } = loaded;
  if (flags.list) return { tests, subjects, startedAt, results: [] };
  const progress = createProgress('Testing', { isQuiet: flags.json === true });
  let done = 0;
  const results = await runTests(client, tests, loaded.types, {
    onResult: ({ test }) => progress.update(++done, tests.length, test.name),
  });
  progress.stop();
  const run: Run = { tests, subjects, startedAt, results };
  if (flags.record) await record(writer, run);
  return run;
}

/** The lineage is only asked for where a term goes up or down. */
async function select(client: ClickHouseClient, loaded: LoadedTests, selection: Selection): Promise<DataTest[]> {
  const needsLineage = [...selection.select, ...selection.exclude].some((term) => term.includes('+'));
  const steps = needsLineage ? (await readCatalogue(client)).edges : [];
  // A topic has the name by which its freshness test knows it.
  const nameOf = (node: (typeof steps)[number]['source']) => (node.kind === 'topic' ? node.name : idOf(node));
  const edges = steps.map(({ source, target }) => ({ source: nameOf(source), target: nameOf(target) }));
  const layers = new Map<string, string>();
  for (const { database, declaration } of loaded.files) {
    for (const [name, { layer }] of Object.entries(declaration.tables)) {
      if (layer !== undefined) layers.set(name.includes('.') ? name : `${database}.${name}`, layer);
    }
  }
  const tests = selectTests({ ...loaded, edges, layers }, selection);
  if (tests.length > 0) return tests;
  throw new ParleyError('PARLEY_USAGE', 'Nothing is left to test', {
    expected: 'terms that leave a test (parley test --list)',
    received: [...selection.select, ...selection.exclude.map((term) => `without ${term}`)].join(' ') || 'no tests',
    where: '--select, --exclude',
  });
}

/** Results are a record for later: what cannot be written fails no test. */
async function record(writer: Connection, run: Run): Promise<void> {
  const client = connect(writer);
  try {
    const id = await recordRun(client, run);
    if (id === undefined)
      process.stderr.write('The results are not kept: orchestrator.test_results cannot be written.\n');
  } catch (error) {
    process.stderr.write(`The results are not kept: ${messageOf(error)}\n`);
  } finally {
    await client.close();
  }
}

function wordsOf(terms: readonly string[] = []): string[] {
  return terms.flatMap((term) => term.split(/\s+/)).filter((term) => term !== '');
}

function tellTests(tests: readonly DataTest[], { json }: TestFlags): void {
  const rows = tests.map(({ name, check, severity, tags }) => [name, check.type, severity, tags.join(', ')]);
  if (json)
    printJson(
      tests.map(({ name, check, severity, tags, table: of }) => ({
        name,
        type: check.type,
        table: of,
        severity,
        tags,
      })),
    );
  else
    print(
      table(
        ['test', 'type', 'severity', 'tags'].map((title) => ({ title })),
        rows,
      ),
    );
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new ParleyError('PARLEY_USAGE', 'The report cannot be written', {
      expected: 'a file in a folder that exists',
      received: messageOf(error),
      where: '--junit',
      cause: error,
    });
  }
}

function jsonOf({ results }: Run, elapsedMs: number): unknown {
  return {
    ...tallyOf(results),
    elapsedMs: Math.round(elapsedMs),
    results: results.map(({ test, status, failures, elapsedMs: own, message, sql, sample }) => ({
      test: test.name,
      type: test.check.type,
      table: test.table ?? null,
      severity: test.severity,
      status,
      failures,
      elapsedMs: Math.round(own),
      message,
      sql,
      sample,
    })),
  };
}

import { messageOf } from '../../errors.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import type { DataTest } from './data-test.ts';
import { type ColumnTypes, failingRowsSql, failuresSql } from './failing-rows.ts';
import { type Pass, passesOf, passOf } from './passes.ts';

/** `warn`: it failed, and its severity is `warn`. `error`: the server refused its query, so nothing is known. */
export type TestStatus = 'pass' | 'warn' | 'fail' | 'error';

export interface TestResult {
  readonly test: DataTest;
  readonly status: TestStatus;
  /** Rows that are wrong; of keys that several rows have, the rows too many. */
  readonly failures: number;
  /** Milliseconds of its query, shared equally with the tests that the query answered too. */
  readonly elapsedMs: number;
  /** What is wrong, for a person; empty for a pass. */
  readonly message: string;
  /** The query that shows the rows that are wrong, as it was run (the sample is its first rows). */
  readonly sql: string;
  readonly sample: readonly Readonly<Record<string, unknown>>[];
}

export interface RunOptions {
  /** Failing rows that a result carries (10). */
  readonly sampleRows?: number;
  /** Queries at once (4): most are small, and wait for the server longer than they use it. */
  readonly queriesMax?: number;
  /** Called with each result as it is known. */
  readonly onResult?: (result: TestResult) => void;
}

/** They can change nothing, whoever asks; and the answers do not depend on the user's settings. */
const settings = { readonly: '2', join_use_nulls: 0, date_time_output_format: 'iso' } as const;

/**
 * Runs the tests and gives their results in the order of the tests. Rows may come while it runs, and a fact may be there
 * before its dimension is, so a test has only failed when its own query, asked after the pass that it was in, finds
 * failures too.
 *
 * Fails with PARLEY_WAREHOUSE_UNREACHABLE; a query that the server refuses is a result of status `error`.
 */
export async function runTests(
  client: ClickHouseClient,
  tests: readonly DataTest[],
  types: ColumnTypes,
  options: RunOptions = {},
): Promise<TestResult[]> {
  const { sampleRows = 10, queriesMax = 4, onResult } = options;
  const runner: Runner = { client, types, sampleRows };
  const results = new Map<DataTest, TestResult>();
  const waiting = passesOf(tests, types);
  const work = async (): Promise<void> => {
    for (let pass = waiting.shift(); pass !== undefined; pass = waiting.shift()) {
      for (const result of await runPass(runner, pass)) {
        results.set(result.test, result);
        onResult?.(result);
      }
    }
  };
  await Promise.all(Array.from({ length: queriesMax }, work));
  return tests.map((test) => results.get(test)!);
}

interface Runner {
  readonly client: ClickHouseClient;
  readonly types: ColumnTypes;
  readonly sampleRows: number;
}

async function runPass(runner: Runner, pass: Pass): Promise<TestResult[]> {
  const start = performance.now();
  const [first] = pass.tests;
  if (first?.check.type === 'freshness') return [await freshness(runner, first, start)];
  let counts: Readonly<Record<string, number>>;
  try {
    const [row] = await queryRows<Record<string, number>>(runner.client, pass.sql, {}, settings);
    counts = row ?? {};
  } catch (error) {
    if (isUnreachable(error)) throw error;
    // One that the server refuses must not take the others with it.
    if (pass.tests.length > 1) {
      const alone = await Promise.all(pass.tests.map((test) => runPass(runner, passOf([test], runner.types))));
      return alone.flat();
    }
    return pass.tests.map((test) => refused(runner, test, error, start));
  }
  const elapsedMs = (performance.now() - start) / pass.tests.length;
  return Promise.all(
    pass.tests.map(async (test, index) => {
      const sql = failingRowsSql(test, runner.types);
      if (counts[`count_${index}`] === 0) return passed(test, elapsedMs, sql);
      return failed(runner, test, elapsedMs, sql);
    }),
  );
}

async function failed(runner: Runner, test: DataTest, elapsedMs: number, sql: string): Promise<TestResult> {
  const start = performance.now();
  try {
    const [row] = await queryRows<{ failures: number }>(runner.client, failuresSql(test, runner.types), {}, settings);
    const failures = row?.failures ?? 0;
    if (failures === 0) return passed(test, elapsedMs, sql);
    const sample = await queryRows<Record<string, unknown>>(
      runner.client,
      `SELECT * FROM (\n${sql}\n) LIMIT {rows:UInt32}`,
      { rows: runner.sampleRows },
      settings,
    );
    const status = test.severity === 'warn' ? 'warn' : 'fail';
    return { test, status, failures, elapsedMs, message: messageFor(test, failures), sql, sample };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return refused(runner, test, error, start);
  }
}

async function freshness(runner: Runner, test: DataTest, start: number): Promise<TestResult> {
  const sql = failingRowsSql(test, runner.types);
  if (test.check.type !== 'freshness') return passed(test, 0, sql);
  const { warnAfterHours, errorAfterHours, topic } = test.check;
  try {
    type Newest = { newest: string; age_seconds: number; row_count: number };
    const [row] = await queryRows<Newest>(runner.client, sql, {}, settings);
    const elapsedMs = performance.now() - start;
    const hours = (row?.age_seconds ?? 0) / 3600;
    if (row === undefined || row.row_count === 0) {
      const message = `No event of ${topic} has come.`;
      return { test, status: 'fail', failures: 1, elapsedMs, message, sql, sample: row === undefined ? [] : [row] };
    }
    if (hours <= warnAfterHours) return passed(test, elapsedMs, sql);
    const limit = hours > errorAfterHours ? errorAfterHours : warnAfterHours;
    const status = hours > errorAfterHours && test.severity === 'error' ? 'fail' : 'warn';
    const message = `The newest event of ${topic} is ${hours.toFixed(1)} h old (${row.newest}); ${status} after ${limit} h.`;
    return { test, status, failures: 1, elapsedMs, message, sql, sample: [row] };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return refused(runner, test, error, start);
  }
}

function passed(test: DataTest, elapsedMs: number, sql: string): TestResult {
  return { test, status: 'pass', failures: 0, elapsedMs, message: '', sql, sample: [] };
}

function refused({ types }: Runner, test: DataTest, error: unknown, start: number): TestResult {
  const message = messageOf(error).trim();
  const elapsedMs = performance.now() - start;
  return { test, status: 'error', failures: 0, elapsedMs, message, sql: failingRowsSql(test, types), sample: [] };
}

function isUnreachable(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'PARLEY_WAREHOUSE_UNREACHABLE';
}

/** What the number of failures means. */
function messageFor({ check, table = '' }: DataTest, failures: number): string {
  const rows = `${failures} ${failures === 1 ? 'row' : 'rows'}`;
  switch (check.type) {
    case 'unique':
      return `${rows} of ${table} too many: another has the same ${check.columns.join(', ')}.`;
    case 'not_null':
      return `${rows} of ${table} without ${check.column}.`;
    case 'accepted_values':
      return `${rows} of ${table} with another ${check.column} than ${check.values.join(', ')}.`;
    case 'relationships':
      return check.asOf === undefined
        ? `${rows} of ${table} whose ${check.column} is not in ${check.to}.`
        : `${rows} of ${table} for which ${check.to} has no version that held at ${check.asOf}.`;
    case 'expression':
      return `${rows} of ${table} for which this does not hold: ${check.sql.trim()}`;
    case 'history':
      return `${rows} of ${table} that overlap the next version of ${check.key}, or are current beside another.`;
    case 'metric':
      return `${rows} of ${table} whose ${check.column} is not ${check.formula} of ${check.from}.`;
    default:
      return `${rows} that should not be there.`;
  }
}

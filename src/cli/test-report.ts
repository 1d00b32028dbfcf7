import type { TestResult, TestStatus } from '../warehouse/data-tests/run.ts';
import { count, cut, oneLine, table } from './output.ts';

export interface Tally {
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
  readonly error: number;
}

export function tallyOf(results: readonly TestResult[]): Tally {
  const of = (status: TestStatus) => results.filter((result) => result.status === status).length;
  return { pass: of('pass'), warn: of('warn'), fail: of('fail'), error: of('error') };
}

/** What did not pass, each with what is wrong, rows of it and the query to see all; then a line that counts. */
export function describeResults(results: readonly TestResult[], elapsedMs: number): string {
  const bad = results.filter(({ status }) => status !== 'pass');
  const rows = bad.map(({ test, status, failures }) => [
    status,
    test.name,
    status === 'error' ? null : count(failures),
  ]);
  const columns = [{ title: '' }, { title: 'test' }, { title: 'failures', align: 'right' as const }];
  const parts = bad.length === 0 ? [] : [table(columns, rows), ...bad.map(describeOne)];
  const { pass, warn, fail, error } = tallyOf(results);
  const told = [`${count(pass)} passed`, `${count(warn)} warned`, `${count(fail)} failed`];
  if (error > 0) told.push(`${count(error)} could not be run`);
  return [...parts, `${told.join(', ')} (${(elapsedMs / 1000).toFixed(1)} s).`].join('\n\n');
}

function describeOne({ test, status, message, sql, sample }: TestResult): string {
  const lines = [`${status}  ${test.name}`, `  ${oneLine(message)}`];
  if (sample.length > 0) lines.push('', ...indented(sampleTable(sample)));
  return [...lines, '', ...indented(sql)].join('\n');
}

function sampleTable(sample: TestResult['sample']): string {
  const names = Object.keys(sample[0] ?? {}).slice(0, columnsMax);
  const cell = (value: unknown) => cut(typeof value === 'string' ? value : JSON.stringify(value), 30);
  return table(
    names.map((title) => ({ title })),
    sample.map((row) => names.map((name) => cell(row[name]))),
  );
}

/** More do not fit a terminal; --json has them all. */
const columnsMax = 6;

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

/** JUnit's XML, as CI systems read it: a suite for each table. A warning is a pass that says something. */
export function junit(results: readonly TestResult[], startedAt: number): string {
  const suites = new Map<string, TestResult[]>();
  for (const result of results) {
    const suite = result.test.table ?? result.test.domain;
    suites.set(suite, [...(suites.get(suite) ?? []), result]);
  }
  const { fail, error } = tallyOf(results);
  const totals = `tests="${results.length}" failures="${fail}" errors="${error}" time="${seconds(results)}"`;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="parley test" ${totals}>`];
  for (const [suite, own] of suites) {
    const { fail: failed, error: refused } = tallyOf(own);
    const counts = `tests="${own.length}" failures="${failed}" errors="${refused}" skipped="0" time="${seconds(own)}"`;
    lines.push(`  <testsuite name="${xml(suite)}" ${counts} timestamp="${new Date(startedAt).toISOString()}">`);
    for (const result of own) lines.push(...testCase(result, suite));
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function testCase(result: TestResult, suite: string): string[] {
  const { test, status, message, sql } = result;
  const open = `    <testcase classname="${xml(suite)}" name="${xml(test.name)}" time="${seconds([result])}"`;
  if (status === 'pass') return [`${open}/>`];
  const kind = { warn: 'system-out', fail: 'failure', error: 'error' }[status];
  const said = status === 'warn' ? '' : ` message="${xml(message)}"`;
  const body = xml(status === 'warn' ? `${message}\n${sql}` : `${sql}\n${JSON.stringify(result.sample, null, 1)}`);
  return [`${open}>`, `      <${kind}${said}>${body}</${kind}>`, '    </testcase>'];
}

function seconds(results: readonly TestResult[]): string {
  return (results.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 1000).toFixed(3);
}

/** Rows may hold characters that XML 1.0 cannot. */
function xml(text: string): string {
  const clean = text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

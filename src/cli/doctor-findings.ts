import type { Check } from './doctor-machine.ts';
import { table } from './output.ts';

/** The findings as a table, what to do about them, and a verdict. */
export function describeChecks(checks: readonly Check[]): string {
  const columns = [{ title: 'check' }, { title: '' }, { title: 'found' }];
  const grid = table(
    columns,
    checks.map(({ name, status, found }) => [name, status, found]),
  );
  const todo = checks.filter(({ action }) => action !== undefined);
  const failing = checks.filter(({ status }) => status === 'fail').length;
  const warning = checks.filter(({ status }) => status === 'warn').length;
  const lines = todo.map(({ name, status, action }) => `${status}  ${name}: ${action}`);
  const verdict =
    failing > 0 ? `${failing} failing` : warning > 0 ? `Ready, with ${warning} to look at` : 'All is well';
  return [grid, '', ...lines, `${verdict}.`].join('\n');
}

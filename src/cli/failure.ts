import { inspect } from 'node:util';
import { codeOf, isDiskFull, messageOf, ParleyError } from '../errors.ts';

export const exitDone = 0;
export const exitFailed = 1;
export const exitWrongUse = 2;

const wrongUse = new Set(['PARLEY_USAGE', 'PARLEY_CONFIGURATION', 'PARLEY_CATALOGUE_INVALID', 'PARLEY_TOPIC_UNKNOWN']);

export function exitCodeOf(error: unknown): number {
  return error instanceof ParleyError && wrongUse.has(error.code) ? exitWrongUse : exitFailed;
}

/** What a person reads of an error: code, message, what was expected and came, where, and what to do. */
export function describeFailure(failure: unknown, isDebugging: boolean): string {
  const error = coded(failure);
  const { expected, received, where } = error.detail;
  const lines = [`${error.code}  ${error.message}`];
  if (expected !== undefined) lines.push(`  expected  ${expected}`);
  if (received !== undefined) lines.push(`  received  ${received}`);
  if (where !== undefined) lines.push(`  where     ${where}`);
  lines.push(`  action    ${error.action}`);
  if (isDebugging) lines.push(indent(inspect(failure, { depth: 4 })));
  else if (error.code === 'PARLEY_INTERNAL') lines.push('  Run it again with --debug for the stack.');
  return `${lines.join('\n')}\n`;
}

/** Anything thrown, as an error with a code. */
export function coded(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  if (isDiskFull(error)) return new ParleyError('PARLEY_DISK_FULL', messageOf(error), { cause: error });
  const code = codeOf(error);
  return new ParleyError('PARLEY_INTERNAL', messageOf(error), {
    cause: error,
    ...(code === undefined ? {} : { received: code }),
  });
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

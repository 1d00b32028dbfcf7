import { messageOf, ParleyError } from '../errors.ts';
import type { LogRow, Operations } from '../warehouse/operations.ts';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Whose lines they are: a task, or the program as a whole. */
export interface LogOrigin {
  readonly component: string;
  /** `app/stage/partition/plan` of the batch in hand; empty outside one. */
  run?(): string;
}

/**
 * A log whose lines also go to orchestrator.logs, where whoever looks at the dashboard reads them; all but `debug`. Never
 * give it to what writes them there: a warehouse that is down would be told of itself without end.
 */
export function recordedLog(log: Log, operations: Operations, origin: LogOrigin, clock: () => number): Log {
  const recorded =
    (level: 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      log[level](fields, message);
      operations.log(row(level, fields, message, origin, clock()));
    };
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: recorded('info'),
    warn: recorded('warn'),
    error: recorded('error'),
  };
}

/** The line of a failure. The caller throws the error itself, so that it is told to a person only once. */
export function recordFailure(operations: Operations, error: unknown, origin: LogOrigin, now: number): void {
  const fields = error instanceof ParleyError ? { code: error.code, ...shownDetail(error) } : {};
  operations.log(row('error', fields, describeError(error), origin, now));
}

/** `PARLEY_…: message`. */
export function describeError(error: unknown): string {
  return error instanceof ParleyError ? `${error.code}: ${error.message}` : messageOf(error);
}

function shownDetail({ detail: { expected, received, where } }: ParleyError): Record<string, string> {
  const parts = Object.entries({ expected, received, where });
  return Object.fromEntries(parts.filter((part): part is [string, string] => part[1] !== undefined));
}

function row(level: string, fields: object, message: string, origin: LogOrigin, time: number): LogRow {
  const { component } = origin;
  return { time, level, component, message, run: origin.run?.() ?? '', fields: fields as Record<string, unknown> };
}

import { type ErrorCode, messageOf, ParleyError } from '../errors.ts';
import type { Refusal } from './contract.ts';

const statuses: Partial<Record<ErrorCode, number>> = {
  PARLEY_REQUEST_REFUSED: 400,
  PARLEY_HOST_REFUSED: 403,
  PARLEY_ANSWER_TOO_LARGE: 422,
  PARLEY_ANSWER_TOO_SLOW: 504,
  PARLEY_PAGE_NOT_BUILT: 503,
  PARLEY_WAREHOUSE_UNREACHABLE: 503,
  PARLEY_WAREHOUSE_BUSY: 503,
};

export interface Refused {
  readonly status: number;
  readonly body: Refusal;
}

/** What is answered instead: the status, and the error as the contract has it. Stacks and causes stay here. */
export function refusalOf(error: unknown): Refused {
  if (error instanceof ParleyError) {
    const { expected, received } = error.detail;
    return {
      status: statuses[error.code] ?? 500,
      body: {
        error: {
          code: error.code,
          message: error.message,
          ...(expected === undefined ? {} : { expected }),
          ...(received === undefined ? {} : { received }),
        },
      },
    };
  }
  // What the server of HTTP refuses by itself: an address that cannot be decoded, a header that is too large.
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, body: { error: { code: 'PARLEY_REQUEST_REFUSED', message: messageOf(error) } } };
  }
  return {
    status: 500,
    body: { error: { code: 'PARLEY_INTERNAL', message: 'The answer failed for a fault of Parley' } },
  };
}

export function refuse(message: string, expected: string, received: string): ParleyError {
  return new ParleyError('PARLEY_REQUEST_REFUSED', message, { expected, received: received.slice(0, 200) });
}

export function methodRefusal(method: string): Refused {
  return { ...refusalOf(refuse('The dashboard can be read and not changed', 'GET or HEAD', method)), status: 405 };
}

export function fileRefusal(url: string): Refused {
  return { ...refusalOf(refuse('There is no such file', 'a file of the page', url)), status: 404 };
}

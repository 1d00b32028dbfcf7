import type { Refusal } from '../../contract.ts';
import type { Span } from '../address.ts';

/** Why there is no answer: what the server said, or what stood between. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
  /** What a person can do. */
  readonly action: string;
}

export class RequestFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'RequestFailed';
    this.failure = failure;
  }
}

/** The address of a query: the same for the same question, so that it is asked once. */
export function queryAddress(
  { domain, query }: { readonly domain: string; readonly query: string },
  span: Span | undefined,
  chosen: Readonly<Record<string, readonly string[]>>,
): string {
  const parameters = new URLSearchParams();
  if (span !== undefined) {
    parameters.set('from', span.from);
    parameters.set('to', span.to);
  }
  for (const name of Object.keys(chosen).sort()) {
    for (const value of chosen[name]!) parameters.append(name, value);
  }
  const search = parameters.toString();
  const path = `/api/query/${encodeURIComponent(domain)}/${query.split('/').map(encodeURIComponent).join('/')}`;
  return search === '' ? path : `${path}?${search}`;
}

/** Asks the server. Throws `RequestFailed`; an aborted request throws what the signal says. */
export async function request<Body>(address: string, signal?: AbortSignal): Promise<Body> {
  let response: Response;
  try {
    response = await fetch(address, { headers: { accept: 'application/json' }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestFailed({
      code: 'NO_ANSWER',
      message: 'The server did not answer.',
      action: 'See whether Parley is still running, then try again.',
    });
  }
  if (!response.ok) throw new RequestFailed(await failureOf(response));
  try {
    return (await response.json()) as Body;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestFailed({
      code: 'UNREADABLE_ANSWER',
      message: 'The answer was cut off, or came from something else than Parley.',
      action: 'Try again, and look at what stands between this page and Parley.',
    });
  }
}

async function failureOf(response: Response): Promise<Failure> {
  const refusal = await refusalOf(response);
  const action =
    response.status >= 500
      ? 'Try again. If it stays so, look for this code in docs/errors.md.'
      : 'Check the days and filters in the address.';
  if (refusal === undefined) return { code: `HTTP_${response.status}`, message: 'The server failed.', action };
  return { ...refusal.error, action };
}

async function refusalOf(response: Response): Promise<Refusal | undefined> {
  try {
    const body = (await response.json()) as Partial<Refusal>;
    return typeof body.error?.code === 'string' ? { error: body.error } : undefined;
  } catch {
    return undefined;
  }
}

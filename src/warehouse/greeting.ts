import { located, ParleyError } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';
import { failureOf } from './failure.ts';

/** ClickHouse's numbers for a user that it does not know, or a password that is wrong. */
export const unknownUser = new Set(['192', '193', '194', '516']);

/**
 * Asks a configured server for a sign of life, so that a wrong address or user is told as such, and not by the first
 * statement that fails for it. Fails with PARLEY_WAREHOUSE_UNREACHABLE, PARLEY_CONFIGURATION or what the server says.
 */
export async function greet(client: ClickHouseClient, url: string): Promise<void> {
  const where = withoutCredentials(url);
  try {
    await (await client.query({ query: 'SELECT 1', format: 'TabSeparated' })).text();
  } catch (cause) {
    const { kind, error } = failureOf(cause);
    const number = String((error.detail.cause as { code?: unknown } | undefined)?.code);
    if (unknownUser.has(number)) {
      throw new ParleyError('PARLEY_CONFIGURATION', 'ClickHouse does not know the user, or the password is wrong', {
        expected: 'clickhouse.username and clickhouse.password of a user of that server',
        received: error.detail.received ?? error.message,
        where,
        cause,
      });
    }
    if (kind === 'busy' && error.detail.received === undefined) {
      throw new ParleyError('PARLEY_WAREHOUSE_UNREACHABLE', 'What answers at this address is no ClickHouse server', {
        expected: 'the HTTP interface of ClickHouse',
        received: error.message,
        where,
        cause,
      });
    }
    throw located(error, where);
  }
}

/** An address as it may be printed. */
export function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

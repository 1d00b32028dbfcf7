import { randomBytes } from 'node:crypto';
import { ClickHouseError } from '@clickhouse/client';
import { messageOf, ParleyError } from '../errors.ts';
import type { ClickHouseClient } from './client.ts';
import { firstDomain } from './migration-files.ts';

/** Of ClickHouse: NAMED_COLLECTION_DOESNT_EXIST. */
const missingCollection = '669';

/** Whether a statement makes a dictionary that reads with the named collection `parley`. */
export function needsNamedCollection(statement: string): boolean {
  return /^CREATE DICTIONARY\b/.test(statement) && /\bCLICKHOUSE\(\s*NAME parley\b/.test(statement);
}

/**
 * A dictionary is made without its source being tried, so that a missing named collection would show weeks later, to an
 * analyst. And it cannot be looked for: that takes rights which a user who migrates need not have. So a dictionary of
 * nothing is made, asked and dropped. Fails with PARLEY_NAMED_COLLECTION. The database of the record must be there.
 */
export async function checkNamedCollection(client: ClickHouseClient): Promise<void> {
  // Two processes may migrate at once.
  const probe = `${firstDomain}.probe_${randomBytes(6).toString('hex')}`;
  try {
    await client.command({
      query: `CREATE DICTIONARY ${probe} (id UInt64, found UInt8) PRIMARY KEY id
        SOURCE(CLICKHOUSE(NAME parley QUERY 'SELECT toUInt64(1) AS id, toUInt8(1) AS found')) LAYOUT(FLAT()) LIFETIME(0)`,
    });
    await client.command({ query: `SELECT dictGet('${probe}', 'found', toUInt64(1)) FORMAT Null` });
  } catch (error) {
    // Anything else will be told by the migration itself, or is a matter of who may ask dictionaries.
    if (!(error instanceof ClickHouseError) || error.code !== missingCollection) return;
    throw new ParleyError(
      'PARLEY_NAMED_COLLECTION',
      `Dictionaries cannot read with the named collection parley: ${messageOf(error).trim()}`,
      {
        expected: 'a named collection parley with a user who may read, and the password',
        received: `${error.type} (${error.code})`,
        where: 'named collections of the server',
        cause: error,
      },
    );
  } finally {
    await client.command({ query: `DROP DICTIONARY IF EXISTS ${probe}` }).catch(() => undefined);
  }
}

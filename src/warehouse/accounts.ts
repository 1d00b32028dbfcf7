import { type ClickHouseClient, queryRows, queryText } from './client.ts';

/** What a user may do, as the server sees it. */
export interface Account {
  readonly version: string;
  /** Whether it could insert or create anything. */
  readonly canWrite: boolean;
}

/** Asks the server about the user of this client, and changes nothing. Fails as `queryRows` does. */
export async function readAccount(client: ClickHouseClient): Promise<Account> {
  const [row] = await queryRows<{ version: string; readonly: string }>(
    client,
    `SELECT version() AS version, toString(getSetting('readonly')) AS readonly`,
  );
  // It takes no FORMAT clause, so not as rows.
  const granted = await queryText(client, 'CHECK GRANT INSERT ON *.*', 'TSV');
  const isReadOnly = row?.readonly !== '0';
  return { version: row?.version ?? '', canWrite: !isReadOnly && granted.trim() === '1' };
}

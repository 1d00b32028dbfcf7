import { Readable } from 'node:stream';
import { type ClickHouseClient, parseError } from '@clickhouse/client';
import { insertSettings } from './insert-settings.ts';
import { quoteName, type RowEncoder } from './row-encoder.ts';

export interface Insert {
  readonly encoder: RowEncoder;
  /** What `encoder.encode` gave. */
  readonly bytes: readonly Buffer[];
  /** What makes a repetition of this insert known as one. Sent as a setting, never pasted into the statement. */
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * One try of one insert. Resolves when the server has said that every row is in the table and behind its views; rejects
 * with what the client or the server threw.
 */
export async function sendInsert(client: ClickHouseClient, insert: Insert): Promise<void> {
  const { table, columnNames } = insert.encoder;
  const { stream } = await client.exec({
    query: `INSERT INTO ${quoteName(table.database)}.${quoteName(table.name)} (${columnNames}) FORMAT Native`,
    values: Readable.from(insert.bytes),
    clickhouse_settings: { ...insertSettings, insert_deduplication_token: insert.token },
    abort_signal: insert.signal,
  });
  // Read to its end, to give the connection back. An answer that is cut off throws; one with text in it tells an error.
  let answer = '';
  for await (const chunk of stream) answer += String(chunk);
  if (answer.trim() !== '') throw parseError(answer);
}

import { type ClickHouseClient, queryRows } from './client.ts';
import { failureOf } from './failure.ts';
import { quoteName } from './row-encoder.ts';

/**
 * Has the snapshots of these databases computed again now, where something was counted since, instead of at their next
 * turn. Ends when that is done, or the signal asks for it: they are computed all the same then.
 *
 * Fails as `queryRows` does, and where the user has no right to it. Nothing is lost by that but time.
 */
export async function refreshSnapshots(
  client: ClickHouseClient,
  databases: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const views = await queryRows<{ database: string; view: string; status: string }>(
    client,
    `SELECT database, view, toString(status) AS status FROM system.view_refreshes
     WHERE database IN {databases:Array(String)} ORDER BY ALL`,
    { databases: [...databases] },
  );
  const ask = (verb: 'REFRESH' | 'WAIT', name: string) =>
    client.command({ query: `SYSTEM ${verb} VIEW ${name}`, abort_signal: signal });
  try {
    for (const { database, view, status } of views) {
      const name = `${quoteName(database)}.${quoteName(view)}`;
      // One under way has not seen the end. That it failed is no matter here.
      if (status === 'Running') await ask('WAIT', name).catch(() => undefined);
      await ask('REFRESH', name);
      await ask('WAIT', name);
    }
  } catch (error) {
    throw failureOf(error).error;
  }
}

import { ParleyError } from '../errors.ts';
import type { ClickHouseClient } from '../warehouse/client.ts';
import { lastRunOf } from '../warehouse/runs.ts';

/**
 * A task that is new to its journal must be new to the warehouse: otherwise the journal was deleted, or another one
 * writes there under the same name, and its plans would have the tokens of those that ClickHouse drops as repeated. Fails
 * with PARLEY_STATE_CORRUPT; `where` is the journal.
 */
export async function refuseForeignTask(
  client: ClickHouseClient,
  task: { readonly app: string; readonly stage: string; readonly partition: number },
  where: string,
): Promise<void> {
  const plan = await lastRunOf(client, task);
  if (plan === undefined) return;
  const { app, stage } = task;
  throw new ParleyError('PARLEY_STATE_CORRUPT', `The warehouse has batches of task ${stage}, and its journal is gone`, {
    expected: `the journal and state that belong to the warehouse, or another app than ${app}`,
    received: `no journal, and batches up to plan ${plan} in the warehouse`,
    where,
  });
}

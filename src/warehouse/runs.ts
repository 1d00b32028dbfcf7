import { type ClickHouseClient, queryRows } from './client.ts';

/** The number of the last batch of a task that the warehouse knows of; undefined when it knows of none. */
export async function lastRunOf(
  client: ClickHouseClient,
  task: { readonly app: string; readonly stage: string; readonly partition: number },
): Promise<number | undefined> {
  const sql = `
    SELECT max(plan) AS plan FROM orchestrator.landing_runs
    WHERE app = {app:String} AND stage = {stage:String} AND partition = {partition:UInt32}
    HAVING count() > 0`;
  const rows = await queryRows<{ plan: number }>(client, sql, task);
  return rows[0]?.plan;
}

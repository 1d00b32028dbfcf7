import { randomUUID } from 'node:crypto';
import { ParleyError } from '../../errors.ts';
import { readAccount } from '../accounts.ts';
import { appendRows } from '../append-rows.ts';
import { type ClickHouseClient, queryRows } from '../client.ts';
import { landingTestResults } from '../orchestrator-tables.ts';
import type { TestResult } from './run.ts';

export interface TestRun {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly results: readonly TestResult[];
  readonly subjects: ReadonlyMap<string, readonly string[]>;
}

/**
 * Writes the results to orchestrator.test_results, when the user may. Gives the id of the run, or undefined when it could
 * not be written: because the user only reads, or the table is not there yet.
 */
export async function recordRun(client: ClickHouseClient, run: TestRun): Promise<string | undefined> {
  const [table] = await queryRows(
    client,
    "SELECT 1 FROM system.tables WHERE database = 'orchestrator' AND name = 'landing_test_results'",
  );
  if (table === undefined || !(await mayWrite(client))) return undefined;
  const id = randomUUID();
  await appendRows(
    client,
    landingTestResults,
    run.results.map(({ test, status, failures, elapsedMs, message, sql }) => ({
      started_at: run.startedAt,
      run_id: id,
      test: test.name,
      type: test.check.type,
      domain: test.domain,
      tables: [...(run.subjects.get(test.name) ?? [])],
      severity: test.severity,
      status,
      failures,
      elapsed_ms: Math.round(elapsedMs),
      message,
      query: sql,
    })),
  );
  return id;
}

async function mayWrite(client: ClickHouseClient): Promise<boolean> {
  try {
    return (await readAccount(client)).canWrite;
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'PARLEY_QUERY_FAILED') return false;
    throw error;
  }
}

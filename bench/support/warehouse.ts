import { type ClickHouseClient, connect, queryRows } from '../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/warehouse/embedded/server.ts';
import { migrate } from '../../src/warehouse/migrations.ts';

/** A ClickHouse server with the tables of Parley and nothing in them. */
export interface BenchWarehouse {
  readonly server: EmbeddedServer;
  readonly client: ClickHouseClient;
  stop(): Promise<void>;
}

export async function startWarehouse(dataDir: string): Promise<BenchWarehouse> {
  const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
  const client = connect(server);
  await migrate(client);
  const stop = async () => {
    await client.close();
    await server.stop();
  };
  return { server, client, stop };
}

/** A batch that was committed; times in milliseconds since 1970. */
export interface Run {
  readonly stage: string;
  readonly partition: number;
  readonly started: number;
  readonly finished: number;
  readonly events: number;
  readonly rows: number;
}

export const conversationStage = 'conversations.conversation';

/** All batches, in the order in which they were committed. */
export function runsOf(client: ClickHouseClient): Promise<Run[]> {
  return queryRows<Run>(
    client,
    `SELECT stage, partition, toUnixTimestamp64Milli(started_at) AS started,
            toUnixTimestamp64Milli(finished_at) AS finished, events, rows
     FROM orchestrator.runs ORDER BY finished`,
  );
}

export async function committed(client: ClickHouseClient): Promise<number> {
  const sql = `SELECT sum(events) AS events FROM orchestrator.runs WHERE stage = '${conversationStage}'`;
  return (await queryRows<{ events: number }>(client, sql))[0]?.events ?? 0;
}

/** Fails unless every message is counted once, in the facts and in an aggregate. */
export async function checkCounts(client: ClickHouseClient, messages: number): Promise<void> {
  const [counted] = await queryRows<{ facts: number; aggregated: number }>(
    client,
    `SELECT (SELECT count() FROM conversations.fact_messages) AS facts,
            (SELECT sum(messages) FROM conversations.agg_engagement_daily) AS aggregated`,
  );
  if (counted?.facts === messages && counted.aggregated === messages) return;
  throw new Error(`Expected ${messages} messages everywhere, received ${JSON.stringify(counted)}`);
}

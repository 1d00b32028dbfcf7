import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { landingMessages } from '../../../src/processors/conversations/tables.ts';
import { queryRows } from '../../../src/warehouse/client.ts';
import { clusterStatements } from '../../../src/warehouse/cluster/rewrite.ts';
import { plainLandingTables } from '../../../src/warehouse/deduplication-windows.ts';
import { insertSettings } from '../../../src/warehouse/insert-settings.ts';
import { readMigrationFiles } from '../../../src/warehouse/migration-files.ts';
import { migrate } from '../../../src/warehouse/migrations.ts';
import { checkSettings } from '../../../src/warehouse/settings.ts';
import { land, message, plus, replace } from '../landing-rows.ts';
import { cluster, hasContainers, type Replica, type Replicas, startReplicas } from './replicas.ts';

/** Replication itself: a Keeper and two real servers, one killed in the middle of inserts. It needs containers. */
const isRunning = await hasContainers();
const databases = ['orchestrator', 'conversations'];

test.runIf(!isRunning)('no container engine here: replication is not run', () => {
  process.stdout.write(
    '\nCLUSTER: the test of two replicas and a Keeper needs Docker, which is not here. Of the same SQL the grammar was ' +
      'checked by a server (rewrite.test.ts), and sharding, retries and views on three servers (shards.test.ts).\n',
  );
  const all = readMigrationFiles().flatMap((file) =>
    file.statements.flatMap((statement) => clusterStatements(statement, cluster, file.path)),
  );
  expect(all.filter((sql) => sql.includes('ENGINE = Replicated')).length).toBeGreaterThan(10);
});

describe.runIf(isRunning)('two replicas and a Keeper', () => {
  let all: Replicas;
  let first: Replica;
  let second: Replica;

  beforeAll(async () => {
    all = await startReplicas();
    [first, second] = all.replicas;
  }, 300_000);

  afterAll(() => all?.stop());

  const rows = (from: number) =>
    Array.from({ length: 500 }, (_, index) =>
      message(`m${from + index}`, '2024-05-01 10:00:00', { conversation_id: `c${index}` }),
    );

  async function insert(replica: Replica, batch: number): Promise<void> {
    const correction = rows(batch * 500).flatMap((row) => replace(row, { ...row, text_length: 7 }));
    const signed = [...rows(batch * 500).map(plus), ...correction];
    const firstRowVersion = 1 + batch * 10_000;
    await land(replica.client, landingMessages, signed, {
      token: `batch/${batch}`,
      firstRowVersion,
      more: insertSettings,
    });
  }

  /** What each replica has itself, once it has copied what the other one has. */
  async function counted(replica: Replica): Promise<unknown> {
    for (const table of ['landing_messages_local', 'store_engagement_local']) {
      await replica.client.command({ query: `SYSTEM SYNC REPLICA conversations.${table}` });
    }
    const [row] = await queryRows(
      replica.client,
      `SELECT (SELECT (count(), sum(text_length)) FROM conversations.landing_messages_local FINAL WHERE sign = 1) AS landed,
        (SELECT sum(messages) FROM conversations.store_engagement_local) AS kept,
        (SELECT sum(messages) FROM conversations.agg_engagement_daily) AS seen`,
    );
    return row;
  }

  const expected = (batches: number) => ({
    landed: [batches * 500, batches * 3_500],
    kept: batches * 500,
    seen: batches * 500,
  });

  test('one server migrates both; the settings hold on both', async () => {
    await migrate(first.client, { cluster });
    for (const { client } of [first, second]) {
      await client.command({ query: 'SYSTEM SYNC REPLICA orchestrator.migrations' });
      expect(await migrate(client)).toEqual([]);
      await checkSettings(client, databases);
      expect(await plainLandingTables(client, databases)).toEqual([]);
    }
  }, 120_000);

  test('the same token through each replica, in turn and at once, leaves one copy on both', async () => {
    for (const replica of [first, second, first, second]) await insert(replica, 0);
    await Promise.all([insert(first, 1), insert(second, 1)]);
    expect(await counted(first)).toEqual(expected(2));
    expect(await counted(second)).toEqual(expected(2));
  });

  test('a replica killed in the middle of an insert, which is repeated through the other', async () => {
    for (let batch = 2; batch < 10; batch++) {
      const [doomed, other] = batch % 2 === 0 ? [first, second] : [second, first];
      const sent = insert(doomed, batch).catch(() => undefined);
      await sleep(batch * 3);
      await doomed.kill();
      await sent;
      await insert(other, batch);
      expect(await counted(other)).toEqual(expected(batch + 1));
    }
    expect(await counted(first)).toEqual(await counted(second));
  }, 300_000);
});

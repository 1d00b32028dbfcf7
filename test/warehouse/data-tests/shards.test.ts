import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allDomains } from '../../../src/domains.ts';
import { keepCatalogue } from '../../../src/warehouse/catalogue/keep.ts';
import { readCatalogue } from '../../../src/warehouse/catalogue/read.ts';
import { type ClickHouseClient, connect } from '../../../src/warehouse/client.ts';
import { loadTests } from '../../../src/warehouse/data-tests/load.ts';
import { recordRun } from '../../../src/warehouse/data-tests/results.ts';
import { runTests } from '../../../src/warehouse/data-tests/run.ts';
import { parley, sample, temporaryFolder } from '../../cli/program.ts';
import { migrateShards, type Shards, startShards } from '../cluster/shards.ts';

/** The cluster form: tables are Distributed over two real servers, so that no test may look at one shard alone. */
let shards: Shards;
let client: ClickHouseClient;
const dataDir = temporaryFolder();

beforeAll(async () => {
  shards = await startShards(2);
  await migrateShards(shards);
  const account = shards.account(0);
  client = connect(account);
  const counted = await parley(['replay', sample, '--data-dir', dataDir], {
    PARLEY_CLICKHOUSE_URL: account.url,
    PARLEY_CLICKHOUSE_USERNAME: account.username,
    PARLEY_CLICKHOUSE_PASSWORD: account.password,
  });
  expect(counted.code, counted.err).toBe(0);
}, 180_000);

afterAll(async () => {
  await client?.close();
  await shards?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('the lineage goes over tables in front of shards, and not over what each shard holds', async () => {
  await keepCatalogue(client, allDomains());
  const { entries, edges } = await readCatalogue(client);
  expect(entries.filter(({ name }) => name.endsWith('_local'))).toEqual([]);
  const steps = edges.map(({ source, target }) => `${source.name} > ${target.name}`);
  expect(steps).toEqual(
    expect.arrayContaining([
      'conversations.landing_messages > conversations.store_responses_feed',
      'conversations.store_responses_feed > conversations.store_responses',
      'conversations.store_responses > conversations.agg_response_times',
      'conversations.landing_messages > conversations.fact_messages',
    ]),
  );
  expect(await keepCatalogue(client, allDomains())).toEqual([]);
});

test('all tests pass over shards, and the results are kept', async () => {
  const { tests, types, subjects } = await loadTests(client, { domains: ['conversations'] });
  // What a dictionary of this form reads with is of the servers' own configuration.
  const asked = tests.filter(({ check, table }) => check.type !== 'freshness' && !table?.endsWith('_as_of'));
  const results = await runTests(client, asked, types);
  const told = results.filter(({ status }) => status !== 'pass');
  expect(told.map(({ test: { name }, status, message }) => [name, status, message])).toEqual([]);
  expect(await recordRun(client, { startedAt: Date.now(), results, subjects })).toBeDefined();
});

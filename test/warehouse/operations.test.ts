import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, queryRows, queryText } from '../../src/warehouse/client.ts';
import { createOperations, type LogRow, type RunRow } from '../../src/warehouse/operations.ts';
import { landingLogs, landingRuns } from '../../src/warehouse/orchestrator-tables.ts';
import { createTable, type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

let warehouse: ScratchWarehouse;
const sql = (text: string) => queryText(warehouse.client, text, 'TSV');

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  await sql('CREATE DATABASE orchestrator');
  await sql(createTable(landingRuns, 'ReplacingMergeTree(row_version) ORDER BY (app, stage, partition, plan)'));
  await sql(createTable(landingLogs));
});

afterAll(async () => warehouse?.stop());

beforeEach(async () => {
  await sql('TRUNCATE TABLE orchestrator.landing_runs');
  await sql('TRUNCATE TABLE orchestrator.landing_logs');
});

const run: RunRow = {
  app: 'parley',
  stage: 'conversations.conversation',
  partition: 0,
  plan: 1,
  status: 'RUNNING',
  started_at: 1_700_000_000_000,
  finished_at: null,
  elapsed_ms: null,
  events: 0,
  rows: 0,
  rejected: 0,
  late: 0,
  duplicates: 0,
  ranges: [{ shard: 's', topic: 't', from: 0, to: 5 }],
  error: null,
};
const line = (message: string): LogRow => ({
  time: 1_700_000_000_000,
  level: 'info',
  component: 'test',
  message,
  fields: { a: 1 },
});
const logged = async () =>
  (await queryRows<{ n: number }>(warehouse.client, 'SELECT count() AS n FROM orchestrator.landing_logs'))[0]!.n;

describe('what operators read', () => {
  it('has the last state of every batch, and every line, once closed', async () => {
    const operations = createOperations({ client: warehouse.client });
    operations.run(run);
    operations.run({
      ...run,
      status: 'COMPLETED',
      finished_at: 1_700_000_001_234,
      elapsed_ms: 1_233.6,
      events: 5,
      rows: 7,
    });
    operations.log(line('one'));
    await operations.close();
    operations.log(line('after the end'));
    const runs = await queryRows(
      warehouse.client,
      'SELECT plan, status, elapsed_ms, events, rows, ranges FROM orchestrator.landing_runs FINAL',
    );
    expect(runs).toEqual([
      {
        plan: 1,
        status: 'COMPLETED',
        elapsed_ms: 1_234,
        events: 5,
        rows: 7,
        ranges: '[{"shard":"s","topic":"t","from":0,"to":5}]',
      },
    ]);
    const lines = await queryRows(warehouse.client, 'SELECT message, fields, run FROM orchestrator.landing_logs');
    expect(lines).toEqual([{ message: 'one', fields: '{"a":1}', run: '' }]);
  });

  it('is written after its time, and before it when there is much', async () => {
    const slow = createOperations({ client: warehouse.client, flushMs: 60_000, flushRows: 100 });
    for (let index = 0; index < 100; index++) slow.log(line(`${index}`));
    while ((await logged()) < 100) await sleep(20);
    await slow.close();
    const quick = createOperations({ client: warehouse.client, flushMs: 30 });
    quick.log(line('soon'));
    while ((await logged()) < 101) await sleep(20);
    await quick.close();
  });

  it('loses the row that does not fit, and no other', async () => {
    const told: string[] = [];
    const log = { warn: (_fields: object, message: string) => void told.push(message) };
    const operations = createOperations({ client: warehouse.client, log });
    operations.log(line('good'));
    operations.log({ ...line('bad'), time: Number.NaN });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    operations.log({ ...line('odd'), fields: circle });
    await operations.close();
    expect(await logged()).toBe(2);
    expect(operations.dropped).toBe(1);
    expect(told).toEqual(['1 rows of orchestrator.* were dropped']);
  });

  it('keeps the newest rows while ClickHouse is away, counts the others, and writes when it is back', async () => {
    const told: string[] = [];
    const log = { warn: (_fields: object, message: string) => void told.push(message) };
    const client = connect(warehouse.server);
    warehouse.kill();
    const operations = createOperations({ client, log, flushMs: 20, rowsMax: 100, flushRows: 10 });
    for (let index = 0; index < 250; index++) {
      operations.log(line(`${index}`));
      if (index % 50 === 0) await sleep(10);
    }
    expect(operations.dropped).toBeGreaterThan(0);
    const { dropped } = operations;
    await warehouse.restart();
    while ((await logged()) < 250 - dropped) await sleep(50);
    await operations.close();
    expect(await logged()).toBe(250 - dropped);
    const [newest] = await queryRows(
      client,
      `SELECT count() AS n FROM orchestrator.landing_logs WHERE message = '249'`,
    );
    expect(newest).toEqual({ n: 1 });
    expect(told.join('\n')).toContain('cannot be written');
    await client.close();
  });

  it('does not hold up the end when ClickHouse is away', async () => {
    const client = connect({ url: 'http://127.0.0.1:9' });
    const operations = createOperations({ client, closeMs: 300 });
    operations.log(line('lost'));
    const start = Date.now();
    await operations.close();
    expect(Date.now() - start).toBeLessThan(2_000);
    await client.close();
  });
});

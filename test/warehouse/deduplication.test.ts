import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { landingMessages } from '../../src/processors/conversations/tables.ts';
import { type ClickHouseClient, queryRows, queryText } from '../../src/warehouse/client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { land, message, plus, replace, response } from './landing-rows.ts';
import { type ScratchWarehouse, startScratchWarehouse } from './scratch-warehouse.ts';

/**
 * An insert that is repeated with its token leaves one copy in the landing table and behind all of its views; a
 * correction within one insert reaches the views as both of its rows, whether the server optimizes on insert or not.
 */
let warehouse: ScratchWarehouse;
let client: ClickHouseClient;

beforeAll(async () => {
  warehouse = await startScratchWarehouse();
  client = warehouse.client;
  await migrate(client);
});

afterAll(() => warehouse.stop());

/** What to look at: a state of an aggregate cannot be compared as it is. */
const columnsOf: Record<string, string> = {
  landing_messages: '*',
  store_responses: '*',
  store_engagement: '* EXCEPT (active_customers), hex(active_customers)',
};
const storage = Object.keys(columnsOf);

beforeEach(async () => {
  for (const table of storage) await client.command({ query: `TRUNCATE TABLE conversations.${table}` });
});

/** The rows as they are stored, so that a copy which FINAL or a sum would hide shows. */
async function stored(): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const table of storage) {
    texts[table] = await queryText(
      client,
      `SELECT ${columnsOf[table]} FROM conversations.${table} ORDER BY ALL`,
      'JSONEachRow',
    );
  }
  return texts;
}

const question = message('m1', '2024-05-01 10:00:00');
const answer = response('m2', '2024-05-01 10:10:00', 600);
/** The answer, now that a question of 10:05 has come late. */
const corrected = { ...answer, previous_message_timestamp: '2024-05-01 10:05:00' };
const late = message('m3', '2024-05-01 10:05:00', { previous_message_timestamp: '2024-05-01 10:00:00' });

const batches = [
  [plus(question), plus(answer)],
  [plus(late), ...replace(answer, corrected)],
];

test.each([[true], [false]])(
  'repeated inserts leave one copy everywhere (optimize_on_insert: %s)',
  async (optimizeOnInsert) => {
    const insertAll = async () => {
      for (const [index, rows] of batches.entries()) {
        const token = `parley/conversation/0/${index + 1}/${optimizeOnInsert}`;
        await land(client, landingMessages, rows, { token, optimizeOnInsert, firstRowVersion: 1 + index * 100 });
      }
    };
    // Merges would change what is stored between two looks at it.
    for (const table of storage) await client.command({ query: `SYSTEM STOP MERGES conversations.${table}` });
    try {
      await insertAll();
      const once = await stored();
      expect(once.store_responses).not.toBe('');
      await insertAll();
      await Promise.all([insertAll(), insertAll()]);
      expect(await stored()).toEqual(once);
    } finally {
      for (const table of storage) await client.command({ query: `SYSTEM START MERGES conversations.${table}` });
    }
  },
);

test.each([[true], [false]])(
  'a row and its correction in one insert (optimize_on_insert: %s)',
  async (optimizeOnInsert) => {
    const rows = [plus(question), plus(answer), plus(late), ...replace(answer, corrected)];
    await land(client, landingMessages, rows, { optimizeOnInsert });

    // The landing table keeps one row of a key when the server optimizes; the views have seen all rows of the insert.
    const [landed] = await queryRows<{ n: number }>(client, 'SELECT count() AS n FROM conversations.landing_messages');
    expect(landed).toEqual({ n: optimizeOnInsert ? 3 : 5 });
    const facts = await queryRows(
      client,
      'SELECT message_id, previous_message_timestamp AS previous FROM conversations.fact_messages ORDER BY message_id',
    );
    expect(facts).toEqual([
      { message_id: 'm1', previous: null },
      { message_id: 'm2', previous: '2024-05-01 10:05:00.000' },
      { message_id: 'm3', previous: '2024-05-01 10:00:00.000' },
    ]);
    const totals = await queryRows(client, 'SELECT messages, in_messages FROM conversations.agg_engagement_daily');
    expect(totals).toEqual([{ messages: 3, in_messages: 2 }]);
    expect(await queryRows(client, 'SELECT sum(responses) AS n FROM conversations.agg_response_times')).toEqual([
      { n: 1 },
    ]);
  },
);

test('a correction that takes a response back leaves nothing of it', async () => {
  await land(client, landingMessages, [plus(question), plus(answer)]);
  await land(client, landingMessages, replace(answer, { ...answer, response_seconds: null }));
  expect(await queryRows(client, 'SELECT * FROM conversations.agg_response_times')).toEqual([]);
  await client.command({ query: 'OPTIMIZE TABLE conversations.store_responses FINAL' });
  expect(await queryRows(client, 'SELECT * FROM conversations.store_responses')).toEqual([]);
});

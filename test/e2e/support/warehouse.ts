import { type ClickHouseClient, connect } from '../../../src/warehouse/client.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../../src/warehouse/embedded/server.ts';

/** Every row of every view, as JSON texts in an order of their own: two warehouses are equal when these are. */
export type WarehouseDigest = ReadonlyMap<string, readonly string[]>;

/** What clocks decide, not the events: that of the server, and when a process last told how far it is. */
const clockColumns =
  /^fact_sessions\.is_open$|^waiting_now\.waiting_|^agg_waiting_now\.\w*(_seconds$|_over_)|\.(complete_through|is_final)$/;
const rowsShown = 4;

/** Starts a ClickHouse on the folder, which no process may serve meanwhile, and asks it as the user that owns it. */
export async function withWarehouse<Answer>(
  dataDir: string,
  ask: (client: ClickHouseClient, server: EmbeddedServer) => Promise<Answer>,
): Promise<Answer> {
  const server = await startEmbeddedServer({ dataDir, httpPort: 0, tcpPort: 0 });
  const client = connect(server);
  try {
    return await ask(client, server);
  } finally {
    await client.close();
    await server.stop();
  }
}

/** All views of the domain with all their columns, and what the views do not show: sums that should have come to 0. */
export function warehouseDigest(dataDir: string): Promise<WarehouseDigest> {
  return withWarehouse(dataDir, readDigest);
}

export async function readDigest(client: ClickHouseClient): Promise<WarehouseDigest> {
  const views = await rowsOf<[string, string[]]>(
    client,
    `SELECT table, groupArray(name) FROM
       (SELECT table, name FROM system.columns
        WHERE database = 'conversations' AND match(table, '^(agg|fact|dim)_|^waiting_now$') ORDER BY table, position)
     GROUP BY table ORDER BY table`,
  );
  const digest = new Map<string, readonly string[]>();
  for (const [view, columns] of views) {
    // Its rows are those of the store, which merges them when it likes: their sums are what must be equal, below.
    if (view === 'agg_response_slots') continue;
    // As of some seconds ago, where events flow; test/warehouse/snapshots.test.ts holds it to what it is a snapshot of.
    if (view === 'agg_history_monthly_snapshot') continue;
    const wanted = columns.filter((column) => !clockColumns.test(`${view}.${column}`)).map((column) => `\`${column}\``);
    // The days that are to come are more tomorrow than today.
    const where = view === 'dim_dates' ? "WHERE date_id < '2026-01-01'" : '';
    digest.set(view, await linesOf(client, `SELECT ${wanted} FROM conversations.${view} ${where} ORDER BY ALL`));
  }
  digest.set('store_responses', await linesOf(client, responsesLeft));
  digest.set('dead_letters', await linesOf(client, 'SELECT count() FROM orchestrator.dead_letters'));
  return digest;
}

/** `agg_response_times` leaves out what is not positive, and so would hide a response that was taken back twice. */
const responsesLeft = `
  SELECT clinic_code, direction_type, channel, slot, is_first_response, bucket,
    sum(responses) AS net_responses, sum(response_seconds) AS net_seconds
  FROM conversations.store_responses GROUP BY 1, 2, 3, 4, 5, 6
  HAVING net_responses != 0 OR net_seconds != 0 ORDER BY ALL`;

/**
 * Figures that an aggregate keeps, beside the same recounted from the facts. Two equal warehouses could be wrong in the
 * same way; these are not equal then.
 */
export async function recounted(client: ClickHouseClient): Promise<{ kept: unknown; facts: unknown }> {
  const [kept] = await rowsOf<unknown>(
    client,
    `SELECT (SELECT (sum(messages), sum(in_messages), sum(new_conversations), sum(sessions))
               FROM conversations.agg_engagement_daily),
            (SELECT sum(active_conversations) FROM conversations.agg_engagement_monthly),
            (SELECT (sum(responses), sum(responses * mean_response_seconds)) FROM conversations.agg_response_times),
            (SELECT sum(messages) FROM conversations.agg_history_monthly),
            (SELECT sum(ratings) FROM conversations.agg_clinic_performance),
            (SELECT sum(total_conversations) FROM conversations.dim_customers WHERE is_current),
            (SELECT (count(), sum(response_seconds)) FROM conversations.fact_response_times),
            (SELECT (count(), sum(unanswered_messages)) FROM conversations.waiting_now)`,
  );
  const [facts] = await rowsOf<unknown>(
    client,
    `SELECT (SELECT (uniqExact(message_id), countIf(direction = 'in'), uniqExact(conversation_id),
                     (SELECT count() FROM conversations.fact_sessions)) FROM conversations.fact_messages),
            (SELECT uniqExact(conversation_id, toStartOfMonth(message_timestamp)) FROM conversations.fact_messages),
            (SELECT (count(response_seconds), toFloat64(sum(response_seconds))) FROM conversations.fact_messages),
            (SELECT count() FROM conversations.fact_messages),
            (SELECT count() FROM conversations.fact_ratings),
            (SELECT uniqExact(conversation_id) FROM conversations.dim_conversations),
            (SELECT (count(response_seconds), sum(response_seconds)) FROM conversations.fact_messages),
            (SELECT (count(), sum(unanswered)) FROM
               (SELECT arraySort(groupArray((message_timestamp, message_id, direction))) AS said,
                  length(said) - arrayLastIndex(one -> one.3 = 'out', said) AS unanswered
                FROM conversations.fact_messages
                WHERE NOT is_too_late AND conversation_id IN
                  (SELECT conversation_id FROM conversations.dim_conversations_current WHERE status != 'done')
                GROUP BY conversation_id HAVING unanswered > 0))`,
  );
  return { kept, facts };
}

/**
 * Rows of `agg_response_times` whose median or 90th percentile is more than 2 % off the exact one of the facts (at all
 * off, below 50 s), and how many rows there are. The hour is that of the clinic's zone, as the server tells it.
 */
export async function quantilesOff(client: ClickHouseClient): Promise<{ rows: number; off: unknown[] }> {
  const compared = await rowsOf<[string, number[], number[]]>(
    client,
    `SELECT concat(shown.clinic_code, ' ', toString(shown.month), ' ', toString(shown.hour_of_day), ' ', shown.channel),
            [shown.p50_response_seconds, shown.p90_response_seconds], facts.exact
     FROM conversations.agg_response_times AS shown
     INNER JOIN
     (
       SELECT messages.clinic_code AS clinic_code, toStartOfMonth(messages.message_timestamp) AS month,
              messages.direction_type AS direction_type, messages.channel AS channel,
              toUInt8(substring(toString(toDateTime(messages.message_timestamp), if(clinics.timezone = '', 'UTC', clinics.timezone)), 12, 2)) AS hour_of_day,
              arraySort(groupArray(assumeNotNull(messages.response_seconds))) AS times,
              [times[intDiv(length(times) * 5 + 9, 10)], times[intDiv(length(times) * 9 + 9, 10)]] AS exact
       FROM conversations.fact_messages AS messages
       LEFT JOIN conversations.dim_clinics_current AS clinics ON clinics.clinic_code = messages.clinic_code
       WHERE messages.response_seconds IS NOT NULL
       GROUP BY clinic_code, month, direction_type, channel, hour_of_day
     ) AS facts USING (clinic_code, month, direction_type, channel, hour_of_day)`,
  );
  const isOff = (shown: number, exact: number) =>
    exact < 50 ? shown !== exact : Math.abs(shown - exact) > 0.02 * exact;
  return {
    rows: compared.length,
    off: compared.filter(([, shown, exact]) => shown.some((time, i) => isOff(time, exact[i]!))),
  };
}

/** What differs, a paragraph for each view with its first rows that only one of the two has. Empty: they are equal. */
export function differences(expected: WarehouseDigest, received: WarehouseDigest): string[] {
  const found: string[] = [];
  for (const view of new Set([...expected.keys(), ...received.keys()])) {
    const wanted = expected.get(view) ?? [];
    const there = received.get(view) ?? [];
    const missing = without(wanted, there);
    const excess = without(there, wanted);
    if (missing.length + excess.length === 0) continue;
    found.push(
      [
        `${view}: ${wanted.length} rows expected, ${there.length} received; ${missing.length} missing, ${excess.length} in excess`,
        ...missing.slice(0, rowsShown).map((row) => `  - ${row}`),
        ...excess.slice(0, rowsShown).map((row) => `  + ${row}`),
      ].join('\n'),
    );
  }
  return found;
}

/** Rows of the first that the second has not, or has fewer times. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(row) ?? 0;
    left.set(row, count - 1);
    return count <= 0;
  });
}

/** Rows as arrays; 64-bit integers as numbers. */
export async function rowsOf<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await linesOf(client, query)).map((line) => JSON.parse(line) as Row);
}

async function linesOf(client: ClickHouseClient, query: string): Promise<string[]> {
  const result = await client.query({
    query,
    format: 'JSONCompactEachRow',
    clickhouse_settings: { wait_end_of_query: 1, output_format_json_quote_64bit_integers: 0 },
  });
  return (await result.text()).split('\n').filter((line) => line !== '');
}

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generate, linesOf, readEvents, timeOf, writeEvents } from './support/events.ts';
import { folderOfTests } from './support/folder.ts';
import { runToEnd } from './support/processor.ts';
import { Dice, seed } from './support/seed.ts';
import { rowsOf, withWarehouse } from './support/warehouse.ts';

/**
 * What is said to be final is: events come up to 20 of the allowed 24 hours late, in several runs, and what an aggregate
 * once showed with `is_final` is there in every later look, row by row.
 */
const folder = folderOfTests();
const hourMs = 3_600_000;
const looks = 5;

/** What says of a row which it is, and columns that are of today, not of the period; see the comments of `is_final`. */
const aggregates: Record<string, { readonly keys: string; readonly today?: readonly string[] }> = {
  agg_engagement_daily: { keys: 'clinic_code, date_id' },
  agg_engagement_weekly: { keys: 'clinic_code, week' },
  agg_engagement_monthly: { keys: 'clinic_code, month' },
  agg_response_times: { keys: 'clinic_code, month, hour_of_day, direction_type, channel' },
  agg_response_distribution: {
    keys: 'clinic_code, month, hour_of_day, direction_type, channel, is_first_response, bucket_seconds',
  },
  agg_clinic_performance: {
    keys: 'clinic_code, month',
    today: ['clinic_name', 'ratings', 'mean_rating', 'rating_rank'],
  },
};

interface Look {
  readonly through: string | null;
  /** Rows by view and key, as text. */
  readonly rows: ReadonlyMap<string, string>;
  readonly final: ReadonlySet<string>;
}

async function look(dataDir: string): Promise<Look> {
  return withWarehouse(dataDir, async (client) => {
    const rows = new Map<string, string>();
    const final = new Set<string>();
    for (const [view, { keys, today = [] }] of Object.entries(aggregates)) {
      const left = ['complete_through', 'is_final', ...today].join(', ');
      const found = await rowsOf<[unknown[], string, boolean]>(
        client,
        `SELECT [${keys
          .split(', ')
          .map((key) => `toString(${key})`)
          .join(
            ', ',
          )}], formatRowNoNewline('JSONCompactEachRow', COLUMNS('.*') EXCEPT (${left})), is_final FROM conversations.${view}`,
      );
      for (const [key, row, isFinal] of found) {
        rows.set(`${view} ${key.join(' ')}`, row);
        if (isFinal) final.add(`${view} ${key.join(' ')}`);
      }
    }
    const [progress] = await rowsOf<[string | null]>(
      client,
      'SELECT toString(complete_through) FROM orchestrator.progress',
    );
    return { through: progress?.[0] ?? null, rows, final };
  });
}

test('a row once shown as final never changes, and everything becomes final when later events come', async () => {
  const out = join(folder, 'generated');
  await generate({ out, messages: 3_000, seed, lateShare: 0, rate: 3_000 / (50 * 86_400) });
  const dice = new Dice(seed);
  const arrivals = [...readEvents(out)].flatMap(([file, content]) => {
    // Clinics first: of what is not known of them in time, rows of today's hours and names would move.
    return linesOf(content).map((line) => {
      const delay = file.includes('clinics') ? 0 : dice.number(0, 20 * hourMs);
      return { file, line, time: timeOf(line), at: timeOf(line) + delay };
    });
  });
  arrivals.sort((left, right) => left.at - right.at);
  const dataDir = join(folder, 'data');
  const seen = new Map<string, string>();
  let changed = 0;
  let before: Look | undefined;
  let newest = 0;
  for (let part = 0; part < looks; part++) {
    const size = Math.ceil(arrivals.length / looks);
    const lines = arrivals.slice(part * size, (part + 1) * size);
    newest = Math.max(newest, ...lines.map(({ time }) => time));
    const files = new Map<string, string>();
    for (const { file, line } of lines) files.set(file, `${files.get(file) ?? ''}${line}\n`);
    const paths = [join(folder, `part-${part}`)];
    writeEvents(paths[0]!, files);
    const { summary } = await runToEnd({ paths, dataDir, more: { PARLEY_BATCH_EVENTS_MAX: '200' } });
    expect(summary.rejected).toBe(0);
    const now = await look(dataDir);
    // All that was read is counted, and nothing newer.
    expect(Date.parse(`${now.through}Z`)).toBe(Math.floor(newest / 1000) * 1000);
    for (const [key, row] of seen) expect(now.rows.get(key), `${key} was final (seed ${seed})`).toBe(row);
    for (const key of seen.keys()) expect(now.final.has(key), key).toBe(true);
    for (const [key, row] of before?.rows ?? []) if (now.rows.get(key) !== row) changed++;
    for (const key of now.final) seen.set(key, now.rows.get(key)!);
    before = now;
  }
  // Rows did change between the looks, and many were final: otherwise nothing was tested.
  expect(changed).toBeGreaterThan(50);
  expect(seen.size).toBeGreaterThan(500);
  expect(before!.rows.size).toBeGreaterThan(before!.final.size);

  const later = new Date(newest + 90 * 24 * hourMs).toISOString();
  const event = {
    ...JSON.parse(linesOf(readEvents(out).get('conversations.messages.ndjson')!)[0]!),
    message_id: 'later',
  };
  const last = { ...event, conversation_id: 'later', message_timestamp: later };
  const paths = [join(folder, 'later')];
  writeEvents(paths[0]!, new Map([['conversations.messages.ndjson', `${JSON.stringify(last)}\n`]]));
  await runToEnd({ paths, dataDir });
  const now = await look(dataDir);
  for (const [key, row] of before!.rows) expect(now.rows.get(key), key).toBe(row);
  for (const key of before!.rows.keys()) expect(now.final.has(key), key).toBe(true);
}, 240_000);

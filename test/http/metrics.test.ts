import { readFileSync } from 'node:fs';
import { AggregatorRegistry } from 'prom-client';
import { expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { GroupMetrics, type MetricsSources } from '../../src/http/metrics.ts';
import type { CommittedBatch } from '../../src/runtime/task.ts';
import { NoCargo } from '../../src/warehouse/delivery.ts';

const id = { stage: 'conversations.conversation', partition: 2 };
const sources: MetricsSources = {
  tasks: () => [{ id, state: 'open', waitingSince: 90_000, isDelivering: false }],
  lag: () => [
    { stage: 'conversations.conversation', topic: 'conversations.messages', partition: 2, position: 40, lag: 17 },
  ],
  stateBytes: async () => [{ ...id, bytes: 4096 }],
  dropped: () => 3,
  windowBlocks: 10_000,
  clock: () => 100_000,
};

function batch(): CommittedBatch {
  return {
    plan: { number: 7, ranges: [], now: 98_000 },
    outcome: {
      cargo: new NoCargo(),
      forwards: [],
      rejected: [],
      events: 12,
      counts: new Map([
        ['late', 2],
        ['duplicate', 1],
      ]),
    },
    rows: 30,
    startedAt: 99_000,
    finishedAt: 100_000,
    isRecovered: false,
  };
}

test('what a task does is counted, with units in the names', async () => {
  const metrics = new GroupMetrics(sources);
  const { observer, registry } = metrics;
  observer.onRestoring?.(id, { records: 500, total: 1_000 });
  expect(await registry.metrics()).toContain(
    'parley_restore_records{stage="conversations.conversation",partition="2"} 500',
  );
  observer.onOpened?.(id, 1_500);
  observer.onCommitted?.(id, batch());
  observer.onDelivered?.(id, 40);
  observer.onCheckpoint?.(id, { plan: 7, positions: {} }, 25, 80);
  observer.onFailed?.(id, new ParleyError('PARLEY_DISK_FULL', 'full'), 10);
  metrics.rebalanced();
  const page = await registry.metrics();
  const stage = 'stage="conversations.conversation"';
  for (const line of [
    `parley_events_total{${stage}} 12`,
    `parley_rows_total{${stage}} 30`,
    `parley_late_total{${stage}} 2`,
    `parley_duplicates_total{${stage}} 1`,
    `parley_batch_seconds_sum{${stage}} 2`,
    `parley_insert_seconds_sum{${stage}} 0.04`,
    `parley_checkpoint_keys_total{${stage}} 25`,
    `parley_task_open_seconds_sum{${stage}} 1.5`,
    `parley_task_failures_total{${stage},code="PARLEY_DISK_FULL"} 1`,
    'parley_rebalances_total 1',
    'parley_tasks{state="open"} 1',
    'parley_lag_records{topic="conversations.messages",partition="2"} 17',
    'parley_oldest_waiting_plan_age_seconds 10',
    'parley_deduplication_window_blocks 10000',
    `parley_state_bytes{${stage},partition="2"} 4096`,
    'parley_operations_rows_dropped 3',
  ]) {
    expect(page).toContain(`${line}\n`);
  }
  expect(page).not.toContain('parley_restore_records{');
  expect(page).toContain('process_cpu_seconds_total');
});

test('those of several processes add up, and of ages the greatest counts', async () => {
  const parts = [90_000, 40_000].map((waitingSince) => {
    const metrics = new GroupMetrics({
      ...sources,
      tasks: () => [{ id, state: 'open', waitingSince, isDelivering: true }],
    });
    metrics.observer.onCommitted?.(id, batch());
    return metrics.registry.getMetricsAsJSON();
  });
  const page = await AggregatorRegistry.aggregate(await Promise.all(parts)).metrics();
  expect(page).toContain('parley_events_total{stage="conversations.conversation"} 24\n');
  expect(page).toContain('parley_oldest_waiting_plan_age_seconds 60\n');
  expect(page).toContain('parley_deduplication_window_blocks 10000\n');
  expect(page).toContain('parley_tasks{state="open"} 2\n');
});

test('docs/operators.md says what each metric means, no more and no fewer', async () => {
  const { registry } = new GroupMetrics(sources);
  const names = registry.getMetricsAsArray().flatMap(({ name }) => (name.startsWith('parley_') ? [name] : []));
  const page = readFileSync(new URL('../../docs/operators.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(parley_\w+)`/gm)].map(([, name]) => name!);
  expect(documented.sort()).toEqual(names.sort());
});

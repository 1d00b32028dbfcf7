import type { LandingTable, RowOf } from '../runtime/domain.ts';

const time = "DateTime64(3, 'UTC')" as const;
const maybeTime = "Nullable(DateTime64(3, 'UTC'))" as const;

/** A batch, written when it is planned and again when it has ended. Grain: app, stage, partition, plan. */
export const landingRuns = {
  database: 'orchestrator',
  name: 'landing_runs',
  columns: {
    app: 'LowCardinality(String)',
    stage: 'LowCardinality(String)',
    partition: 'UInt32',
    plan: 'UInt64',
    /** RUNNING, COMPLETED, EMPTY, FAILED or RECOVERED. */
    status: 'LowCardinality(String)',
    started_at: time,
    finished_at: maybeTime,
    elapsed_ms: 'Nullable(UInt32)',
    events: 'UInt32',
    rows: 'UInt32',
    rejected: 'UInt32',
    late: 'UInt32',
    duplicates: 'UInt32',
    /** JSON list of {shard, topic, from, to}. */
    ranges: 'String',
    error: 'Nullable(String)',
  },
} as const satisfies LandingTable;

/** A log line. It is never withdrawn or replaced. */
export const landingLogs = {
  database: 'orchestrator',
  name: 'landing_logs',
  columns: {
    time,
    level: 'LowCardinality(String)',
    component: 'LowCardinality(String)',
    message: 'String',
    /** JSON object. */
    fields: 'String',
    /** `app/stage/partition/plan`; empty outside a batch. */
    run: 'String',
  },
} as const satisfies LandingTable;

/**
 * A record that was refused. Grain: app, stage, topic, shard, offset. Sending it back writes the row again with
 * `replayed_at` and a larger row_version.
 */
export const landingDeadLetters = {
  database: 'orchestrator',
  name: 'landing_dead_letters',
  columns: {
    app: 'LowCardinality(String)',
    stage: 'LowCardinality(String)',
    topic: 'LowCardinality(String)',
    shard: 'String',
    offset: 'UInt64',
    code: 'LowCardinality(String)',
    message: 'String',
    /** The record as it came. Not always valid UTF-8, so it is given as bytes. */
    bytes: 'String',
    size: 'UInt32',
    event_time: maybeTime,
    dead_at: time,
    plan: 'UInt64',
    replayed_at: maybeTime,
  },
} as const satisfies LandingTable;

/** How far a task has counted, in the time of events. Grain: app, stage, partition; the latest time holds. */
export const landingWatermarks = {
  database: 'orchestrator',
  name: 'landing_watermarks',
  columns: {
    app: 'LowCardinality(String)',
    domain: 'LowCardinality(String)',
    stage: 'LowCardinality(String)',
    partition: 'UInt32',
    /** 1970 while nothing is known. */
    complete_through: time,
  },
} as const satisfies LandingTable;

/** What views need of the configuration. Grain: domain, name; what was written last holds. */
export const landingSettings = {
  database: 'orchestrator',
  name: 'landing_settings',
  columns: {
    domain: 'LowCardinality(String)',
    name: 'LowCardinality(String)',
    value: 'Int64',
  },
} as const satisfies LandingTable;

export type DeadLetterRow = Omit<RowOf<typeof landingDeadLetters>, 'bytes'> & { readonly bytes: string | Uint8Array };

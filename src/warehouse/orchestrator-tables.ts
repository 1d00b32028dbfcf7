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
    /** Bytes too. */
    record_key: 'Nullable(String)',
    schema_header: 'Nullable(String)',
  },
} as const satisfies LandingTable;

/** An entry of the catalogue. Grain: domain, kind, name. A domain's entries are written together, at `written_at`. */
export const landingCatalogue = {
  database: 'orchestrator',
  name: 'landing_catalogue',
  columns: {
    domain: 'LowCardinality(String)',
    kind: 'LowCardinality(String)',
    name: 'String',
    layer: 'LowCardinality(String)',
    definition: 'String',
    grain: 'Array(String)',
    inputs: 'Array(String)',
    formula: 'String',
    unit: 'LowCardinality(String)',
    columns: 'Array(String)',
    questions: 'Array(String)',
    tests: 'Array(String)',
    tags: 'Array(String)',
    warn_after_hours: 'Nullable(Float64)',
    error_after_hours: 'Nullable(Float64)',
    revision: 'String',
    written_at: time,
  },
} as const satisfies LandingTable;

/** A step of the lineage. Grain: all but `written_at`. */
export const landingLineage = {
  database: 'orchestrator',
  name: 'landing_lineage',
  columns: {
    domain: 'LowCardinality(String)',
    source_kind: 'LowCardinality(String)',
    source: 'String',
    target_kind: 'LowCardinality(String)',
    target: 'String',
    written_at: time,
  },
} as const satisfies LandingTable;

/** What a data test found. Grain: run_id, test. It is never withdrawn or replaced. */
export const landingTestResults = {
  database: 'orchestrator',
  name: 'landing_test_results',
  columns: {
    started_at: time,
    run_id: 'String',
    test: 'String',
    type: 'LowCardinality(String)',
    domain: 'LowCardinality(String)',
    tables: 'Array(String)',
    severity: 'LowCardinality(String)',
    status: 'LowCardinality(String)',
    failures: 'UInt64',
    elapsed_ms: 'UInt32',
    message: 'String',
    query: 'String',
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

type BytesColumn = 'bytes' | 'record_key' | 'schema_header';

export type DeadLetterRow = Omit<RowOf<typeof landingDeadLetters>, BytesColumn> & {
  readonly bytes: string | Uint8Array;
  readonly record_key: string | Uint8Array | null;
  readonly schema_header: string | Uint8Array | null;
};

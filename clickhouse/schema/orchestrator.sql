-- Database orchestrator: What Parley itself did: batches, log lines, dead letters, migrations.
-- Generated from a migrated server by `npm run schemas`. Do not edit: write a migration.

CREATE VIEW orchestrator.dead_letters
(
    `app` LowCardinality(String) COMMENT 'Name of the deployment that refused it.',
    `stage` LowCardinality(String) COMMENT 'Stage that refused it, as <domain>.<stage>.',
    `topic` LowCardinality(String) COMMENT 'Topic of the record.',
    `shard` String COMMENT 'Partition of the topic, or file, that it was read from.',
    `offset` UInt64 COMMENT 'Its offset in the shard.',
    `code` LowCardinality(String) COMMENT 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.',
    `message` String COMMENT 'What was expected, what came, and where in the record.',
    `bytes` String COMMENT 'The record as it came, unchanged; not always valid UTF-8.',
    `size` UInt32 COMMENT 'Bytes in the record.',
    `event_time` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the event; null when it could not be read.',
    `dead_at` DateTime64(3, 'UTC') COMMENT 'Time of the batch that refused it.',
    `plan` UInt64 COMMENT 'Number of the batch that refused it.',
    `replayed_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.',
    `record_key` Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.',
    `schema_header` Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.'
)
COMMENT 'Records that were refused, with the reason, the origin and the bytes. parley dlq shows them and sends them back.'
AS SELECT
    app,
    stage,
    topic,
    shard,
    offset,
    code,
    message,
    bytes,
    size,
    event_time,
    dead_at,
    plan,
    replayed_at,
    record_key,
    schema_header
FROM orchestrator.landing_dead_letters
FINAL
WHERE sign = 1;

CREATE TABLE orchestrator.landing_dead_letters
(
    `app` LowCardinality(String) COMMENT 'Name of the deployment that refused it.',
    `stage` LowCardinality(String) COMMENT 'Stage that refused it, as <domain>.<stage>.',
    `topic` LowCardinality(String) COMMENT 'Topic of the record.',
    `shard` String COMMENT 'Partition of the topic, or file, that it was read from.',
    `offset` UInt64 COMMENT 'Its offset in the shard.',
    `code` LowCardinality(String) COMMENT 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.',
    `message` String COMMENT 'What was expected, what came, and where in the record.',
    `bytes` String COMMENT 'The record as it came, unchanged; not always valid UTF-8.',
    `size` UInt32 COMMENT 'Bytes in the record.',
    `event_time` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the event; null when it could not be read.',
    `dead_at` DateTime64(3, 'UTC') COMMENT 'Time of the batch that refused it.',
    `plan` UInt64 COMMENT 'Number of the batch that refused it.',
    `replayed_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.',
    `record_key` Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.',
    `schema_header` Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (app, stage, topic, shard, offset)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of dead letters. Read orchestrator.dead_letters.';

CREATE TABLE orchestrator.landing_logs
(
    `time` DateTime64(3, 'UTC') COMMENT 'When the line was written.',
    `level` LowCardinality(String) COMMENT 'trace, debug, info, warn, error or fatal.',
    `component` LowCardinality(String) COMMENT 'Part of Parley that wrote it.',
    `message` String COMMENT 'The message.',
    `fields` String COMMENT 'Further fields, a JSON object.',
    `run` String COMMENT 'run_id of the batch in orchestrator.runs; empty outside a batch.',
    `sign` Int8 COMMENT '+1 always: a line is never withdrawn.',
    `row_version` UInt64 COMMENT 'Set by the delivery; not used.'
)
ENGINE = MergeTree
ORDER BY (time, level)
TTL toDateTime(time) + toIntervalDay(30)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of log lines. Read orchestrator.logs.';

CREATE TABLE orchestrator.landing_runs
(
    `app` LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    `stage` LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    `partition` UInt32 COMMENT 'Partition of the stage that the task owns.',
    `plan` UInt64 COMMENT 'Number of the batch within its task.',
    `status` LowCardinality(String) COMMENT 'RUNNING, COMPLETED, EMPTY, FAILED or RECOVERED.',
    `started_at` DateTime64(3, 'UTC') COMMENT 'When the batch was planned.',
    `finished_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was committed or failed; null while it runs.',
    `elapsed_ms` Nullable(UInt32) COMMENT 'Milliseconds from started_at to finished_at.',
    `events` UInt32 COMMENT 'Records read.',
    `rows` UInt32 COMMENT 'Rows delivered to landing tables.',
    `rejected` UInt32 COMMENT 'Records sent to the dead letters.',
    `late` UInt32 COMMENT 'Events that came out of order and corrected others.',
    `duplicates` UInt32 COMMENT 'Events dropped because their id had been counted.',
    `ranges` String COMMENT 'Offsets read, a JSON list of {shard, topic, from, to}.',
    `error` Nullable(String) COMMENT 'Code and message of the failure; null when there was none.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (app, stage, partition, plan)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of runs. Read orchestrator.runs.';

CREATE VIEW orchestrator.logs
(
    `time` DateTime64(3, 'UTC') COMMENT 'When the line was written.',
    `level` LowCardinality(String) COMMENT 'trace, debug, info, warn, error or fatal.',
    `component` LowCardinality(String) COMMENT 'Part of Parley that wrote it.',
    `message` String COMMENT 'The message.',
    `fields` String COMMENT 'Further fields, a JSON object.',
    `run` String COMMENT 'run_id of the batch in orchestrator.runs; empty outside a batch.'
)
COMMENT 'Log lines of the last 30 days.'
AS SELECT
    time,
    level,
    component,
    message,
    fields,
    run
FROM orchestrator.landing_logs;

CREATE TABLE orchestrator.migrations
(
    `domain` LowCardinality(String) COMMENT 'Domain: a folder in clickhouse/.',
    `name` String COMMENT 'File name without its ending: NNNN-name.',
    `checksum` String COMMENT 'SHA-256 of its text, in hexadecimal.',
    `applied_at` DateTime64(3, 'UTC') COMMENT 'When its last statement had succeeded.',
    `elapsed_ms` UInt32 COMMENT 'Milliseconds that it took.'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY (domain, name)
SETTINGS index_granularity = 8192
COMMENT 'Migrations that have been applied.';

CREATE VIEW orchestrator.runs
(
    `run_id` String COMMENT 'app/stage/partition/plan: unique.',
    `app` LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    `stage` LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    `partition` UInt32 COMMENT 'Partition of the stage that the task owns.',
    `plan` UInt64 COMMENT 'Number of the batch within its task.',
    `status` LowCardinality(String) COMMENT 'RUNNING, COMPLETED, EMPTY (nothing to read; the position advances), FAILED, or RECOVERED (planned by an owner that died, finished by the next).',
    `started_at` DateTime64(3, 'UTC') COMMENT 'When the batch was planned.',
    `finished_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was committed or failed; null while it runs.',
    `elapsed_ms` Nullable(UInt32) COMMENT 'Milliseconds from started_at to finished_at.',
    `events` UInt32 COMMENT 'Records read.',
    `rows` UInt32 COMMENT 'Rows delivered to landing tables.',
    `rejected` UInt32 COMMENT 'Records sent to the dead letters.',
    `late` UInt32 COMMENT 'Events that came out of order and corrected others.',
    `duplicates` UInt32 COMMENT 'Events dropped because their id had been counted.',
    `ranges` String COMMENT 'Offsets read, a JSON list of {shard, topic, from, to}.',
    `error` Nullable(String) COMMENT 'Code and message of the failure; null when there was none.'
)
COMMENT 'Every attempted batch, one row each, with its status, duration and counts. Alert on status FAILED, and on RUNNING for long.'
AS SELECT
    concat(app, '/', stage, '/', toString(partition), '/', toString(plan)) AS run_id,
    app,
    stage,
    partition,
    plan,
    status,
    started_at,
    finished_at,
    elapsed_ms,
    events,
    rows,
    rejected,
    late,
    duplicates,
    ranges,
    error
FROM orchestrator.landing_runs
FINAL
WHERE sign = 1;

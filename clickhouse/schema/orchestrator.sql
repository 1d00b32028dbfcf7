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
    `replayed_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.'
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
    replayed_at
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

CREATE TABLE orchestrator.landing_settings
(
    `domain` LowCardinality(String) COMMENT 'Domain: a database.',
    `name` LowCardinality(String) COMMENT 'Name of the setting.',
    `value` Int64 COMMENT 'Its value.',
    `sign` Int8 COMMENT '+1 always: a setting is never withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (domain, name)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of settings. Read orchestrator.settings.';

CREATE TABLE orchestrator.landing_watermarks
(
    `app` LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    `domain` LowCardinality(String) COMMENT 'Domain of the stage: a database.',
    `stage` LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    `partition` UInt32 COMMENT 'Partition of the stage.',
    `complete_through` DateTime64(3, 'UTC') COMMENT 'The task has counted all events up to this time; 1970 while that is not known.',
    `sign` Int8 COMMENT '+1 always: a watermark is never withdrawn.',
    `row_version` UInt64 COMMENT 'Set by the writer; not used. The row with the latest complete_through of a key holds.'
)
ENGINE = ReplacingMergeTree(complete_through)
ORDER BY (app, stage, partition)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of watermarks. Read orchestrator.watermarks or orchestrator.progress.';

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

CREATE VIEW orchestrator.progress
(
    `domain` LowCardinality(String) COMMENT 'Domain, a database: unique.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All events of the domain up to this time, by their own clocks, have been counted, as far as the inputs tell: the least over its tasks, where one that is at its end counts as far as the domain. Null while that is not known of some task.',
    `final_through` Nullable(DateTime('UTC')) COMMENT 'complete_through less the allowed lateness: rows of aggregates whose period ended by then are final.',
    `tasks` UInt64 COMMENT 'Tasks of the domain.',
    `tasks_unknown` UInt64 COMMENT 'Tasks that have not told how far they are: not opened yet, or still before the end of a first backlog that cannot be put in order.'
)
COMMENT 'How far each domain has counted, in the time of the events: what complete_through and is_final of its aggregates go by.'
AS SELECT
    watermarks.domain AS domain,
    if(watermarks.tasks_unknown = 0, toDateTime(watermarks.least, 'UTC'), NULL) AS complete_through,
    if(ifNull(lateness.name, '') != '', complete_through - ifNull(lateness.value, 0), NULL) AS final_through,
    watermarks.tasks AS tasks,
    watermarks.tasks_unknown AS tasks_unknown
FROM
(
    SELECT
        domain,
        min(complete_through) AS least,
        count() AS tasks,
        countIf(toUnixTimestamp64Milli(complete_through) = 0) AS tasks_unknown
    FROM orchestrator.landing_watermarks
    FINAL
    GROUP BY domain
) AS watermarks
LEFT JOIN
(
    SELECT
        domain,
        name,
        value
    FROM orchestrator.settings
    WHERE name = 'allowed_lateness_seconds'
) AS lateness ON lateness.domain = watermarks.domain;

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

CREATE VIEW orchestrator.settings
(
    `domain` LowCardinality(String) COMMENT 'Domain: a database.',
    `name` LowCardinality(String) COMMENT 'Name of the setting: allowed_lateness_seconds, session_gap_seconds.',
    `value` Int64 COMMENT 'Its value as the process that started last was configured.'
)
COMMENT 'What the views of the domains need of the configuration.'
AS SELECT
    domain,
    name,
    value
FROM orchestrator.landing_settings
FINAL
WHERE sign = 1;

CREATE VIEW orchestrator.watermarks
(
    `app` LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    `domain` LowCardinality(String) COMMENT 'Domain: a database.',
    `stage` LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    `partition` UInt32 COMMENT 'Partition of the stage.',
    `complete_through` Nullable(DateTime64(3, 'UTC')) COMMENT 'The task has counted all events up to this time, by their own clocks, as far as its input tells; null while that is not known.'
)
COMMENT 'How far each task has counted, in the time of the events.'
AS SELECT
    app,
    domain,
    stage,
    partition,
    if(toUnixTimestamp64Milli(watermarks.complete_through) > 0, watermarks.complete_through, NULL) AS complete_through
FROM orchestrator.landing_watermarks AS watermarks
FINAL;

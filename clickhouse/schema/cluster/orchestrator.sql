-- For the ClickHouse cluster parley, by `parley migrate --cluster parley --print`.
-- Generated from clickhouse/*/NNNN-name.sql. Do not edit: write a migration.

-- the record of migrations

CREATE DATABASE IF NOT EXISTS orchestrator ON CLUSTER 'parley' ENGINE = Atomic
COMMENT 'What Parley itself did: batches, log lines, dead letters, migrations.';

CREATE TABLE IF NOT EXISTS orchestrator.migrations ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain: a folder in clickhouse/.',
    name String COMMENT 'File name without its ending: NNNN-name.',
    checksum String COMMENT 'SHA-256 of its text, in hexadecimal.',
    applied_at DateTime64(3, 'UTC') COMMENT 'When its last statement had succeeded.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that it took.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', applied_at)
ORDER BY (domain, name)
COMMENT 'Migrations that have been applied.';

-- orchestrator/0001-runs

CREATE DATABASE IF NOT EXISTS orchestrator ON CLUSTER 'parley' ENGINE = Atomic COMMENT 'What Parley itself did: batches, log lines, dead letters, migrations.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_runs_local ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage that the task owns.',
    plan UInt64 COMMENT 'Number of the batch within its task.',
    status LowCardinality(String) COMMENT 'RUNNING, COMPLETED, EMPTY, FAILED or RECOVERED.',
    started_at DateTime64(3, 'UTC') COMMENT 'When the batch was planned.',
    finished_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was committed or failed; null while it runs.',
    elapsed_ms Nullable(UInt32) COMMENT 'Milliseconds from started_at to finished_at.',
    events UInt32 COMMENT 'Records read.',
    rows UInt32 COMMENT 'Rows delivered to landing tables.',
    rejected UInt32 COMMENT 'Records sent to the dead letters.',
    late UInt32 COMMENT 'Events that came out of order and corrected others.',
    duplicates UInt32 COMMENT 'Events dropped because their id had been counted.',
    ranges String COMMENT 'Offsets read, a JSON list of {shard, topic, from, to}.',
    error Nullable(String) COMMENT 'Code and message of the failure; null when there was none.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (app, stage, partition, plan)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of runs. Read orchestrator.runs.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_runs ON CLUSTER 'parley' AS orchestrator.landing_runs_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_runs_local', cityHash64(app, stage, partition, plan))
COMMENT 'Storage of runs. Read orchestrator.runs.';

CREATE VIEW IF NOT EXISTS orchestrator.runs ON CLUSTER 'parley'
(
    run_id String COMMENT 'app/stage/partition/plan: unique.',
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage that the task owns.',
    plan UInt64 COMMENT 'Number of the batch within its task.',
    status LowCardinality(String) COMMENT 'RUNNING, COMPLETED, EMPTY (nothing to read; the position advances), FAILED, or RECOVERED (planned by an owner that died, finished by the next).',
    started_at DateTime64(3, 'UTC') COMMENT 'When the batch was planned.',
    finished_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was committed or failed; null while it runs.',
    elapsed_ms Nullable(UInt32) COMMENT 'Milliseconds from started_at to finished_at.',
    events UInt32 COMMENT 'Records read.',
    rows UInt32 COMMENT 'Rows delivered to landing tables.',
    rejected UInt32 COMMENT 'Records sent to the dead letters.',
    late UInt32 COMMENT 'Events that came out of order and corrected others.',
    duplicates UInt32 COMMENT 'Events dropped because their id had been counted.',
    ranges String COMMENT 'Offsets read, a JSON list of {shard, topic, from, to}.',
    error Nullable(String) COMMENT 'Code and message of the failure; null when there was none.'
)
AS SELECT
    concat(app, '/', stage, '/', toString(partition), '/', toString(plan)) AS run_id,
    app, stage, partition, plan, status, started_at, finished_at, elapsed_ms,
    events, rows, rejected, late, duplicates, ranges, error
FROM orchestrator.landing_runs FINAL
WHERE sign = 1
COMMENT 'Every attempted batch, one row each, with its status, duration and counts. Alert on status FAILED, and on RUNNING for long.';

-- orchestrator/0002-logs

CREATE TABLE IF NOT EXISTS orchestrator.landing_logs_local ON CLUSTER 'parley'
(
    time DateTime64(3, 'UTC') COMMENT 'When the line was written.',
    level LowCardinality(String) COMMENT 'trace, debug, info, warn, error or fatal.',
    component LowCardinality(String) COMMENT 'Part of Parley that wrote it.',
    message String COMMENT 'The message.',
    fields String COMMENT 'Further fields, a JSON object.',
    run String COMMENT 'run_id of the batch in orchestrator.runs; empty outside a batch.',
    sign Int8 COMMENT '+1 always: a line is never withdrawn.',
    row_version UInt64 COMMENT 'Set by the delivery; not used.'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (time, level)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of log lines. Read orchestrator.logs.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_logs ON CLUSTER 'parley' AS orchestrator.landing_logs_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_logs_local', cityHash64(time, level))
COMMENT 'Storage of log lines. Read orchestrator.logs.';

CREATE VIEW IF NOT EXISTS orchestrator.logs ON CLUSTER 'parley'
(
    time DateTime64(3, 'UTC') COMMENT 'When the line was written.',
    level LowCardinality(String) COMMENT 'trace, debug, info, warn, error or fatal.',
    component LowCardinality(String) COMMENT 'Part of Parley that wrote it.',
    message String COMMENT 'The message.',
    fields String COMMENT 'Further fields, a JSON object.',
    run String COMMENT 'run_id of the batch in orchestrator.runs; empty outside a batch.'
)
AS SELECT time, level, component, message, fields, run
FROM orchestrator.landing_logs
COMMENT 'Log lines of the last 30 days.';

-- orchestrator/0003-dead-letters

CREATE TABLE IF NOT EXISTS orchestrator.landing_dead_letters_local ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment that refused it.',
    stage LowCardinality(String) COMMENT 'Stage that refused it, as <domain>.<stage>.',
    topic LowCardinality(String) COMMENT 'Topic of the record.',
    shard String COMMENT 'Partition of the topic, or file, that it was read from.',
    offset UInt64 COMMENT 'Its offset in the shard.',
    code LowCardinality(String) COMMENT 'Reason: INVALID_JSON, INVALID_EVENT, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.',
    message String COMMENT 'What was expected, what came, and where in the record.',
    bytes String COMMENT 'The record as it came, unchanged; not always valid UTF-8.',
    size UInt32 COMMENT 'Bytes in the record.',
    event_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the event; null when it could not be read.',
    dead_at DateTime64(3, 'UTC') COMMENT 'Time of the batch that refused it.',
    plan UInt64 COMMENT 'Number of the batch that refused it.',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (app, stage, topic, shard, offset)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of dead letters. Read orchestrator.dead_letters.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_dead_letters ON CLUSTER 'parley' AS orchestrator.landing_dead_letters_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_dead_letters_local', cityHash64(app, stage, topic, shard, offset))
COMMENT 'Storage of dead letters. Read orchestrator.dead_letters.';

CREATE VIEW IF NOT EXISTS orchestrator.dead_letters ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment that refused it.',
    stage LowCardinality(String) COMMENT 'Stage that refused it, as <domain>.<stage>.',
    topic LowCardinality(String) COMMENT 'Topic of the record.',
    shard String COMMENT 'Partition of the topic, or file, that it was read from.',
    offset UInt64 COMMENT 'Its offset in the shard.',
    code LowCardinality(String) COMMENT 'Reason: INVALID_JSON, INVALID_EVENT, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.',
    message String COMMENT 'What was expected, what came, and where in the record.',
    bytes String COMMENT 'The record as it came, unchanged; not always valid UTF-8.',
    size UInt32 COMMENT 'Bytes in the record.',
    event_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the event; null when it could not be read.',
    dead_at DateTime64(3, 'UTC') COMMENT 'Time of the batch that refused it.',
    plan UInt64 COMMENT 'Number of the batch that refused it.',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.'
)
AS SELECT app, stage, topic, shard, offset, code, message, bytes, size, event_time, dead_at, plan, replayed_at
FROM orchestrator.landing_dead_letters FINAL
WHERE sign = 1
COMMENT 'Records that were refused, with the reason, the origin and the bytes. parley dlq shows them and sends them back.';

-- orchestrator/0004-dead-letter-codes

ALTER TABLE orchestrator.landing_dead_letters_local ON CLUSTER 'parley' COMMENT COLUMN code 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.';

ALTER TABLE orchestrator.landing_dead_letters ON CLUSTER 'parley' COMMENT COLUMN code 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.';

ALTER TABLE orchestrator.dead_letters ON CLUSTER 'parley' COMMENT COLUMN code 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.';

-- orchestrator/0005-catalogue

CREATE TABLE IF NOT EXISTS orchestrator.landing_catalogue_local ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain that brings it: a folder in clickhouse/.',
    kind LowCardinality(String) COMMENT 'topic, stage, table, view, dictionary or metric.',
    name String COMMENT 'Its name; of tables with the database.',
    layer LowCardinality(String) COMMENT 'source, process, landing, storage, staging, intermediate, dimension, fact, aggregate, metric or other.',
    definition String COMMENT 'What it means: the comment of the table, of the column of a metric, of the topic.',
    grain Array(String) COMMENT 'Columns of which each row has values of its own; empty when not said.',
    inputs Array(String) COMMENT 'What it is made from, one step back.',
    formula String COMMENT 'Of a metric: how it is computed from its input; else empty.',
    unit LowCardinality(String) COMMENT 'Of a metric: unit of its figure; else empty.',
    columns Array(String) COMMENT 'Of a metric: the columns that hold it, as database.table.column; else empty.',
    questions Array(String) COMMENT 'The questions that it answers.',
    tests Array(String) COMMENT 'Names of the data tests that own it; parley test runs them.',
    tags Array(String) COMMENT 'Words to choose it by.',
    warn_after_hours Nullable(Float64) COMMENT 'Of a topic: hours without a newer event after which parley test --freshness warns; null when not said.',
    error_after_hours Nullable(Float64) COMMENT 'Of a topic: hours after which it fails; null when not said.',
    revision String COMMENT 'SHA-256 of what the entries of the domain were made from.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the entries of the domain were written.',
    sign Int8 COMMENT '+1 always: what is gone is not in the next revision.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (domain, kind, name)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of the catalogue. Read orchestrator.catalogue.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_catalogue ON CLUSTER 'parley' AS orchestrator.landing_catalogue_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_catalogue_local', cityHash64(domain, kind, name))
COMMENT 'Storage of the catalogue. Read orchestrator.catalogue.';

CREATE VIEW IF NOT EXISTS orchestrator.catalogue ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain that brings it: a folder in clickhouse/.',
    kind LowCardinality(String) COMMENT 'topic, stage, table, view, dictionary or metric.',
    name String COMMENT 'Its name; of tables with the database. Unique with kind.',
    layer LowCardinality(String) COMMENT 'source, process, landing, storage, staging, intermediate, dimension, fact, aggregate, metric or other.',
    definition String COMMENT 'What it means: the comment of the table, of the column of a metric, of the topic.',
    grain Array(String) COMMENT 'Columns of which each row has values of its own; empty when not said.',
    inputs Array(String) COMMENT 'What it is made from, one step back. All steps: orchestrator.lineage.',
    formula String COMMENT 'Of a metric: how it is computed from its input; else empty.',
    unit LowCardinality(String) COMMENT 'Of a metric: unit of its figure; else empty.',
    columns Array(String) COMMENT 'Of a metric: the columns that hold it, as database.table.column; else empty. Columns of tables: system.columns.',
    questions Array(String) COMMENT 'The questions that it answers.',
    tests Array(String) COMMENT 'Names of the data tests that own it; parley test runs them. Results: orchestrator.test_results.',
    tags Array(String) COMMENT 'Words to choose it by.',
    warn_after_hours Nullable(Float64) COMMENT 'Of a topic: hours without a newer event after which parley test --freshness warns; null when not said.',
    error_after_hours Nullable(Float64) COMMENT 'Of a topic: hours after which it fails; null when not said.',
    revision String COMMENT 'SHA-256 of what the entries of the domain were made from.'
)
AS SELECT
    domain, kind, name, layer, definition, grain, inputs, formula, unit, columns, questions, tests, tags,
    warn_after_hours, error_after_hours, revision
FROM
(
    SELECT *, max(written_at) OVER (PARTITION BY domain) AS newest
    FROM orchestrator.landing_catalogue FINAL
)
WHERE written_at = newest AND sign = 1
COMMENT 'Topics, stages, tables, views, dictionaries and metrics: what each means, its grain, what it is made from, and the tests that own it.';

-- orchestrator/0006-lineage

CREATE TABLE IF NOT EXISTS orchestrator.landing_lineage_local ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain of the target.',
    source_kind LowCardinality(String) COMMENT 'Kind of the source, as in orchestrator.catalogue.',
    source String COMMENT 'What the target is made from, one step back.',
    target_kind LowCardinality(String) COMMENT 'Kind of the target, as in orchestrator.catalogue.',
    target String COMMENT 'What is made from the source.',
    written_at DateTime64(3, 'UTC') COMMENT 'When the edges of the domain were written.',
    sign Int8 COMMENT '+1 always: what is gone is not in the next revision.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (domain, source_kind, source, target_kind, target)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of the lineage. Read orchestrator.lineage.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_lineage ON CLUSTER 'parley' AS orchestrator.landing_lineage_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_lineage_local', cityHash64(domain, source_kind, source, target_kind, target))
COMMENT 'Storage of the lineage. Read orchestrator.lineage.';

CREATE VIEW IF NOT EXISTS orchestrator.lineage ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain of the target.',
    source_kind LowCardinality(String) COMMENT 'Kind of the source, as in orchestrator.catalogue.',
    source String COMMENT 'What the target is made from, one step back.',
    target_kind LowCardinality(String) COMMENT 'Kind of the target, as in orchestrator.catalogue.',
    target String COMMENT 'What is made from the source.'
)
AS SELECT domain, source_kind, source, target_kind, target
FROM
(
    SELECT *, max(written_at) OVER (PARTITION BY domain) AS newest
    FROM orchestrator.landing_lineage FINAL
)
WHERE written_at = newest AND sign = 1
COMMENT 'What is made from what: one row per step, from topics through stages and tables to metrics.';

-- orchestrator/0007-test-results

CREATE TABLE IF NOT EXISTS orchestrator.landing_test_results_local ON CLUSTER 'parley'
(
    started_at DateTime64(3, 'UTC') COMMENT 'When the run of all tests began.',
    run_id String COMMENT 'The run of parley test: the same for all its results.',
    test String COMMENT 'Name of the test.',
    type LowCardinality(String) COMMENT 'unique, not_null, accepted_values, relationships, history, expression, metric, query or freshness.',
    domain LowCardinality(String) COMMENT 'Domain that brings the test, or the file of a user.',
    tables Array(String) COMMENT 'Tables that it looks at, the tested one first.',
    severity LowCardinality(String) COMMENT 'error or warn: what a failure counts as.',
    status LowCardinality(String) COMMENT 'pass, warn, fail, or error when the test could not be run.',
    failures UInt64 COMMENT 'Rows that are wrong.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that the query took, shared with the tests that it answered too.',
    message String COMMENT 'What is wrong, for a person; empty for a pass.',
    query String COMMENT 'The SQL that shows the rows that are wrong.',
    sign Int8 COMMENT '+1 always: a result is never withdrawn.',
    row_version UInt64 COMMENT 'Set by the delivery; not used.'
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (test, started_at)
TTL toDateTime(started_at) + INTERVAL 180 DAY
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of results of data tests. Read orchestrator.test_results.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_test_results ON CLUSTER 'parley' AS orchestrator.landing_test_results_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_test_results_local', cityHash64(test, started_at))
COMMENT 'Storage of results of data tests. Read orchestrator.test_results.';

CREATE VIEW IF NOT EXISTS orchestrator.test_results ON CLUSTER 'parley'
(
    started_at DateTime64(3, 'UTC') COMMENT 'When the run of all tests began.',
    run_id String COMMENT 'The run of parley test: the same for all its results.',
    test String COMMENT 'Name of the test; unique with run_id.',
    type LowCardinality(String) COMMENT 'unique, not_null, accepted_values, relationships, history, expression, metric, query or freshness.',
    domain LowCardinality(String) COMMENT 'Domain that brings the test, or the file of a user.',
    tables Array(String) COMMENT 'Tables that it looks at, the tested one first.',
    severity LowCardinality(String) COMMENT 'error or warn: what a failure counts as.',
    status LowCardinality(String) COMMENT 'pass, warn, fail, or error when the test could not be run.',
    failures UInt64 COMMENT 'Rows that are wrong.',
    elapsed_ms UInt32 COMMENT 'Milliseconds that the query took, shared with the tests that it answered too.',
    message String COMMENT 'What is wrong, for a person; empty for a pass.',
    query String COMMENT 'The SQL that shows the rows that are wrong.'
)
AS SELECT started_at, run_id, test, type, domain, tables, severity, status, failures, elapsed_ms, message, query
FROM orchestrator.landing_test_results
COMMENT 'What parley test found in the last 180 days: one row per run and test.';

-- orchestrator/0008-progress

CREATE TABLE IF NOT EXISTS orchestrator.landing_watermarks_local ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    domain LowCardinality(String) COMMENT 'Domain of the stage: a database.',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage.',
    complete_through DateTime64(3, 'UTC') COMMENT 'The task has counted all events up to this time; 1970 while that is not known.',
    sign Int8 COMMENT '+1 always: a watermark is never withdrawn.',
    row_version UInt64 COMMENT 'Set by the writer; not used. The row with the latest complete_through of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', complete_through)
ORDER BY (app, stage, partition)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of watermarks. Read orchestrator.watermarks or orchestrator.progress.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_watermarks ON CLUSTER 'parley' AS orchestrator.landing_watermarks_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_watermarks_local', cityHash64(app, stage, partition))
COMMENT 'Storage of watermarks. Read orchestrator.watermarks or orchestrator.progress.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_settings_local ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    name LowCardinality(String) COMMENT 'Name of the setting.',
    value Int64 COMMENT 'Its value.',
    sign Int8 COMMENT '+1 always: a setting is never withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', row_version)
ORDER BY (domain, name)
SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800
COMMENT 'Storage of settings. Read orchestrator.settings.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_settings ON CLUSTER 'parley' AS orchestrator.landing_settings_local
ENGINE = Distributed('parley', 'orchestrator', 'landing_settings_local', cityHash64(domain, name))
COMMENT 'Storage of settings. Read orchestrator.settings.';

CREATE VIEW IF NOT EXISTS orchestrator.settings ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    name LowCardinality(String) COMMENT 'Name of the setting: allowed_lateness_seconds, session_gap_seconds.',
    value Int64 COMMENT 'Its value as the process that started last was configured.'
)
AS SELECT domain, name, value
FROM orchestrator.landing_settings FINAL
WHERE sign = 1
COMMENT 'What the views of the domains need of the configuration.';

CREATE VIEW IF NOT EXISTS orchestrator.watermarks ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment (configuration key app).',
    domain LowCardinality(String) COMMENT 'Domain: a database.',
    stage LowCardinality(String) COMMENT 'Stage, as <domain>.<stage>.',
    partition UInt32 COMMENT 'Partition of the stage.',
    complete_through Nullable(DateTime64(3, 'UTC')) COMMENT 'The task has counted all events up to this time, by their own clocks, as far as its input tells; null while that is not known.'
)
AS SELECT app, domain, stage, partition, if(toUnixTimestamp64Milli(watermarks.complete_through) > 0, watermarks.complete_through, NULL) AS complete_through
FROM orchestrator.landing_watermarks AS watermarks FINAL
COMMENT 'How far each task has counted, in the time of the events.';

CREATE VIEW IF NOT EXISTS orchestrator.progress ON CLUSTER 'parley'
(
    domain LowCardinality(String) COMMENT 'Domain, a database: unique.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All events of the domain up to this time, by their own clocks, have been counted, as far as the inputs tell: the least over its tasks, where one that is at its end counts as far as the domain. Null while that is not known of some task.',
    final_through Nullable(DateTime('UTC')) COMMENT 'complete_through less the allowed lateness: rows of aggregates whose period ended by then are final.',
    tasks UInt64 COMMENT 'Tasks of the domain.',
    tasks_unknown UInt64 COMMENT 'Tasks that have not told how far they are: not opened yet, or still before the end of a first backlog that cannot be put in order.'
)
AS SELECT
    watermarks.domain AS domain,
    if(watermarks.tasks_unknown = 0, toDateTime(watermarks.least, 'UTC'), NULL) AS complete_through,
    if(ifNull(lateness.name, '') != '', complete_through - ifNull(lateness.value, 0), NULL) AS final_through,
    watermarks.tasks AS tasks,
    watermarks.tasks_unknown AS tasks_unknown
FROM
(
    SELECT domain, min(complete_through) AS least, count() AS tasks, countIf(toUnixTimestamp64Milli(complete_through) = 0) AS tasks_unknown
    FROM orchestrator.landing_watermarks FINAL
    GROUP BY domain
) AS watermarks
GLOBAL LEFT JOIN
(
    SELECT domain, name, value FROM orchestrator.settings WHERE name = 'allowed_lateness_seconds'
) AS lateness ON lateness.domain = watermarks.domain
COMMENT 'How far each domain has counted, in the time of the events: what complete_through and is_final of its aggregates go by.';

-- orchestrator/0009-dead-letter-envelopes

ALTER TABLE orchestrator.landing_dead_letters_local ON CLUSTER 'parley'
    ADD COLUMN IF NOT EXISTS record_key Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.' AFTER replayed_at,
    ADD COLUMN IF NOT EXISTS schema_header Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.' AFTER record_key;

ALTER TABLE orchestrator.landing_dead_letters ON CLUSTER 'parley'
    ADD COLUMN IF NOT EXISTS record_key Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.' AFTER replayed_at,
    ADD COLUMN IF NOT EXISTS schema_header Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.' AFTER record_key;

CREATE OR REPLACE VIEW orchestrator.dead_letters ON CLUSTER 'parley'
(
    app LowCardinality(String) COMMENT 'Name of the deployment that refused it.',
    stage LowCardinality(String) COMMENT 'Stage that refused it, as <domain>.<stage>.',
    topic LowCardinality(String) COMMENT 'Topic of the record.',
    shard String COMMENT 'Partition of the topic, or file, that it was read from.',
    offset UInt64 COMMENT 'Its offset in the shard.',
    code LowCardinality(String) COMMENT 'Reason: INVALID_JSON, INVALID_EVENT, SCHEMA_UNKNOWN, WRONG_KEY, EVENT_TOO_LARGE, TIME_OUT_OF_RANGE, CHANGE_TOO_LATE.',
    message String COMMENT 'What was expected, what came, and where in the record.',
    bytes String COMMENT 'The record as it came, unchanged; not always valid UTF-8.',
    size UInt32 COMMENT 'Bytes in the record.',
    event_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the event; null when it could not be read.',
    dead_at DateTime64(3, 'UTC') COMMENT 'Time of the batch that refused it.',
    plan UInt64 COMMENT 'Number of the batch that refused it.',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was sent back; null while it was not.',
    record_key Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.',
    schema_header Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.'
)
AS SELECT app, stage, topic, shard, offset, code, message, bytes, size, event_time, dead_at, plan, replayed_at, record_key, schema_header
FROM orchestrator.landing_dead_letters FINAL
WHERE sign = 1
COMMENT 'Records that were refused, with the reason, the origin and the bytes. parley dlq shows them and sends them back.';

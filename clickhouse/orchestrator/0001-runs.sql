-- Every attempted batch, one row each, for alerting and for the dashboard. A batch is written twice: when it is planned
-- (RUNNING) and when it has ended; the later row_version replaces the earlier.
-- The deduplication window is explained in conversations/0001-messages.sql.
CREATE DATABASE IF NOT EXISTS orchestrator ENGINE = Atomic COMMENT 'What Parley itself did: batches, log lines, dead letters, migrations.';

CREATE TABLE IF NOT EXISTS orchestrator.landing_runs
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (app, stage, partition, plan)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of runs. Read orchestrator.runs.';

CREATE VIEW IF NOT EXISTS orchestrator.runs
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

-- Log lines are kept for 30 days; a line's place in its batch keeps lines of one millisecond apart.
CREATE TABLE IF NOT EXISTS orchestrator.landing_logs
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
ENGINE = MergeTree
ORDER BY (time, level)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of log lines. Read orchestrator.logs.';

CREATE VIEW IF NOT EXISTS orchestrator.logs
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

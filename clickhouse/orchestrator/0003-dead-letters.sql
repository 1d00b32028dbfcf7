-- A record is known by where it came from. Sending it back writes its row again with replayed_at and a larger row_version.
CREATE TABLE IF NOT EXISTS orchestrator.landing_dead_letters
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
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (app, stage, topic, shard, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of dead letters. Read orchestrator.dead_letters.';

CREATE VIEW IF NOT EXISTS orchestrator.dead_letters
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

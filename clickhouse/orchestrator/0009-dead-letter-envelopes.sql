-- What it takes to send a Kafka record again as it was, beside its value.
ALTER TABLE orchestrator.landing_dead_letters
    ADD COLUMN IF NOT EXISTS record_key Nullable(String) COMMENT 'Key of the Kafka record, as it came; null where it had none.' AFTER replayed_at,
    ADD COLUMN IF NOT EXISTS schema_header Nullable(String) COMMENT 'Header __value_schema_id of the Kafka record, as it came: its schema, where the bytes do not name it.' AFTER record_key;

CREATE OR REPLACE VIEW orchestrator.dead_letters
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

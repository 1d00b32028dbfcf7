-- Sessions. An open session is a matter of the clock alone, so the view decides it and no timer writes rows.
CREATE TABLE IF NOT EXISTS conversations.landing_sessions
(
    conversation_id String COMMENT 'Conversation that it belongs to.',
    customer_id String COMMENT 'Customer of its first message.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of its first message.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first message.' CODEC(Delta(8), LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last message.' CODEC(Delta(8), LZ4),
    message_count UInt32 COMMENT 'Messages.',
    in_count UInt32 COMMENT 'Messages from the customer.',
    out_count UInt32 COMMENT 'Messages from the clinic.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (clinic_code, started_at, conversation_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of sessions. Read conversations.fact_sessions.';

CREATE VIEW IF NOT EXISTS conversations.fact_sessions
(
    session_id String COMMENT 'conversation_id@start in milliseconds since 1970: unique, and the same whatever the order of arrival.',
    conversation_id String COMMENT 'Conversation; joins dim_conversations_current.',
    customer_id String COMMENT 'Customer of its first message; joins dim_customers_current.',
    clinic_code LowCardinality(String) COMMENT 'Clinic of its first message; joins dim_clinics_current.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first message, in UTC.',
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last message so far, in UTC.',
    message_count UInt32 COMMENT 'Messages.',
    in_count UInt32 COMMENT 'Messages from the customer.',
    out_count UInt32 COMMENT 'Messages from the clinic.',
    duration_seconds UInt32 COMMENT 'Whole seconds from its first to its last message; 0 for a single message.',
    is_open Bool COMMENT 'Whether the last message is less than 30 minutes old by the clock of the server, so that the next one could still belong to it.'
)
AS SELECT
    concat(conversation_id, '@', toString(toUnixTimestamp64Milli(started_at))) AS session_id,
    conversation_id,
    customer_id,
    clinic_code,
    started_at,
    ended_at,
    message_count,
    in_count,
    out_count,
    toUInt32(intDiv(toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at), 1000)) AS duration_seconds,
    toBool(ended_at > now64(3, 'UTC') - INTERVAL 30 MINUTE) AS is_open
FROM conversations.landing_sessions FINAL
WHERE sign = 1
COMMENT 'One row per session: messages of a conversation with no gap longer than 30 minutes between them.';

-- The gap is configuration: the processes write it to orchestrator.settings when they start.
CREATE OR REPLACE VIEW conversations.fact_sessions
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
    is_open Bool COMMENT 'Whether the last message is younger than the configured sessionGapMinutes by the clock of the server, so that the next one could still belong to it.'
)
AS WITH (SELECT max(value) FROM orchestrator.settings WHERE domain = 'conversations' AND name = 'session_gap_seconds') AS gap_seconds
SELECT
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
    toBool(ended_at > now64(3, 'UTC') - toIntervalSecond(ifNull(gap_seconds, 0))) AS is_open
FROM conversations.landing_sessions FINAL
WHERE sign = 1
COMMENT 'One row per session: messages of a conversation with no gap longer than the configured sessionGapMinutes between them.';

-- Sessions by inactivity: a session that is left overnight and taken up again is one session and two periods.
-- A correction sends only the row that replaces, where there is one: do not sum signs here.
CREATE TABLE IF NOT EXISTS assistant.landing_activity_periods
(
    session_id String COMMENT 'Session that it is a part of.',
    project_id LowCardinality(String) COMMENT 'Project of its first entry.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first entry.' CODEC(Delta(8), LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last entry.' CODEC(Delta(8), LZ4),
    entry_count UInt32 COMMENT 'Entries of every type.',
    user_message_count UInt32 COMMENT 'Messages of the user.',
    assistant_message_count UInt32 COMMENT 'Messages of the assistant.',
    tool_invocations UInt32 COMMENT 'Entries of type tool_use.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (started_at, session_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of activity periods: stretches of a session without a silence longer than the configured one.';

-- Sessions by their explicit id: one row each, also of one that spans projects. Kept as running sums, so an entry costs
-- the same however long its session is. A correction sends only the row that replaces: do not sum signs here.
CREATE TABLE IF NOT EXISTS assistant.landing_sessions
(
    session_id String COMMENT 'The session.',
    project_id LowCardinality(String) COMMENT 'Project with the most entries; of several, the one that sorts first.',
    project_count UInt32 COMMENT 'Projects that its entries name.',
    session_start DateTime64(3, 'UTC') COMMENT 'Time of its first entry.' CODEC(Delta(8), LZ4),
    session_end DateTime64(3, 'UTC') COMMENT 'Time of its last entry.' CODEC(Delta(8), LZ4),
    total_entries UInt32 COMMENT 'Entries of every type.',
    user_message_count UInt32 COMMENT 'Messages of the user.',
    assistant_message_count UInt32 COMMENT 'Messages of the assistant.',
    total_content_length UInt64 COMMENT 'Characters of its messages.',
    messages_with_code UInt32 COMMENT 'Messages with a fenced code block.',
    question_count UInt32 COMMENT 'Messages with a question.',
    response_count UInt32 COMMENT 'Responses later than the message that they follow.',
    total_response_ms UInt64 COMMENT 'Milliseconds that those took together.',
    tool_invocations UInt32 COMMENT 'Entries of type tool_use.',
    tool_results UInt32 COMMENT 'Entries of type tool_result.',
    tool_errors UInt32 COMMENT 'Those of them that say that the call failed.',
    unique_tools_used UInt32 COMMENT 'Tools called.',
    primary_tool LowCardinality(String) COMMENT 'Tool called most; of several, the one that sorts first. Empty without a call.',
    primary_task_category LowCardinality(String) COMMENT 'Category of the most messages, other left out unless there is no more; of several, the first in the configured order. Empty without a message.',
    task_category_count UInt32 COMMENT 'Categories that its messages have, other among them.',
    period_count UInt32 COMMENT 'Activity periods.',
    active_ms UInt64 COMMENT 'Milliseconds that those last together.',
    too_late_count UInt32 COMMENT 'Entries that came too late to be placed. They are in every count above but those of responses and periods.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    extracted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY session_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of sessions. Read assistant.dim_sessions.';

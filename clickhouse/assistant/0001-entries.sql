-- Entries of transcripts. As in clickhouse/conversations/0001: the landing table is itself the store, and the last version
-- of a key tells whether it holds (sign = 1). Read it with FINAL and WHERE sign = 1.
--
-- Sorting key: what nearly every query filters by (messages or tool entries, and time). All of it never changes for an
-- entry. session_id is in it because ids of entries need only be unique within their session: tools that continue a
-- session copy its entries into a new one, and both copies count, each in its session.
--
-- What comes before it (previous_role, message_sequence …) is derived by the processor, and corrected when an entry comes
-- late: -1 with the row as it was, +1 with the row as it is, so that incremental views can sum signs.
CREATE DATABASE IF NOT EXISTS assistant ENGINE = Atomic COMMENT 'Transcripts of AI assistants: entries, sessions and tool calls.';

CREATE TABLE IF NOT EXISTS assistant.landing_entries
(
    conversation_id String COMMENT 'Id of the entry; unique within its session.',
    session_id String COMMENT 'Session that it belongs to.',
    project_id LowCardinality(String) COMMENT 'Project that it belongs to.',
    entry_type LowCardinality(String) COMMENT 'user, assistant, tool_use, tool_result, system, summary, file-history-snapshot, queue-operation, progress or unknown.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it happened.' CODEC(Delta(8), LZ4),
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    content_length UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    content Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    task_category LowCardinality(String) COMMENT 'Of a message: the first category whose words it has, else other. Empty for any other entry.',
    has_code_block Bool COMMENT 'Whether a message has a fenced code block.',
    has_url Bool COMMENT 'Whether a message has an http or https address.',
    is_question Bool COMMENT 'Whether a message has a question mark at the end of a word or line.',
    message_sequence Nullable(UInt32) COMMENT 'Of a message: its number among the messages of its session by time, from 1. Null for any other entry and for one that came too late.',
    previous_role LowCardinality(String) COMMENT 'Of a message: role (user or assistant) of the message before it; empty without one.',
    previous_message_timestamp Nullable(DateTime64(3, 'UTC')) COMMENT 'Of a message: time of the message before it; null without one.',
    turn_type LowCardinality(String) COMMENT 'Of a message: conversation_start, follow_up, response or continuation. Empty for any other entry and for one that came too late.',
    response_time_ms Nullable(Int64) COMMENT 'Of a response: milliseconds since the message before it.',
    tool_name LowCardinality(String) COMMENT 'Tool that the entry itself names; empty without one. Results mostly name none: see landing_tool_calls.',
    tool_use_id String COMMENT 'Id that a call and its result share; empty without one.',
    is_error Bool COMMENT 'Whether a tool result says that the call failed.',
    tool_sequence Nullable(UInt32) COMMENT 'Of a tool entry: its number among the tool entries of its session by time, from 1. Null for any other entry and for one that came too late.',
    retry_count Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it, without another call between. Null for any other entry and for one that came too late.',
    period_started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of its activity period; null when it came too late.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    sign Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    row_version UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    extracted_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (entry_type, effective_timestamp, session_id, conversation_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Storage of entries. Read assistant.stg_conversations.';

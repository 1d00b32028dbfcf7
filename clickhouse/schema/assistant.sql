-- Database assistant: Transcripts of AI assistants: entries, sessions and tool calls.
-- Generated from a migrated server by `npm run schemas`. Do not edit: write a migration.

CREATE TABLE assistant.landing_activity_periods
(
    `session_id` String COMMENT 'Session that it is a part of.',
    `project_id` LowCardinality(String) COMMENT 'Project of its first entry.',
    `started_at` DateTime64(3, 'UTC') COMMENT 'Time of its first entry.' CODEC(Delta(8), LZ4),
    `ended_at` DateTime64(3, 'UTC') COMMENT 'Time of its last entry.' CODEC(Delta(8), LZ4),
    `entry_count` UInt32 COMMENT 'Entries of every type.',
    `user_message_count` UInt32 COMMENT 'Messages of the user.',
    `assistant_message_count` UInt32 COMMENT 'Messages of the assistant.',
    `tool_invocations` UInt32 COMMENT 'Entries of type tool_use.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (started_at, session_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of activity periods: stretches of a session without a silence longer than the configured one.';

CREATE TABLE assistant.landing_entries
(
    `conversation_id` String COMMENT 'Id of the entry; unique within its session.',
    `session_id` String COMMENT 'Session that it belongs to.',
    `project_id` LowCardinality(String) COMMENT 'Project that it belongs to.',
    `entry_type` LowCardinality(String) COMMENT 'user, assistant, tool_use, tool_result, system, summary, file-history-snapshot, queue-operation, progress or unknown.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened.' CODEC(Delta(8), LZ4),
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    `content_length` UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    `content` Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    `task_category` LowCardinality(String) COMMENT 'Of a message: the first category whose words it has, else other. Empty for any other entry.',
    `has_code_block` Bool COMMENT 'Whether a message has a fenced code block.',
    `has_url` Bool COMMENT 'Whether a message has an http or https address.',
    `is_question` Bool COMMENT 'Whether a message has a question mark at the end of a word or line.',
    `message_sequence` Nullable(UInt32) COMMENT 'Of a message: its number among the messages of its session by time, from 1. Null for any other entry and for one that came too late.',
    `previous_role` LowCardinality(String) COMMENT 'Of a message: role (user or assistant) of the message before it; empty without one.',
    `previous_message_timestamp` Nullable(DateTime64(3, 'UTC')) COMMENT 'Of a message: time of the message before it; null without one.',
    `turn_type` LowCardinality(String) COMMENT 'Of a message: conversation_start, follow_up, response or continuation. Empty for any other entry and for one that came too late.',
    `response_time_ms` Nullable(Int64) COMMENT 'Of a response: milliseconds since the message before it.',
    `tool_name` LowCardinality(String) COMMENT 'Tool that the entry itself names; empty without one. Results mostly name none: see landing_tool_calls.',
    `tool_use_id` String COMMENT 'Id that a call and its result share; empty without one.',
    `is_error` Bool COMMENT 'Whether a tool result says that the call failed.',
    `tool_sequence` Nullable(UInt32) COMMENT 'Of a tool entry: its number among the tool entries of its session by time, from 1. Null for any other entry and for one that came too late.',
    `retry_count` Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it, without another call between. Null for any other entry and for one that came too late.',
    `period_started_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of its activity period; null when it came too late.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    `extracted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (entry_type, effective_timestamp, session_id, conversation_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of entries. Read assistant.stg_conversations.';

CREATE TABLE assistant.landing_sessions
(
    `session_id` String COMMENT 'The session.',
    `project_id` LowCardinality(String) COMMENT 'Project with the most entries; of several, the one that sorts first.',
    `project_count` UInt32 COMMENT 'Projects that its entries name.',
    `session_start` DateTime64(3, 'UTC') COMMENT 'Time of its first entry.' CODEC(Delta(8), LZ4),
    `session_end` DateTime64(3, 'UTC') COMMENT 'Time of its last entry.' CODEC(Delta(8), LZ4),
    `total_entries` UInt32 COMMENT 'Entries of every type.',
    `user_message_count` UInt32 COMMENT 'Messages of the user.',
    `assistant_message_count` UInt32 COMMENT 'Messages of the assistant.',
    `total_content_length` UInt64 COMMENT 'Characters of its messages.',
    `messages_with_code` UInt32 COMMENT 'Messages with a fenced code block.',
    `question_count` UInt32 COMMENT 'Messages with a question.',
    `response_count` UInt32 COMMENT 'Responses later than the message that they follow.',
    `total_response_ms` UInt64 COMMENT 'Milliseconds that those took together.',
    `tool_invocations` UInt32 COMMENT 'Entries of type tool_use.',
    `tool_results` UInt32 COMMENT 'Entries of type tool_result.',
    `tool_errors` UInt32 COMMENT 'Those of them that say that the call failed.',
    `unique_tools_used` UInt32 COMMENT 'Tools called.',
    `primary_tool` LowCardinality(String) COMMENT 'Tool called most; of several, the one that sorts first. Empty without a call.',
    `primary_task_category` LowCardinality(String) COMMENT 'Category of the most messages, other left out unless there is no more; of several, the first in the configured order. Empty without a message.',
    `task_category_count` UInt32 COMMENT 'Categories that its messages have, other among them.',
    `period_count` UInt32 COMMENT 'Activity periods.',
    `active_ms` UInt64 COMMENT 'Milliseconds that those last together.',
    `too_late_count` UInt32 COMMENT 'Entries that came too late to be placed. They are in every count above but those of responses and periods.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    `extracted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY session_id
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of sessions. Read assistant.dim_sessions.';

CREATE TABLE assistant.landing_tool_calls
(
    `tool_call_id` String COMMENT 'Entry id of the call; of a result without a call, of the result. Unique within its session.',
    `session_id` String COMMENT 'Session that it belongs to.',
    `project_id` LowCardinality(String) COMMENT 'Project of the call; of a result without a call, of the result.',
    `tool_use_id` String COMMENT 'Id that the call and its result share; empty without one.',
    `tool_name` LowCardinality(String) COMMENT 'Tool that was called; unknown when neither entry names it.',
    `call_conversation_id` String COMMENT 'Entry id of the call; empty for a result without a call.',
    `result_conversation_id` String COMMENT 'Entry id of the result; empty while there is none.',
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'Time of the call; of a result without a call, of the result.' CODEC(Delta(8), LZ4),
    `called_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the call; null for a result without a call.',
    `returned_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the result; null while there is none.',
    `duration_ms` Nullable(Int64) COMMENT 'Milliseconds from the call to its result; null without both, and when the result is dated before the call.',
    `is_success` Nullable(UInt8) COMMENT '1 when the result says nothing of an error, 0 when it says that the call failed; null without a result.',
    `input_length` UInt32 COMMENT 'Characters of the call\'s content; without one, of its input as JSON. 0 without a call.',
    `result_length` UInt32 COMMENT 'Characters of the result\'s content; 0 without a result.',
    `file_path` String COMMENT 'File that the input names (file_path, notebook_path or path); empty without one.',
    `file_extension` LowCardinality(String) COMMENT 'Extension of that file, in lower case without the dot; empty without one.',
    `file_type_category` LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other; empty without a file.',
    `source_file` LowCardinality(String) COMMENT 'File that the call came from; of a result without a call, the result. Empty when unknown.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.' CODEC(Delta(8), LZ4),
    `extracted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When ClickHouse took this row in: the time that freshness goes by.' CODEC(Delta(8), LZ4)
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (occurred_at, session_id, tool_call_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of tool calls. Read assistant.fct_tool_calls.';

-- Bronze. Every view reads the landing table itself: entry_type is first in its sorting key, so messages and tool entries are
-- found without reading the rest.
CREATE VIEW IF NOT EXISTS assistant.stg_conversations
(
    conversation_id String COMMENT 'Id of the entry; unique with session_id: a tool that continues a session copies its entries into the new one.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    entry_type LowCardinality(String) COMMENT 'user, assistant, tool_use, tool_result, system, summary, file-history-snapshot, queue-operation, progress or unknown.',
    original_timestamp Nullable(DateTime64(3, 'UTC')) COMMENT 'Time that the entry has of itself, in UTC.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'Time that it counts under, in UTC: the same, since an entry without one is refused.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC: what freshness goes by.',
    content_length UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    content Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    is_message Bool COMMENT 'Whether it is of type user or assistant.',
    is_tool_related Bool COMMENT 'Whether it is of type tool_use or tool_result.',
    is_user_message Bool COMMENT 'Whether it is of type user.',
    is_assistant_message Bool COMMENT 'Whether it is of type assistant.',
    partition_date Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    tool_name LowCardinality(String) COMMENT 'Tool that the entry itself names; empty without one.',
    tool_use_id String COMMENT 'Id that a call and its result share; empty without one.',
    is_error Bool COMMENT 'Whether a tool result says that the call failed.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    conversation_id,
    session_id,
    project_id,
    entry_type,
    effective_timestamp AS original_timestamp,
    effective_timestamp,
    extracted_at,
    content_length,
    content,
    toBool(entry_type IN ('user', 'assistant')) AS is_message,
    toBool(entry_type IN ('tool_use', 'tool_result')) AS is_tool_related,
    toBool(entry_type = 'user') AS is_user_message,
    toBool(entry_type = 'assistant') AS is_assistant_message,
    toDate(effective_timestamp, zone) AS partition_date,
    tool_name,
    tool_use_id,
    is_error,
    is_too_late,
    source_file
FROM assistant.landing_entries FINAL
WHERE sign = 1
COMMENT 'Bronze: one row per entry, of every type.';

CREATE VIEW IF NOT EXISTS assistant.stg_messages
(
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    role LowCardinality(String) COMMENT 'user or assistant: the type of the entry.',
    message_sequence Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    previous_role LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    seconds_since_previous Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    turn_type LowCardinality(Nullable(String)) COMMENT 'conversation_start (first of its session), follow_up (user after assistant), response (assistant after user) or continuation (the same role again); null when it came too late to be placed.',
    response_time_seconds Nullable(Float64) COMMENT 'Of a response: seconds since the user''s message; null otherwise.',
    task_category LowCardinality(String) COMMENT 'First of bug_fix, feature, refactor, testing, documentation, review whose words it has, else other. Whole words only, as configured.',
    has_code_block Bool COMMENT 'Whether it has a fenced code block.',
    has_url Bool COMMENT 'Whether it has an http or https address.',
    is_question Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    content_length UInt32 COMMENT 'Characters of the content.',
    content Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    partition_date Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    conversation_id,
    session_id,
    project_id,
    entry_type AS role,
    message_sequence,
    nullIf(landing.previous_role, '') AS previous_role,
    (toUnixTimestamp64Milli(effective_timestamp) - toUnixTimestamp64Milli(previous_message_timestamp)) / 1000 AS seconds_since_previous,
    nullIf(landing.turn_type, '') AS turn_type,
    response_time_ms / 1000 AS response_time_seconds,
    task_category,
    has_code_block,
    has_url,
    is_question,
    content_length,
    content,
    effective_timestamp,
    toDate(effective_timestamp, zone) AS partition_date,
    extracted_at,
    is_too_late,
    source_file
FROM assistant.landing_entries AS landing FINAL
WHERE entry_type IN ('user', 'assistant') AND sign = 1
COMMENT 'Bronze: one row per message of the user or the assistant, with its place among them.';

CREATE VIEW IF NOT EXISTS assistant.stg_tool_calls
(
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    entry_type LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    tool_name LowCardinality(String) COMMENT 'Tool that the entry itself names, else unknown. Results mostly name none: int_tool_usage has the tool of their call.',
    tool_use_id String COMMENT 'Id that a call and its result share; empty without one.',
    is_invocation Bool COMMENT 'Whether it is a call.',
    is_result Bool COMMENT 'Whether it is a result.',
    is_error Bool COMMENT 'Whether it is a result that says that the call failed.',
    tool_sequence Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
    retry_count Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it.',
    content_length UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    partition_date Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    conversation_id,
    session_id,
    project_id,
    entry_type,
    if(landing.tool_name = '', 'unknown', landing.tool_name) AS tool_name,
    tool_use_id,
    toBool(entry_type = 'tool_use') AS is_invocation,
    toBool(entry_type = 'tool_result') AS is_result,
    is_error,
    tool_sequence,
    retry_count,
    content_length,
    effective_timestamp,
    toDate(effective_timestamp, zone) AS partition_date,
    extracted_at,
    is_too_late,
    source_file
FROM assistant.landing_entries AS landing FINAL
WHERE entry_type IN ('tool_use', 'tool_result') AND sign = 1
COMMENT 'Bronze: one row per tool call and per tool result.';

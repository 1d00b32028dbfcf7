CREATE VIEW IF NOT EXISTS assistant.fct_messages
(
    message_key String COMMENT 'session_id/conversation_id: unique.',
    session_key String COMMENT 'Joins dim_sessions.',
    date_key Date COMMENT 'Day on which it was written, in the zone of assistant.variables; joins dim_date.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    role LowCardinality(String) COMMENT 'user or assistant.',
    turn_type LowCardinality(Nullable(String)) COMMENT 'conversation_start, follow_up (user after assistant), response (assistant after user) or continuation; null when it came too late to be placed.',
    message_sequence Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    content_length UInt32 COMMENT 'Characters of the content.',
    response_time_seconds Nullable(Float64) COMMENT 'Of a response: seconds since the user''s message; null otherwise.',
    task_category LowCardinality(String) COMMENT 'bug_fix, feature, refactor, testing, documentation, review or other: the first whose words it has.',
    time_of_day LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    day_type LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    has_code_block Bool COMMENT 'Whether it has a fenced code block.',
    has_url Bool COMMENT 'Whether it has an http or https address.',
    is_question Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    partition_date Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    previous_role LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    seconds_since_previous Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
AS SELECT
    concat(session_id, '/', conversation_id) AS message_key,
    session_id AS session_key,
    partition_date AS date_key,
    project_id,
    conversation_id,
    session_id,
    role,
    turn_type,
    message_sequence,
    content_length,
    response_time_seconds,
    task_category,
    time_of_day,
    day_type,
    hour_of_day,
    day_of_week,
    has_code_block,
    has_url,
    is_question,
    effective_timestamp,
    partition_date,
    source_file,
    previous_role,
    seconds_since_previous,
    is_too_late,
    extracted_at
FROM assistant.int_messages_enriched
COMMENT 'One row per message of the user or the assistant.';

CREATE VIEW IF NOT EXISTS assistant.fct_tool_calls
(
    tool_call_key String COMMENT 'session_id/conversation_id: unique.',
    session_key String COMMENT 'Joins dim_sessions.',
    tool_key String COMMENT 'Joins dim_tools.',
    date_key Date COMMENT 'Day on which it happened, in the zone of assistant.variables; joins dim_date.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    entry_type LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    tool_use_id String COMMENT 'Id that a call and its result share; empty without one.',
    tool_name LowCardinality(String) COMMENT 'Tool; of a result, the tool of its call. unknown when neither names one.',
    is_invocation Bool COMMENT 'Whether it is a call.',
    is_result Bool COMMENT 'Whether it is a result.',
    tool_sequence Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
    tool_category LowCardinality(String) COMMENT 'Category of the tool in tool_categories; unknown without one.',
    is_file_operation Bool COMMENT 'Whether the tool''s calls count as file operations: Read, Write, Edit, NotebookEdit, MultiEdit, and what tool_categories adds.',
    is_search_operation Bool COMMENT 'The same of searches: Glob, Grep, WebSearch, and what tool_categories adds.',
    is_shell_command Bool COMMENT 'The same of shell commands: Bash, and what tool_categories adds.',
    file_path Nullable(String) COMMENT 'File that the call names; null without one.',
    file_extension LowCardinality(Nullable(String)) COMMENT 'Extension of that file, in lower case without the dot; null without one.',
    file_type_category LowCardinality(Nullable(String)) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other; null without a file.',
    tool_content_length UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    estimated_execution_seconds Nullable(Float64) COMMENT 'Of a call: seconds until its result, measured between the two and not estimated; the name is the document''s. Null without a result, and on results, so that sums count once.',
    duration_ms Nullable(Int64) COMMENT 'The same in milliseconds.',
    is_success Nullable(Bool) COMMENT 'Of a call: whether its result says nothing of an error; null without a result, and on results.',
    is_error Bool COMMENT 'Of a result: whether it says that the call failed.',
    retry_count Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    partition_date Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
AS SELECT
    concat(session_id, '/', conversation_id) AS tool_call_key,
    session_id AS session_key,
    tool_name AS tool_key,
    partition_date AS date_key,
    project_id,
    conversation_id,
    session_id,
    entry_type,
    tool_use_id,
    tool_name,
    is_invocation,
    is_result,
    tool_sequence,
    tool_category,
    is_file_operation,
    is_search_operation,
    is_shell_command,
    file_path,
    file_extension,
    file_type_category,
    tool_content_length,
    estimated_execution_seconds,
    duration_ms,
    is_success,
    is_error,
    retry_count,
    effective_timestamp,
    partition_date,
    source_file,
    extracted_at
FROM assistant.int_tool_usage
COMMENT 'One row per tool call (is_invocation) and per tool result (is_result); durations and successes stand on the calls.';

CREATE VIEW IF NOT EXISTS assistant.fct_file_operations
(
    file_operation_key String COMMENT 'session_id/conversation_id: unique; the tool_call_key of fct_tool_calls.',
    session_key String COMMENT 'Joins dim_sessions.',
    tool_key String COMMENT 'Joins dim_tools.',
    date_key Date COMMENT 'Day of the call, in the zone of assistant.variables; joins dim_date.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    conversation_id String COMMENT 'Id of the entry that is the call; unique with session_id.',
    session_id String COMMENT 'Session.',
    tool_name LowCardinality(String) COMMENT 'Tool.',
    operation_type LowCardinality(String) COMMENT 'read (Read), write (Write), edit (Edit), multi_edit (MultiEdit) or other (NotebookEdit, and what tool_categories adds).',
    file_path Nullable(String) COMMENT 'File that the call names; null without one.',
    file_extension LowCardinality(Nullable(String)) COMMENT 'Its extension, in lower case without the dot; null without one.',
    file_type_category LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other.',
    is_read Bool COMMENT 'Whether operation_type is read.',
    is_write Bool COMMENT 'Whether operation_type is write.',
    is_edit Bool COMMENT 'Whether operation_type is edit or multi_edit.',
    operation_content_length UInt32 COMMENT 'Characters of the call''s content; without one, of its input as JSON.',
    duration_ms Nullable(Int64) COMMENT 'Milliseconds until its result; null without one.',
    is_success Nullable(Bool) COMMENT 'Whether its result says nothing of an error; null without a result.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'Time of the call, in UTC.',
    partition_date Date COMMENT 'The same as date_key.',
    source_file LowCardinality(String) COMMENT 'File that the entry came from; empty when unknown.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT
    concat(calls.session_id, '/', calls.call_conversation_id) AS file_operation_key,
    calls.session_id AS session_key,
    calls.tool_name AS tool_key,
    toDate(calls.occurred_at, zone) AS date_key,
    calls.project_id AS project_id,
    calls.call_conversation_id AS conversation_id,
    calls.session_id AS session_id,
    calls.tool_name AS tool_name,
    multiIf(calls.tool_name = 'Read', 'read', calls.tool_name = 'Write', 'write', calls.tool_name = 'Edit', 'edit', calls.tool_name = 'MultiEdit', 'multi_edit', 'other') AS operation_type,
    nullIf(calls.file_path, '') AS file_path,
    nullIf(calls.file_extension, '') AS file_extension,
    if(calls.file_type_category = '', 'other', calls.file_type_category) AS file_type_category,
    toBool(operation_type = 'read') AS is_read,
    toBool(operation_type = 'write') AS is_write,
    toBool(operation_type IN ('edit', 'multi_edit')) AS is_edit,
    calls.input_length AS operation_content_length,
    calls.duration_ms AS duration_ms,
    toBool(calls.is_success) AS is_success,
    calls.occurred_at AS effective_timestamp,
    date_key AS partition_date,
    calls.source_file AS source_file
FROM
(
    SELECT *
    FROM assistant.landing_tool_calls FINAL
    WHERE sign = 1 AND call_conversation_id != '' AND transform(toString(tool_name), kinds.1, kinds.2, 'none') = 'file'
) AS calls
COMMENT 'One row per call of a tool that works on a file.';

CREATE VIEW IF NOT EXISTS assistant.fct_file_ops
(
    file_operation_key String COMMENT 'session_id/conversation_id: unique; the tool_call_key of fct_tool_calls.',
    session_key String COMMENT 'Joins dim_sessions.',
    tool_key String COMMENT 'Joins dim_tools.',
    date_key Date COMMENT 'Day of the call, in the zone of assistant.variables; joins dim_date.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    conversation_id String COMMENT 'Id of the entry that is the call; unique with session_id.',
    session_id String COMMENT 'Session.',
    tool_name LowCardinality(String) COMMENT 'Tool.',
    operation_type LowCardinality(String) COMMENT 'read (Read), write (Write), edit (Edit), multi_edit (MultiEdit) or other (NotebookEdit, and what tool_categories adds).',
    file_path Nullable(String) COMMENT 'File that the call names; null without one.',
    file_extension LowCardinality(Nullable(String)) COMMENT 'Its extension, in lower case without the dot; null without one.',
    file_type_category LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other.',
    is_read Bool COMMENT 'Whether operation_type is read.',
    is_write Bool COMMENT 'Whether operation_type is write.',
    is_edit Bool COMMENT 'Whether operation_type is edit or multi_edit.',
    operation_content_length UInt32 COMMENT 'Characters of the call''s content; without one, of its input as JSON.',
    duration_ms Nullable(Int64) COMMENT 'Milliseconds until its result; null without one.',
    is_success Nullable(Bool) COMMENT 'Whether its result says nothing of an error; null without a result.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'Time of the call, in UTC.',
    partition_date Date COMMENT 'The same as date_key.',
    source_file LowCardinality(String) COMMENT 'File that the entry came from; empty when unknown.'
)
AS SELECT
    file_operation_key,
    session_key,
    tool_key,
    date_key,
    project_id,
    conversation_id,
    session_id,
    tool_name,
    operation_type,
    file_path,
    file_extension,
    file_type_category,
    is_read,
    is_write,
    is_edit,
    operation_content_length,
    duration_ms,
    is_success,
    effective_timestamp,
    partition_date,
    source_file
FROM assistant.fct_file_operations
COMMENT 'The same as fct_file_operations, under the name that the diagram of the document has.';

CREATE VIEW IF NOT EXISTS assistant.fct_activity_periods
(
    period_key String COMMENT 'session_id@start in milliseconds since 1970: unique.',
    session_key String COMMENT 'Joins dim_sessions.',
    session_id String COMMENT 'Session that it is a part of.',
    project_id LowCardinality(String) COMMENT 'Project of its first entry; joins dim_projects.',
    date_key Date COMMENT 'Day on which it began, in the zone of assistant.variables; joins dim_date.',
    started_at DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    ended_at DateTime64(3, 'UTC') COMMENT 'Time of its last entry so far, in UTC.',
    duration_seconds UInt32 COMMENT 'Whole seconds between the two.',
    entry_count UInt32 COMMENT 'Entries of every type.',
    user_message_count UInt32 COMMENT 'Messages of the user.',
    assistant_message_count UInt32 COMMENT 'Messages of the assistant.',
    tool_call_count UInt32 COMMENT 'Tool calls.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    concat(session_id, '@', toString(toUnixTimestamp64Milli(started_at))) AS period_key,
    session_id AS session_key,
    session_id,
    project_id,
    toDate(started_at, zone) AS date_key,
    started_at,
    ended_at,
    intDiv(toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(started_at), 1000) AS duration_seconds,
    entry_count,
    user_message_count,
    assistant_message_count,
    tool_invocations AS tool_call_count
FROM assistant.landing_activity_periods FINAL
WHERE sign = 1
COMMENT 'Sessions by inactivity: one row per stretch of a session without a silence longer than the configured one.';

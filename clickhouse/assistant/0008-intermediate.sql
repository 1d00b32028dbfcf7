-- Silver.
CREATE VIEW IF NOT EXISTS assistant.int_messages_enriched
(
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    role LowCardinality(String) COMMENT 'user or assistant.',
    turn_type LowCardinality(Nullable(String)) COMMENT 'conversation_start, follow_up (user after assistant), response (assistant after user) or continuation; null when it came too late to be placed.',
    message_sequence Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    previous_role LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    seconds_since_previous Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    response_time_seconds Nullable(Float64) COMMENT 'Of a response: seconds since the user''s message; null otherwise.',
    content_length UInt32 COMMENT 'Characters of the content.',
    content Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    task_category LowCardinality(String) COMMENT 'bug_fix, feature, refactor, testing, documentation, review or other: the first whose words it has.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    week_of_year UInt8 COMMENT 'ISO week, 1 to 53.',
    month_of_year UInt8 COMMENT 'Month, 1 to 12.',
    time_of_day LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    day_type LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    has_code_block Bool COMMENT 'Whether it has a fenced code block.',
    has_url Bool COMMENT 'Whether it has an http or https address.',
    is_question Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    effective_timestamp DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    partition_date Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    is_too_late Bool COMMENT 'Whether it came later than the allowed lateness.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    conversation_id,
    session_id,
    project_id,
    role,
    turn_type,
    message_sequence,
    previous_role,
    seconds_since_previous,
    response_time_seconds,
    content_length,
    content,
    task_category,
    toHour(effective_timestamp, zone) AS hour_of_day,
    toDayOfWeek(effective_timestamp, 0, zone) % 7 AS day_of_week,
    toISOWeek(effective_timestamp, zone) AS week_of_year,
    toMonth(effective_timestamp, zone) AS month_of_year,
    multiIf(hour_of_day BETWEEN 6 AND 11, 'morning', hour_of_day BETWEEN 12 AND 17, 'afternoon', hour_of_day BETWEEN 18 AND 21, 'evening', 'night') AS time_of_day,
    if(day_of_week IN (0, 6), 'weekend', 'weekday') AS day_type,
    has_code_block,
    has_url,
    is_question,
    effective_timestamp,
    partition_date,
    extracted_at,
    is_too_late,
    source_file
FROM assistant.stg_messages
COMMENT 'Silver: messages with what they are about, and the hour and day in the configured zone.';

CREATE VIEW IF NOT EXISTS assistant.int_sessions_computed
(
    session_id String COMMENT 'The session: unique, also when it spans projects.',
    project_id LowCardinality(String) COMMENT 'Project with the most of its entries; of several, the one that sorts first.',
    project_count UInt32 COMMENT 'Projects that its entries name.',
    session_start DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    session_end DateTime64(3, 'UTC') COMMENT 'Time of its last entry so far, in UTC.',
    start_date Date COMMENT 'Day on which it began, in the zone of assistant.variables.',
    end_date Date COMMENT 'Day of its last entry.',
    total_entries UInt32 COMMENT 'Entries of every type.',
    duration_seconds UInt32 COMMENT 'Whole seconds from its first to its last entry, the pauses among them: active_seconds leaves those out.',
    duration_minutes Float64 COMMENT 'The same in minutes.',
    duration_hours Float64 COMMENT 'The same in hours.',
    active_seconds UInt32 COMMENT 'Whole seconds of its activity periods together: without silences longer than the configured one.',
    period_count UInt32 COMMENT 'Its activity periods; see fct_activity_periods.',
    message_count UInt32 COMMENT 'Messages of the user and the assistant.',
    user_message_count UInt32 COMMENT 'Messages of the user.',
    assistant_message_count UInt32 COMMENT 'Messages of the assistant.',
    total_content_length UInt64 COMMENT 'Characters of its messages.',
    avg_content_length Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    messages_with_code UInt32 COMMENT 'Messages with a fenced code block.',
    question_count UInt32 COMMENT 'Messages with a question.',
    response_count UInt32 COMMENT 'Responses that took more than no time.',
    total_response_seconds Float64 COMMENT 'Seconds that those took together.',
    avg_response_time_seconds Nullable(Float64) COMMENT 'Seconds that a response took on average, of those that took more than no time; null without one.',
    tool_call_count UInt32 COMMENT 'Tool calls. A call and its result are one call.',
    unique_tools_used UInt32 COMMENT 'Tools called.',
    tool_invocations UInt32 COMMENT 'Entries of type tool_use.',
    tool_results UInt32 COMMENT 'Entries of type tool_result.',
    tool_errors UInt32 COMMENT 'Results that say that the call failed.',
    primary_tool LowCardinality(Nullable(String)) COMMENT 'Tool called most; of several, the one that sorts first. Null without a call.',
    tools_per_message Nullable(Float64) COMMENT 'Tool calls for each message; null without messages.',
    session_duration_category LowCardinality(String) COMMENT 'quick below 60 seconds, short below 600, medium below 3600, else long.',
    activity_level LowCardinality(String) COMMENT 'By messages: minimal up to 5, light up to 20, moderate up to 50, else heavy.',
    primary_task_category LowCardinality(Nullable(String)) COMMENT 'Category of the most messages; other only when there is no more. Null without messages.',
    task_category_count UInt32 COMMENT 'Categories that its messages have, other among them.',
    too_late_count UInt32 COMMENT 'Entries that came too late to be placed. They count above, but for responses and periods.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    session_id,
    project_id,
    project_count,
    session_start,
    session_end,
    toDate(session_start, zone) AS start_date,
    toDate(session_end, zone) AS end_date,
    total_entries,
    intDiv(toUnixTimestamp64Milli(session_end) - toUnixTimestamp64Milli(session_start), 1000) AS duration_seconds,
    duration_seconds / 60 AS duration_minutes,
    duration_seconds / 3600 AS duration_hours,
    intDiv(active_ms, 1000) AS active_seconds,
    period_count,
    user_message_count + assistant_message_count AS message_count,
    user_message_count,
    assistant_message_count,
    total_content_length,
    if(message_count > 0, total_content_length / message_count, NULL) AS avg_content_length,
    messages_with_code,
    question_count,
    response_count,
    total_response_ms / 1000 AS total_response_seconds,
    if(response_count > 0, total_response_ms / 1000 / response_count, NULL) AS avg_response_time_seconds,
    tool_invocations AS tool_call_count,
    unique_tools_used,
    tool_invocations,
    tool_results,
    tool_errors,
    nullIf(landing.primary_tool, '') AS primary_tool,
    if(message_count > 0, tool_invocations / message_count, NULL) AS tools_per_message,
    multiIf(duration_seconds < 60, 'quick', duration_seconds < 600, 'short', duration_seconds < 3600, 'medium', 'long') AS session_duration_category,
    multiIf(message_count <= 5, 'minimal', message_count <= 20, 'light', message_count <= 50, 'moderate', 'heavy') AS activity_level,
    nullIf(landing.primary_task_category, '') AS primary_task_category,
    task_category_count,
    too_late_count,
    extracted_at
FROM assistant.landing_sessions AS landing FINAL
WHERE sign = 1
COMMENT 'Silver: one row per session with its sums.';

-- The category of a tool is looked up each time that it is read: a seed that changes changes nothing but this.
-- The names after found.1 are those of the document, for a warehouse whose seeds were never loaded.
CREATE VIEW IF NOT EXISTS assistant.int_tools
(
    tool_name String COMMENT 'The tool: unique.',
    tool_category LowCardinality(String) COMMENT 'Its category in tool_categories, by its name or else by the longest name with a * that fits; unknown without one.',
    tool_description String COMMENT 'What it does; empty when unknown.',
    operation_kind LowCardinality(String) COMMENT 'What its calls count as: file, search, shell or none.',
    is_seeded Bool COMMENT 'Whether tool_categories has it or a name with a * that fits.'
)
AS WITH
    -- A whole name before every pattern, a longer pattern before a shorter one.
    (SELECT arraySort(seed -> (endsWith(seed.1, '*'), -length(seed.1)), groupArray((tool_name, toString(tool_category), tool_description, toString(operation_kind)))) FROM assistant.tool_categories) AS seeds,
    arrayFirst(seed -> seed.1 = tools.tool_name OR (endsWith(seed.1, '*') AND startsWith(tools.tool_name, substring(seed.1, 1, length(seed.1) - 1))), seeds) AS found
SELECT
    tool_name,
    if(found.1 = '', 'unknown', found.2) AS tool_category,
    found.3 AS tool_description,
    multiIf(found.1 != '', found.4, tool_name IN ('Read', 'Write', 'Edit', 'NotebookEdit', 'MultiEdit'), 'file', tool_name IN ('Glob', 'Grep', 'WebSearch'), 'search', tool_name = 'Bash', 'shell', 'none') AS operation_kind,
    toBool(found.1 != '') AS is_seeded
FROM
(
    SELECT toString(tool_name) AS tool_name FROM assistant.store_tool_calls
    UNION DISTINCT
    SELECT tool_name FROM assistant.tool_categories WHERE NOT endsWith(tool_name, '*')
) AS tools
COMMENT 'Silver: every tool that was called or that tool_categories names, with its category.';

-- A result is given the tool of its call, which the landing table has paired by tool_use_id. ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS assistant.int_tool_usage
(
    conversation_id String COMMENT 'Id of the entry; unique with session_id.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    entry_type LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    tool_use_id String COMMENT 'Id that a call and its result share; empty without one.',
    tool_name LowCardinality(String) COMMENT 'Tool; of a result, the tool of its call. unknown when neither names one.',
    tool_category LowCardinality(String) COMMENT 'Category of the tool in tool_categories; unknown without one.',
    is_invocation Bool COMMENT 'Whether it is a call.',
    is_result Bool COMMENT 'Whether it is a result.',
    tool_sequence Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
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
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    source_file LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
AS WITH
    -- Never empty: transform takes no empty lists.
    (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(tool_category)), 'unknown'), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS tools
SELECT
    entries.conversation_id AS conversation_id,
    entries.session_id AS session_id,
    entries.project_id AS project_id,
    entries.entry_type AS entry_type,
    entries.tool_use_id AS tool_use_id,
    if(ifNull(pairs.tool_name, '') = '', entries.tool_name, ifNull(pairs.tool_name, '')) AS tool_name,
    transform(toString(tool_name), tools.1, tools.2, 'unknown') AS tool_category,
    entries.is_invocation AS is_invocation,
    entries.is_result AS is_result,
    entries.tool_sequence AS tool_sequence,
    toBool(transform(toString(tool_name), tools.1, tools.3, 'none') = 'file') AS is_file_operation,
    toBool(transform(toString(tool_name), tools.1, tools.3, 'none') = 'search') AS is_search_operation,
    toBool(transform(toString(tool_name), tools.1, tools.3, 'none') = 'shell') AS is_shell_command,
    nullIf(ifNull(pairs.file_path, ''), '') AS file_path,
    nullIf(ifNull(pairs.file_extension, ''), '') AS file_extension,
    nullIf(ifNull(pairs.file_type_category, ''), '') AS file_type_category,
    entries.content_length AS tool_content_length,
    if(entries.is_invocation, pairs.duration_ms / 1000, NULL) AS estimated_execution_seconds,
    if(entries.is_invocation, pairs.duration_ms, NULL) AS duration_ms,
    toBool(if(entries.is_invocation, pairs.is_success, NULL)) AS is_success,
    entries.is_error AS is_error,
    entries.retry_count AS retry_count,
    entries.effective_timestamp AS effective_timestamp,
    entries.partition_date AS partition_date,
    entries.extracted_at AS extracted_at,
    entries.source_file AS source_file
FROM assistant.stg_tool_calls AS entries
LEFT JOIN
(
    SELECT
        session_id,
        arrayJoin(arrayFilter(id -> id != '', [call_conversation_id, result_conversation_id])) AS conversation_id,
        toString(tool_name) AS tool_name,
        file_path,
        toString(file_extension) AS file_extension,
        toString(file_type_category) AS file_type_category,
        duration_ms,
        is_success
    FROM assistant.landing_tool_calls FINAL
    WHERE sign = 1
) AS pairs ON pairs.session_id = entries.session_id AND pairs.conversation_id = entries.conversation_id
COMMENT 'Silver: one row per tool call and per tool result, each with the tool of the call, its category and its file.';

-- Each source knows some columns of a day; they are stacked and summed, so that a day is there whoever knows of it.
CREATE VIEW IF NOT EXISTS assistant.agg_daily_summary
(
    date_key Date COMMENT 'The day, in the zone of assistant.variables: unique. Joins dim_date.',
    session_count UInt64 COMMENT 'Sessions that began on the day.',
    active_sessions UInt64 COMMENT 'Sessions with an entry on the day.',
    active_projects UInt64 COMMENT 'Projects with an entry on the day.',
    total_session_minutes Float64 COMMENT 'Minutes that the sessions which began on the day lasted, the pauses among them.',
    avg_session_minutes Nullable(Float64) COMMENT 'The same on average; null without a session.',
    message_count UInt64 COMMENT 'Messages of the user and the assistant.',
    user_messages UInt64 COMMENT 'Messages of the user.',
    assistant_messages UInt64 COMMENT 'Messages of the assistant.',
    avg_content_length Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    total_content_length UInt64 COMMENT 'Characters of the messages.',
    messages_with_code UInt64 COMMENT 'Messages with a fenced code block.',
    question_count UInt64 COMMENT 'Messages with a question.',
    avg_response_time_seconds Nullable(Float64) COMMENT 'Seconds that a response took on average, of those that took more than no time; null without one.',
    tool_call_count UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    unique_tools_used UInt64 COMMENT 'Tools called.',
    file_operations UInt64 COMMENT 'Calls that count as file operations.',
    search_operations UInt64 COMMENT 'Calls that count as searches.',
    shell_commands UInt64 COMMENT 'Calls that count as shell commands.',
    failed_tool_calls UInt64 COMMENT 'Calls whose result says that they failed.',
    avg_tool_execution_seconds Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    file_operation_count UInt64 COMMENT 'The same as file_operations: the document has both.',
    file_reads UInt64 COMMENT 'File operations of type read.',
    file_writes UInt64 COMMENT 'File operations of type write.',
    file_edits UInt64 COMMENT 'File operations of type edit or multi_edit.',
    unique_files_touched UInt64 COMMENT 'Files that file operations name.',
    messages_per_session Nullable(Float64) COMMENT 'message_count / session_count; null on a day on which no session began.',
    tools_per_session Nullable(Float64) COMMENT 'tool_call_count / session_count; null on a day on which no session began.',
    has_activity Bool COMMENT 'Whether there is an entry on the day.',
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read, from sums that are kept as entries come.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT max(last_at) FROM assistant.store_activity) AS last_entry,
    (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT
    parts.date_key AS date_key,
    sum(parts.session_count) AS session_count,
    sum(parts.active_sessions) AS active_sessions,
    sum(parts.active_projects) AS active_projects,
    sum(parts.session_seconds) / 60 AS total_session_minutes,
    if(session_count > 0, total_session_minutes / session_count, NULL) AS avg_session_minutes,
    user_messages + assistant_messages AS message_count,
    sum(parts.user_messages) AS user_messages,
    sum(parts.assistant_messages) AS assistant_messages,
    if(message_count > 0, total_content_length / message_count, NULL) AS avg_content_length,
    sum(parts.content_length) AS total_content_length,
    sum(parts.messages_with_code) AS messages_with_code,
    sum(parts.questions) AS question_count,
    if(sum(parts.responses) > 0, sum(parts.response_ms) / 1000 / sum(parts.responses), NULL) AS avg_response_time_seconds,
    sum(parts.calls) AS tool_call_count,
    sum(parts.tools) AS unique_tools_used,
    sum(parts.file_operations) AS file_operations,
    sum(parts.search_operations) AS search_operations,
    sum(parts.shell_commands) AS shell_commands,
    sum(parts.failures) AS failed_tool_calls,
    if(sum(parts.timed) > 0, sum(parts.duration_ms) / 1000 / sum(parts.timed), NULL) AS avg_tool_execution_seconds,
    sum(parts.file_operations) AS file_operation_count,
    sum(parts.file_reads) AS file_reads,
    sum(parts.file_writes) AS file_writes,
    sum(parts.file_edits) AS file_edits,
    sum(parts.files) AS unique_files_touched,
    if(session_count > 0, message_count / session_count, NULL) AS messages_per_session,
    if(session_count > 0, tool_call_count / session_count, NULL) AS tools_per_session,
    toBool(sum(parts.entries) > 0) AS has_activity,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        days.date_key AS date_key,
        toInt64(0) AS session_count, toInt64(0) AS active_sessions, toInt64(0) AS active_projects, toInt64(0) AS session_seconds, toInt64(0) AS entries, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, toInt64(0) AS content_length, toInt64(0) AS messages_with_code, toInt64(0) AS questions, toInt64(0) AS responses, toInt64(0) AS response_ms, toInt64(0) AS calls, toInt64(0) AS tools, toInt64(0) AS file_operations, toInt64(0) AS search_operations, toInt64(0) AS shell_commands, toInt64(0) AS failures, toInt64(0) AS timed, toInt64(0) AS duration_ms, toInt64(0) AS file_reads, toInt64(0) AS file_writes, toInt64(0) AS file_edits, toInt64(0) AS files
    FROM assistant.dim_date AS days
    WHERE days.date_key <= greatest(least(toDate(now(), zone), (SELECT end_date FROM assistant.variables)), toDate(last_entry, zone))
    UNION ALL
    SELECT
        toDate(store.slot, zone) AS date_key,
        toInt64(0) AS session_count, toInt64(uniqExact(store.session_id)) AS active_sessions, toInt64(uniqExact(store.project_id)) AS active_projects, toInt64(0) AS session_seconds, sum(store.entries) AS entries, sum(store.user_messages) AS user_messages, sum(store.assistant_messages) AS assistant_messages, sum(store.content_length) AS content_length, sum(store.messages_with_code) AS messages_with_code, sum(store.questions) AS questions, sum(store.responses) AS responses, sum(store.response_ms) AS response_ms, toInt64(0) AS calls, toInt64(0) AS tools, toInt64(0) AS file_operations, toInt64(0) AS search_operations, toInt64(0) AS shell_commands, toInt64(0) AS failures, toInt64(0) AS timed, toInt64(0) AS duration_ms, toInt64(0) AS file_reads, toInt64(0) AS file_writes, toInt64(0) AS file_edits, toInt64(0) AS files
    FROM assistant.store_activity AS store
    GROUP BY date_key
    UNION ALL
    SELECT
        toDate(store.slot, zone) AS date_key,
        toInt64(0) AS session_count, toInt64(0) AS active_sessions, toInt64(0) AS active_projects, toInt64(0) AS session_seconds, toInt64(0) AS entries, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, toInt64(0) AS content_length, toInt64(0) AS messages_with_code, toInt64(0) AS questions, toInt64(0) AS responses, toInt64(0) AS response_ms, sum(store.calls) AS calls, toInt64(uniqExactIf(store.tool_name, store.calls > 0)) AS tools, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AS file_operations, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'search') AS search_operations, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'shell') AS shell_commands, sum(store.paired - store.successes) AS failures, sum(store.timed) AS timed, sum(store.duration_ms) AS duration_ms, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file' AND store.tool_name = 'Read') AS file_reads, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file' AND store.tool_name = 'Write') AS file_writes, sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file' AND store.tool_name IN ('Edit', 'MultiEdit')) AS file_edits, toInt64(uniqExactIf(store.file_path, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file' AND store.file_path != '' AND store.calls > 0)) AS files
    FROM assistant.store_tool_calls AS store
    GROUP BY date_key
    UNION ALL
    SELECT
        sessions.start_date AS date_key,
        toInt64(count()) AS session_count, toInt64(0) AS active_sessions, toInt64(0) AS active_projects, toInt64(sum(sessions.duration_seconds)) AS session_seconds, toInt64(0) AS entries, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, toInt64(0) AS content_length, toInt64(0) AS messages_with_code, toInt64(0) AS questions, toInt64(0) AS responses, toInt64(0) AS response_ms, toInt64(0) AS calls, toInt64(0) AS tools, toInt64(0) AS file_operations, toInt64(0) AS search_operations, toInt64(0) AS shell_commands, toInt64(0) AS failures, toInt64(0) AS timed, toInt64(0) AS duration_ms, toInt64(0) AS file_reads, toInt64(0) AS file_writes, toInt64(0) AS file_edits, toInt64(0) AS files
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY date_key
) AS parts
GROUP BY date_key
COMMENT 'One row per day, the empty ones too, from start_date (or the first day with an entry, when that is earlier) to today (or the last day with an entry, when that is later).';

CREATE VIEW IF NOT EXISTS assistant.agg_hourly_activity
(
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    day_name LowCardinality(String) COMMENT 'Sunday to Saturday.',
    hour_label String COMMENT 'Such as 09:00.',
    time_of_day LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    session_starts UInt64 COMMENT 'Sessions that began in this hour of this day.',
    message_count UInt64 COMMENT 'Messages of the user and the assistant.',
    user_messages UInt64 COMMENT 'Messages of the user.',
    assistant_messages UInt64 COMMENT 'Messages of the assistant.',
    tool_call_count UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    total_activity UInt64 COMMENT 'Messages and tool calls together.',
    active_days UInt64 COMMENT 'Dates on which this hour has an entry.',
    avg_activity_per_active_day Nullable(Float64) COMMENT 'total_activity / active_days; null when the hour has no entry.',
    pct_of_total Float64 COMMENT 'Part of all activity that falls into this hour, in percent; 0 when there is none.',
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
SELECT
    parts.day_of_week AS day_of_week,
    parts.hour_of_day AS hour_of_day,
    ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][parts.day_of_week + 1] AS day_name,
    concat(leftPad(toString(parts.hour_of_day), 2, '0'), ':00') AS hour_label,
    multiIf(parts.hour_of_day BETWEEN 6 AND 11, 'morning', parts.hour_of_day BETWEEN 12 AND 17, 'afternoon', parts.hour_of_day BETWEEN 18 AND 21, 'evening', 'night') AS time_of_day,
    sum(parts.session_starts) AS session_starts,
    user_messages + assistant_messages AS message_count,
    sum(parts.user_messages) AS user_messages,
    sum(parts.assistant_messages) AS assistant_messages,
    sum(parts.calls) AS tool_call_count,
    message_count + tool_call_count AS total_activity,
    sum(parts.days) AS active_days,
    if(active_days > 0, total_activity / active_days, NULL) AS avg_activity_per_active_day,
    if(sum(total_activity) OVER () > 0, 100 * total_activity / sum(total_activity) OVER (), 0) AS pct_of_total,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        toUInt8(intDiv(cells.number, 24)) AS day_of_week,
        toUInt8(cells.number % 24) AS hour_of_day,
        toInt64(0) AS session_starts, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, toInt64(0) AS calls, toInt64(0) AS days
    FROM numbers(168) AS cells
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(store.slot, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(store.slot, zone)) AS hour_of_day,
        toInt64(0) AS session_starts, sum(store.user_messages) AS user_messages, sum(store.assistant_messages) AS assistant_messages, toInt64(0) AS calls, toInt64(uniqExact(toDate(store.slot, zone))) AS days
    FROM assistant.store_activity AS store
    GROUP BY day_of_week, hour_of_day
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(store.slot, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(store.slot, zone)) AS hour_of_day,
        toInt64(0) AS session_starts, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, sum(store.calls) AS calls, toInt64(0) AS days
    FROM assistant.store_tool_calls AS store
    GROUP BY day_of_week, hour_of_day
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(sessions.session_start, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(sessions.session_start, zone)) AS hour_of_day,
        toInt64(count()) AS session_starts, toInt64(0) AS user_messages, toInt64(0) AS assistant_messages, toInt64(0) AS calls, toInt64(0) AS days
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY day_of_week, hour_of_day
) AS parts
GROUP BY day_of_week, hour_of_day
COMMENT 'All 168 hours of a week, the empty ones too.';

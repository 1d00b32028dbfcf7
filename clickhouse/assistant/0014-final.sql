-- What is final, on every aggregate. The two values are asked for once a query, of a table with a row for each task.
-- A row of a day ends with its day in the zone of assistant.variables. A row over all time is never final: the next entry
-- may be of any hour of the week, tool or session.
CREATE OR REPLACE VIEW assistant.agg_daily_summary
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
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read, from sums that are kept as entries come.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more. Not what began on it and ends later: minutes of a session that goes on, results of a call. And not what tool_categories says of a tool.'
)
AS WITH
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress,
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
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_key + 1, zone) <= progress.2, false)) AS is_final
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

CREATE OR REPLACE VIEW assistant.agg_hourly_activity
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
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: an hour of the week comes again, so that any entry can change it.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress
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
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
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

CREATE OR REPLACE VIEW assistant.agg_session_metrics
(
    metric_type LowCardinality(String) COMMENT 'overall, by_duration_category, by_activity_level or by_time_of_day.',
    metric_key LowCardinality(String) COMMENT 'all, or the category, level or time of day that the sessions have.',
    session_count UInt64 COMMENT 'Sessions.',
    pct_of_sessions Float64 COMMENT 'Part of all sessions, in percent.',
    total_messages UInt64 COMMENT 'Messages of the user and the assistant.',
    total_tool_calls UInt64 COMMENT 'Tool calls.',
    total_duration_minutes Float64 COMMENT 'Minutes that the sessions lasted, the pauses among them.',
    total_active_minutes Float64 COMMENT 'The same without silences longer than the configured one.',
    avg_duration_minutes Float64 COMMENT 'Mean duration.',
    median_duration_minutes Float64 COMMENT 'Median duration, exact; of an even number, between the middle two.',
    avg_messages_per_session Float64 COMMENT 'Mean number of messages.',
    median_messages_per_session Float64 COMMENT 'Median number of messages, exact; of an even number, between the middle two.',
    avg_tool_calls_per_session Float64 COMMENT 'Mean number of tool calls.',
    median_tool_calls_per_session Float64 COMMENT 'Median number of tool calls, exact; of an even number, between the middle two.',
    avg_response_time_seconds Nullable(Float64) COMMENT 'Seconds that a response took on average over all responses that took more than no time; null without one.',
    avg_content_length Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    avg_unique_tools_used Float64 COMMENT 'Mean number of different tools.',
    avg_tools_per_message Nullable(Float64) COMMENT 'Tool calls for each message; null without messages.',
    productivity_score Nullable(Float64) COMMENT 'Tool calls for each message of the user: how much one request sets off. Null without such a message.',
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress
SELECT
    metric.1 AS metric_type,
    metric.2 AS metric_key,
    count() AS session_count,
    100 * session_count / (SELECT count() FROM assistant.landing_sessions FINAL WHERE sign = 1) AS pct_of_sessions,
    sum(sessions.message_count) AS total_messages,
    sum(sessions.tool_call_count) AS total_tool_calls,
    sum(sessions.duration_seconds) / 60 AS total_duration_minutes,
    sum(sessions.active_seconds) / 60 AS total_active_minutes,
    total_duration_minutes / session_count AS avg_duration_minutes,
    quantileExactInclusive(0.5)(sessions.duration_seconds) / 60 AS median_duration_minutes,
    total_messages / session_count AS avg_messages_per_session,
    quantileExactInclusive(0.5)(sessions.message_count) AS median_messages_per_session,
    total_tool_calls / session_count AS avg_tool_calls_per_session,
    quantileExactInclusive(0.5)(sessions.tool_call_count) AS median_tool_calls_per_session,
    if(sum(sessions.response_count) > 0, sum(toInt64(round(sessions.total_response_seconds * 1000))) / 1000 / sum(sessions.response_count), NULL) AS avg_response_time_seconds,
    if(total_messages > 0, sum(sessions.total_content_length) / total_messages, NULL) AS avg_content_length,
    sum(sessions.unique_tools_used) / session_count AS avg_unique_tools_used,
    if(total_messages > 0, total_tool_calls / total_messages, NULL) AS avg_tools_per_message,
    if(sum(sessions.user_message_count) > 0, total_tool_calls / sum(sessions.user_message_count), NULL) AS productivity_score,
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
FROM
(
    SELECT
        arrayJoin([
            ('overall', 'all'),
            ('by_duration_category', toString(session_duration_category)),
            ('by_activity_level', toString(activity_level)),
            ('by_time_of_day', toString(session_time_of_day))]) AS metric,
        message_count, user_message_count, tool_call_count, duration_seconds, active_seconds, response_count,
        total_response_seconds, total_content_length, unique_tools_used
    FROM assistant.dim_sessions
) AS sessions
GROUP BY metric
COMMENT 'Sessions, all of them and by duration, activity and time of day. A key without sessions has no row.';

CREATE OR REPLACE VIEW assistant.agg_tool_efficiency
(
    tool_name String COMMENT 'The tool: unique. Joins dim_tools.',
    tool_category LowCardinality(String) COMMENT 'Its category in tool_categories; unknown without one.',
    tool_description String COMMENT 'What it does; empty when unknown.',
    total_calls UInt64 COMMENT 'Calls. A call and its result are one call.',
    sessions_used UInt64 COMMENT 'Sessions with a call.',
    projects_used UInt64 COMMENT 'Projects with a call.',
    invocations UInt64 COMMENT 'Entries of type tool_use: the same as total_calls.',
    results UInt64 COMMENT 'Calls that have their result.',
    completion_rate_pct Float64 COMMENT 'results / invocations, in percent: 100 when no call waits for its result.',
    successes UInt64 COMMENT 'Calls whose result says nothing of an error.',
    success_rate_pct Nullable(Float64) COMMENT 'successes / results, in percent; null without a result.',
    avg_execution_seconds Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    median_execution_seconds Nullable(Float64) COMMENT 'Median of the same, exact to the millisecond; of an even number, the lower of the middle two.',
    max_execution_seconds Nullable(Float64) COMMENT 'The longest of the same.',
    peak_hour UInt8 COMMENT 'Hour, 0 to 23, with the most calls, in the zone of assistant.variables; of several, the earliest.',
    peak_hour_calls UInt64 COMMENT 'Calls in that hour.',
    popularity_rank UInt64 COMMENT 'Place by total_calls: 1 has the most; equal ones share a place.',
    usage_tier LowCardinality(String) COMMENT 'By total_calls: rare up to 10, occasional up to 100, frequent up to 1000, else heavy.',
    category_total_calls UInt64 COMMENT 'Calls of all tools of its category.',
    pct_of_category Float64 COMMENT 'total_calls / category_total_calls, in percent.',
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
AS WITH (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress
SELECT
    tools.tool_name AS tool_name,
    tools.tool_category AS tool_category,
    tools.tool_description AS tool_description,
    tools.total_calls AS total_calls,
    tools.sessions_used AS sessions_used,
    tools.projects_used AS projects_used,
    tools.invocation_count AS invocations,
    ifNull(peaks.paired, 0) AS results,
    100 * ifNull(peaks.paired, 0) / tools.invocation_count AS completion_rate_pct,
    tools.success_count AS successes,
    100 * tools.success_rate AS success_rate_pct,
    tools.avg_execution_seconds AS avg_execution_seconds,
    if(ifNull(durations.timed, 0) > 0, durations.median_ms / 1000, NULL) AS median_execution_seconds,
    if(ifNull(durations.timed, 0) > 0, durations.max_ms / 1000, NULL) AS max_execution_seconds,
    ifNull(peaks.hour, 0) AS peak_hour,
    ifNull(peaks.calls, 0) AS peak_hour_calls,
    tools.popularity_rank AS popularity_rank,
    tools.usage_tier AS usage_tier,
    sum(tools.total_calls) OVER (PARTITION BY tools.tool_category) AS category_total_calls,
    100 * tools.total_calls / category_total_calls AS pct_of_category,
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
FROM
(
    SELECT * FROM assistant.dim_tools WHERE total_calls > 0
) AS tools
LEFT JOIN
(
    SELECT
        toString(tool_name) AS tool_name,
        sum(calls) AS timed,
        quantileExactWeighted(0.5)(duration_ms, toUInt64(calls)) AS median_ms,
        max(duration_ms) AS max_ms
    FROM
    (
        SELECT store.tool_name AS tool_name, store.duration_ms AS duration_ms, sum(store.calls) AS calls
        FROM assistant.store_durations AS store
        GROUP BY tool_name, duration_ms
        HAVING calls > 0
    ) AS histogram
    GROUP BY tool_name
) AS durations ON durations.tool_name = tools.tool_name
LEFT JOIN
(
    SELECT tool_name, min((-by_hour.calls, by_hour.hour)) AS first, -first.1 AS calls, first.2 AS hour, sum(by_hour.paired) AS paired
    FROM
    (
        SELECT toString(store.tool_name) AS tool_name, toHour(store.slot, ifNull((SELECT time_zone FROM assistant.variables), 'UTC')) AS hour, sum(store.calls) AS calls, sum(store.paired) AS paired
        FROM assistant.store_tool_calls AS store
        GROUP BY tool_name, hour
    ) AS by_hour
    GROUP BY tool_name
) AS peaks ON peaks.tool_name = tools.tool_name
COMMENT 'One row per tool that was called. Results are those of its own calls, paired by tool_use_id.';

CREATE OR REPLACE VIEW assistant.agg_code_changes
(
    aggregation_level LowCardinality(String) COMMENT 'overall, by_file_type, by_operation_type or by_extension (the 20 with the most operations; of equal ones, those that sort first).',
    aggregation_key String COMMENT 'all, or the file type, operation type or extension; (none) for a file without an extension.',
    total_operations UInt64 COMMENT 'File operations.',
    read_count UInt64 COMMENT 'Operations of type read.',
    write_count UInt64 COMMENT 'Operations of type write.',
    edit_count UInt64 COMMENT 'Operations of type edit or multi_edit.',
    other_count UInt64 COMMENT 'The others.',
    read_pct Float64 COMMENT 'read_count / total_operations, in percent.',
    write_pct Float64 COMMENT 'write_count / total_operations, in percent.',
    edit_pct Float64 COMMENT 'edit_count / total_operations, in percent.',
    pct_of_total Float64 COMMENT 'Part of all file operations, in percent.',
    unique_files UInt64 COMMENT 'Files that the operations name.',
    sessions UInt64 COMMENT 'Sessions with such an operation.',
    projects UInt64 COMMENT 'Projects with such an operation.',
    failed_operations UInt64 COMMENT 'Operations whose result says that they failed.',
    total_content_length UInt64 COMMENT 'Characters of the calls.',
    avg_content_length Float64 COMMENT 'Characters of a call on average.',
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
AS WITH
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress,
    -- Never empty: transform takes no empty lists. A join or has() would cost many times as much.
    (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT
    changes.grouping.1 AS aggregation_level,
    changes.grouping.2 AS aggregation_key,
    changes.operations AS total_operations,
    changes.reads AS read_count,
    changes.writes AS write_count,
    changes.edits AS edit_count,
    changes.operations - changes.reads - changes.writes - changes.edits AS other_count,
    100 * changes.reads / changes.operations AS read_pct,
    100 * changes.writes / changes.operations AS write_pct,
    100 * changes.edits / changes.operations AS edit_pct,
    100 * changes.operations / max(changes.operations) OVER () AS pct_of_total,
    changes.files AS unique_files,
    changes.sessions AS sessions,
    changes.projects AS projects,
    changes.failures AS failed_operations,
    changes.input_length AS total_content_length,
    changes.input_length / changes.operations AS avg_content_length,
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
FROM
(
    SELECT
        grouping,
        sum(parts.calls) AS operations,
        sumIf(parts.calls, parts.operation_type = 'read') AS reads,
        sumIf(parts.calls, parts.operation_type = 'write') AS writes,
        sumIf(parts.calls, parts.operation_type IN ('edit', 'multi_edit')) AS edits,
        uniqExactIfMerge(parts.files) AS files,
        uniqExactIfMerge(parts.sessions) AS sessions,
        uniqExactIfMerge(parts.projects) AS projects,
        sum(parts.failures) AS failures,
        sum(parts.input_length) AS input_length,
        row_number() OVER (PARTITION BY grouping.1 ORDER BY operations DESC, grouping.2 ASC) AS place
    FROM
    (
        SELECT
            multiIf(store.tool_name = 'Read', 'read', store.tool_name = 'Write', 'write', store.tool_name = 'Edit', 'edit', store.tool_name = 'MultiEdit', 'multi_edit', 'other') AS operation_type,
            if(store.file_type_category = '', 'other', toString(store.file_type_category)) AS file_type,
            if(store.file_extension = '', '(none)', toString(store.file_extension)) AS extension,
            arrayJoin([('overall', 'all'), ('by_file_type', file_type), ('by_operation_type', operation_type), ('by_extension', extension)]) AS grouping,
            store.calls AS calls,
            store.failures AS failures,
            store.input_length AS input_length,
            store.files AS files,
            store.sessions AS sessions,
            store.projects AS projects
        FROM
        (
            -- Few rows, each with the sets of what it has: merged four times, they cost less than reading four times.
            SELECT
                toString(all_calls.tool_name) AS tool_name,
                all_calls.file_type_category AS file_type_category,
                all_calls.file_extension AS file_extension,
                sum(all_calls.calls) AS calls,
                sum(all_calls.paired - all_calls.successes) AS failures,
                sum(all_calls.input_length) AS input_length,
                uniqExactIfState(all_calls.file_path, all_calls.file_path != '' AND all_calls.calls > 0) AS files,
                uniqExactIfState(all_calls.session_id, all_calls.calls > 0) AS sessions,
                uniqExactIfState(all_calls.project_id, all_calls.calls > 0) AS projects
            FROM assistant.store_tool_calls AS all_calls
            WHERE transform(toString(all_calls.tool_name), kinds.1, kinds.2, 'none') = 'file'
            GROUP BY tool_name, file_type_category, file_extension
        ) AS store
    ) AS parts
    GROUP BY grouping
    HAVING operations > 0
) AS changes
WHERE changes.grouping.1 != 'by_extension' OR changes.place <= 20
COMMENT 'Operations on files, all of them and by type of file, of operation and by extension.';

CREATE OR REPLACE VIEW assistant.agg_activity_by_session
(
    date_key Date COMMENT 'Day, in the zone of assistant.variables; joins dim_date.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the same zone.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    entries UInt64 COMMENT 'Entries of every type.',
    message_count UInt64 COMMENT 'Messages of the user and the assistant.',
    user_messages UInt64 COMMENT 'Messages of the user.',
    assistant_messages UInt64 COMMENT 'Messages of the assistant.',
    content_length UInt64 COMMENT 'Characters of the messages.',
    messages_with_code UInt64 COMMENT 'Messages with a fenced code block.',
    question_count UInt64 COMMENT 'Messages with a question.',
    response_count UInt64 COMMENT 'Responses that took more than no time.',
    total_response_seconds Float64 COMMENT 'Seconds that those took together.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress
SELECT
    toDate(store.slot, zone) AS date_key,
    toHour(store.slot, zone) AS hour_of_day,
    store.session_id AS session_id,
    store.project_id AS project_id,
    sum(store.entries) AS entries,
    user_messages + assistant_messages AS message_count,
    sum(store.user_messages) AS user_messages,
    sum(store.assistant_messages) AS assistant_messages,
    sum(store.content_length) AS content_length,
    sum(store.messages_with_code) AS messages_with_code,
    sum(store.questions) AS question_count,
    sum(store.responses) AS response_count,
    sum(store.response_ms) / 1000 AS total_response_seconds,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_key + 1, zone) <= progress.2, false)) AS is_final
FROM assistant.store_activity AS store
GROUP BY date_key, hour_of_day, session_id, project_id
COMMENT 'Activity by session, project, day and hour: for sums of any other grouping, narrowed by day, project or session.';

CREATE OR REPLACE VIEW assistant.agg_tools_by_session
(
    date_key Date COMMENT 'Day of the calls, in the zone of assistant.variables; joins dim_date.',
    hour_of_day UInt8 COMMENT 'Hour, 0 to 23, in the same zone.',
    session_id String COMMENT 'Session; joins dim_sessions.',
    project_id LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    tool_name LowCardinality(String) COMMENT 'Tool; joins dim_tools.',
    file_type_category LowCardinality(String) COMMENT 'Type of the file that the calls name; empty without one.',
    tool_calls UInt64 COMMENT 'Calls. A call and its result are one call.',
    results UInt64 COMMENT 'Calls that have their result.',
    successes UInt64 COMMENT 'Those of them whose result says nothing of an error.',
    timed_calls UInt64 COMMENT 'Calls whose duration is known.',
    total_execution_seconds Float64 COMMENT 'Seconds that those took together.',
    content_length UInt64 COMMENT 'Characters of the calls.',
    complete_through Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    is_final Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more. Not the results of its calls, which may come later.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT (max(complete_through), max(final_through)) FROM orchestrator.progress WHERE domain = 'assistant') AS progress
SELECT
    toDate(store.slot, zone) AS date_key,
    toHour(store.slot, zone) AS hour_of_day,
    store.session_id AS session_id,
    store.project_id AS project_id,
    store.tool_name AS tool_name,
    store.file_type_category AS file_type_category,
    sum(store.calls) AS tool_calls,
    sum(store.paired) AS results,
    sum(store.successes) AS successes,
    sum(store.timed) AS timed_calls,
    sum(store.duration_ms) / 1000 AS total_execution_seconds,
    sum(store.input_length) AS content_length,
    progress.1 AS complete_through,
    toBool(ifNull(toDateTime(date_key + 1, zone) <= progress.2, false)) AS is_final
FROM assistant.store_tool_calls AS store
GROUP BY date_key, hour_of_day, session_id, project_id, tool_name, file_type_category
HAVING tool_calls > 0
COMMENT 'Tool calls by session, project, tool, day and hour: for sums of any other grouping, narrowed by day, project or session.';

CREATE VIEW IF NOT EXISTS assistant.agg_session_metrics
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
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.'
)
AS SELECT
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
    now64(3, 'UTC') AS computed_at
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

-- ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS assistant.agg_tool_efficiency
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
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.'
)
AS SELECT
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
    now64(3, 'UTC') AS computed_at
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

-- A file without a known type counts as other. Overall is the largest row, which the percentages of the total go by.
CREATE VIEW IF NOT EXISTS assistant.agg_code_changes
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
    computed_at DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.'
)
AS WITH
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
    now64(3, 'UTC') AS computed_at
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

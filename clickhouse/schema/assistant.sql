-- Database assistant: Transcripts of AI assistants: entries, sessions and tool calls.
-- Generated from a migrated server by `npm run schemas`. Do not edit: write a migration.

CREATE VIEW assistant.agg_activity_by_session
(
    `date_key` Date COMMENT 'Day, in the zone of assistant.variables; joins dim_date.',
    `hour_of_day` UInt8 COMMENT 'Hour, 0 to 23, in the same zone.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `entries` UInt64 COMMENT 'Entries of every type.',
    `message_count` UInt64 COMMENT 'Messages of the user and the assistant.',
    `user_messages` UInt64 COMMENT 'Messages of the user.',
    `assistant_messages` UInt64 COMMENT 'Messages of the assistant.',
    `content_length` UInt64 COMMENT 'Characters of the messages.',
    `messages_with_code` UInt64 COMMENT 'Messages with a fenced code block.',
    `question_count` UInt64 COMMENT 'Messages with a question.',
    `response_count` UInt64 COMMENT 'Responses that took more than no time.',
    `total_response_seconds` Float64 COMMENT 'Seconds that those took together.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more.'
)
COMMENT 'Activity by session, project, day and hour: for sums of any other grouping, narrowed by day, project or session.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress
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
    toBool(ifNull(toDateTime(date_key + 1, zone) <= (progress.2), false)) AS is_final
FROM assistant.store_activity AS store
GROUP BY
    date_key,
    hour_of_day,
    session_id,
    project_id;

CREATE VIEW assistant.agg_code_changes
(
    `aggregation_level` LowCardinality(String) COMMENT 'overall, by_file_type, by_operation_type or by_extension (the 20 with the most operations; of equal ones, those that sort first).',
    `aggregation_key` String COMMENT 'all, or the file type, operation type or extension; (none) for a file without an extension.',
    `total_operations` UInt64 COMMENT 'File operations.',
    `read_count` UInt64 COMMENT 'Operations of type read.',
    `write_count` UInt64 COMMENT 'Operations of type write.',
    `edit_count` UInt64 COMMENT 'Operations of type edit or multi_edit.',
    `other_count` UInt64 COMMENT 'The others.',
    `read_pct` Float64 COMMENT 'read_count / total_operations, in percent.',
    `write_pct` Float64 COMMENT 'write_count / total_operations, in percent.',
    `edit_pct` Float64 COMMENT 'edit_count / total_operations, in percent.',
    `pct_of_total` Float64 COMMENT 'Part of all file operations, in percent.',
    `unique_files` UInt64 COMMENT 'Files that the operations name.',
    `sessions` UInt64 COMMENT 'Sessions with such an operation.',
    `projects` UInt64 COMMENT 'Projects with such an operation.',
    `failed_operations` UInt64 COMMENT 'Operations whose result says that they failed.',
    `total_content_length` UInt64 COMMENT 'Characters of the calls.',
    `avg_content_length` Float64 COMMENT 'Characters of a call on average.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
COMMENT 'Operations on files, all of them and by type of file, of operation and by extension.'
AS WITH
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress,
    (
        SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none'))
        FROM assistant.int_tools
    ) AS kinds
SELECT
    changes.grouping.1 AS aggregation_level,
    changes.grouping.2 AS aggregation_key,
    changes.operations AS total_operations,
    changes.reads AS read_count,
    changes.writes AS write_count,
    changes.edits AS edit_count,
    ((changes.operations - changes.reads) - changes.writes) - changes.edits AS other_count,
    (100 * changes.reads) / changes.operations AS read_pct,
    (100 * changes.writes) / changes.operations AS write_pct,
    (100 * changes.edits) / changes.operations AS edit_pct,
    (100 * changes.operations) / max(changes.operations) OVER () AS pct_of_total,
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
        sumIf(parts.calls, (parts.operation_type IN ('edit', 'multi_edit'))) AS edits,
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
            SELECT
                toString(all_calls.tool_name) AS tool_name,
                all_calls.file_type_category AS file_type_category,
                all_calls.file_extension AS file_extension,
                sum(all_calls.calls) AS calls,
                sum(all_calls.paired - all_calls.successes) AS failures,
                sum(all_calls.input_length) AS input_length,
                uniqExactIfState(all_calls.file_path, (all_calls.file_path != '') AND (all_calls.calls > 0)) AS files,
                uniqExactIfState(all_calls.session_id, all_calls.calls > 0) AS sessions,
                uniqExactIfState(all_calls.project_id, all_calls.calls > 0) AS projects
            FROM assistant.store_tool_calls AS all_calls
            WHERE transform(toString(all_calls.tool_name), kinds.1, kinds.2, 'none') = 'file'
            GROUP BY
                tool_name,
                file_type_category,
                file_extension
        ) AS store
    ) AS parts
    GROUP BY grouping
    HAVING operations > 0
) AS changes
WHERE ((changes.grouping.1) != 'by_extension') OR (changes.place <= 20);

CREATE VIEW assistant.agg_daily_summary
(
    `date_key` Date COMMENT 'The day, in the zone of assistant.variables: unique. Joins dim_date.',
    `session_count` UInt64 COMMENT 'Sessions that began on the day.',
    `active_sessions` UInt64 COMMENT 'Sessions with an entry on the day.',
    `active_projects` UInt64 COMMENT 'Projects with an entry on the day.',
    `total_session_minutes` Float64 COMMENT 'Minutes that the sessions which began on the day lasted, the pauses among them.',
    `avg_session_minutes` Nullable(Float64) COMMENT 'The same on average; null without a session.',
    `message_count` UInt64 COMMENT 'Messages of the user and the assistant.',
    `user_messages` UInt64 COMMENT 'Messages of the user.',
    `assistant_messages` UInt64 COMMENT 'Messages of the assistant.',
    `avg_content_length` Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    `total_content_length` UInt64 COMMENT 'Characters of the messages.',
    `messages_with_code` UInt64 COMMENT 'Messages with a fenced code block.',
    `question_count` UInt64 COMMENT 'Messages with a question.',
    `avg_response_time_seconds` Nullable(Float64) COMMENT 'Seconds that a response took on average, of those that took more than no time; null without one.',
    `tool_call_count` UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    `unique_tools_used` UInt64 COMMENT 'Tools called.',
    `file_operations` UInt64 COMMENT 'Calls that count as file operations.',
    `search_operations` UInt64 COMMENT 'Calls that count as searches.',
    `shell_commands` UInt64 COMMENT 'Calls that count as shell commands.',
    `failed_tool_calls` UInt64 COMMENT 'Calls whose result says that they failed.',
    `avg_tool_execution_seconds` Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    `file_operation_count` UInt64 COMMENT 'The same as file_operations: the document has both.',
    `file_reads` UInt64 COMMENT 'File operations of type read.',
    `file_writes` UInt64 COMMENT 'File operations of type write.',
    `file_edits` UInt64 COMMENT 'File operations of type edit or multi_edit.',
    `unique_files_touched` UInt64 COMMENT 'Files that file operations name.',
    `messages_per_session` Nullable(Float64) COMMENT 'message_count / session_count; null on a day on which no session began.',
    `tools_per_session` Nullable(Float64) COMMENT 'tool_call_count / session_count; null on a day on which no session began.',
    `has_activity` Bool COMMENT 'Whether there is an entry on the day.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read, from sums that are kept as entries come.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more. Not what began on it and ends later: minutes of a session that goes on, results of a call. And not what tool_categories says of a tool.'
)
COMMENT 'One row per day, the empty ones too, from start_date (or the first day with an entry, when that is earlier) to today (or the last day with an entry, when that is later).'
AS WITH
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress,
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT max(last_at)
        FROM assistant.store_activity
    ) AS last_entry,
    (
        SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none'))
        FROM assistant.int_tools
    ) AS kinds
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
    if(sum(parts.responses) > 0, (sum(parts.response_ms) / 1000) / sum(parts.responses), NULL) AS avg_response_time_seconds,
    sum(parts.calls) AS tool_call_count,
    sum(parts.tools) AS unique_tools_used,
    sum(parts.file_operations) AS file_operations,
    sum(parts.search_operations) AS search_operations,
    sum(parts.shell_commands) AS shell_commands,
    sum(parts.failures) AS failed_tool_calls,
    if(sum(parts.timed) > 0, (sum(parts.duration_ms) / 1000) / sum(parts.timed), NULL) AS avg_tool_execution_seconds,
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
    toBool(ifNull(toDateTime(date_key + 1, zone) <= (progress.2), false)) AS is_final
FROM
(
    SELECT
        days.date_key AS date_key,
        toInt64(0) AS session_count,
        toInt64(0) AS active_sessions,
        toInt64(0) AS active_projects,
        toInt64(0) AS session_seconds,
        toInt64(0) AS entries,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        toInt64(0) AS content_length,
        toInt64(0) AS messages_with_code,
        toInt64(0) AS questions,
        toInt64(0) AS responses,
        toInt64(0) AS response_ms,
        toInt64(0) AS calls,
        toInt64(0) AS tools,
        toInt64(0) AS file_operations,
        toInt64(0) AS search_operations,
        toInt64(0) AS shell_commands,
        toInt64(0) AS failures,
        toInt64(0) AS timed,
        toInt64(0) AS duration_ms,
        toInt64(0) AS file_reads,
        toInt64(0) AS file_writes,
        toInt64(0) AS file_edits,
        toInt64(0) AS files
    FROM assistant.dim_date AS days
    WHERE days.date_key <= greatest(least(toDate(now(), zone), (
        SELECT end_date
        FROM assistant.variables
    )), toDate(last_entry, zone))
    UNION ALL
    SELECT
        toDate(store.slot, zone) AS date_key,
        toInt64(0) AS session_count,
        toInt64(uniqExact(store.session_id)) AS active_sessions,
        toInt64(uniqExact(store.project_id)) AS active_projects,
        toInt64(0) AS session_seconds,
        sum(store.entries) AS entries,
        sum(store.user_messages) AS user_messages,
        sum(store.assistant_messages) AS assistant_messages,
        sum(store.content_length) AS content_length,
        sum(store.messages_with_code) AS messages_with_code,
        sum(store.questions) AS questions,
        sum(store.responses) AS responses,
        sum(store.response_ms) AS response_ms,
        toInt64(0) AS calls,
        toInt64(0) AS tools,
        toInt64(0) AS file_operations,
        toInt64(0) AS search_operations,
        toInt64(0) AS shell_commands,
        toInt64(0) AS failures,
        toInt64(0) AS timed,
        toInt64(0) AS duration_ms,
        toInt64(0) AS file_reads,
        toInt64(0) AS file_writes,
        toInt64(0) AS file_edits,
        toInt64(0) AS files
    FROM assistant.store_activity AS store
    GROUP BY date_key
    UNION ALL
    SELECT
        toDate(store.slot, zone) AS date_key,
        toInt64(0) AS session_count,
        toInt64(0) AS active_sessions,
        toInt64(0) AS active_projects,
        toInt64(0) AS session_seconds,
        toInt64(0) AS entries,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        toInt64(0) AS content_length,
        toInt64(0) AS messages_with_code,
        toInt64(0) AS questions,
        toInt64(0) AS responses,
        toInt64(0) AS response_ms,
        sum(store.calls) AS calls,
        toInt64(uniqExactIf(store.tool_name, store.calls > 0)) AS tools,
        sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AS file_operations,
        sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'search') AS search_operations,
        sumIf(store.calls, transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'shell') AS shell_commands,
        sum(store.paired - store.successes) AS failures,
        sum(store.timed) AS timed,
        sum(store.duration_ms) AS duration_ms,
        sumIf(store.calls, (transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AND (store.tool_name = 'Read')) AS file_reads,
        sumIf(store.calls, (transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AND (store.tool_name = 'Write')) AS file_writes,
        sumIf(store.calls, (transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AND (store.tool_name IN ('Edit', 'MultiEdit'))) AS file_edits,
        toInt64(uniqExactIf(store.file_path, (transform(toString(store.tool_name), kinds.1, kinds.2, 'none') = 'file') AND (store.file_path != '') AND (store.calls > 0))) AS files
    FROM assistant.store_tool_calls AS store
    GROUP BY date_key
    UNION ALL
    SELECT
        sessions.start_date AS date_key,
        toInt64(count()) AS session_count,
        toInt64(0) AS active_sessions,
        toInt64(0) AS active_projects,
        toInt64(sum(sessions.duration_seconds)) AS session_seconds,
        toInt64(0) AS entries,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        toInt64(0) AS content_length,
        toInt64(0) AS messages_with_code,
        toInt64(0) AS questions,
        toInt64(0) AS responses,
        toInt64(0) AS response_ms,
        toInt64(0) AS calls,
        toInt64(0) AS tools,
        toInt64(0) AS file_operations,
        toInt64(0) AS search_operations,
        toInt64(0) AS shell_commands,
        toInt64(0) AS failures,
        toInt64(0) AS timed,
        toInt64(0) AS duration_ms,
        toInt64(0) AS file_reads,
        toInt64(0) AS file_writes,
        toInt64(0) AS file_edits,
        toInt64(0) AS files
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY date_key
) AS parts
GROUP BY date_key;

CREATE VIEW assistant.agg_hourly_activity
(
    `day_of_week` UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    `hour_of_day` UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    `day_name` LowCardinality(String) COMMENT 'Sunday to Saturday.',
    `hour_label` String COMMENT 'Such as 09:00.',
    `time_of_day` LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    `session_starts` UInt64 COMMENT 'Sessions that began in this hour of this day.',
    `message_count` UInt64 COMMENT 'Messages of the user and the assistant.',
    `user_messages` UInt64 COMMENT 'Messages of the user.',
    `assistant_messages` UInt64 COMMENT 'Messages of the assistant.',
    `tool_call_count` UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    `total_activity` UInt64 COMMENT 'Messages and tool calls together.',
    `active_days` UInt64 COMMENT 'Dates on which this hour has an entry.',
    `avg_activity_per_active_day` Nullable(Float64) COMMENT 'total_activity / active_days; null when the hour has no entry.',
    `pct_of_total` Float64 COMMENT 'Part of all activity that falls into this hour, in percent; 0 when there is none.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Never: an hour of the week comes again, so that any entry can change it.'
)
COMMENT 'All 168 hours of a week, the empty ones too.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress
SELECT
    parts.day_of_week AS day_of_week,
    parts.hour_of_day AS hour_of_day,
    ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'][parts.day_of_week + 1] AS day_name,
    concat(leftPad(toString(parts.hour_of_day), 2, '0'), ':00') AS hour_label,
    multiIf((parts.hour_of_day >= 6) AND (parts.hour_of_day <= 11), 'morning', (parts.hour_of_day >= 12) AND (parts.hour_of_day <= 17), 'afternoon', (parts.hour_of_day >= 18) AND (parts.hour_of_day <= 21), 'evening', 'night') AS time_of_day,
    sum(parts.session_starts) AS session_starts,
    user_messages + assistant_messages AS message_count,
    sum(parts.user_messages) AS user_messages,
    sum(parts.assistant_messages) AS assistant_messages,
    sum(parts.calls) AS tool_call_count,
    message_count + tool_call_count AS total_activity,
    sum(parts.days) AS active_days,
    if(active_days > 0, total_activity / active_days, NULL) AS avg_activity_per_active_day,
    if(sum(total_activity) OVER () > 0, (100 * total_activity) / sum(total_activity) OVER (), 0) AS pct_of_total,
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
FROM
(
    SELECT
        toUInt8(intDiv(cells.number, 24)) AS day_of_week,
        toUInt8(cells.number % 24) AS hour_of_day,
        toInt64(0) AS session_starts,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        toInt64(0) AS calls,
        toInt64(0) AS days
    FROM numbers(168) AS cells
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(store.slot, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(store.slot, zone)) AS hour_of_day,
        toInt64(0) AS session_starts,
        sum(store.user_messages) AS user_messages,
        sum(store.assistant_messages) AS assistant_messages,
        toInt64(0) AS calls,
        toInt64(uniqExact(toDate(store.slot, zone))) AS days
    FROM assistant.store_activity AS store
    GROUP BY
        day_of_week,
        hour_of_day
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(store.slot, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(store.slot, zone)) AS hour_of_day,
        toInt64(0) AS session_starts,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        sum(store.calls) AS calls,
        toInt64(0) AS days
    FROM assistant.store_tool_calls AS store
    GROUP BY
        day_of_week,
        hour_of_day
    UNION ALL
    SELECT
        toUInt8(toDayOfWeek(sessions.session_start, 0, zone) % 7) AS day_of_week,
        toUInt8(toHour(sessions.session_start, zone)) AS hour_of_day,
        toInt64(count()) AS session_starts,
        toInt64(0) AS user_messages,
        toInt64(0) AS assistant_messages,
        toInt64(0) AS calls,
        toInt64(0) AS days
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY
        day_of_week,
        hour_of_day
) AS parts
GROUP BY
    day_of_week,
    hour_of_day;

CREATE VIEW assistant.agg_session_metrics
(
    `metric_type` LowCardinality(String) COMMENT 'overall, by_duration_category, by_activity_level or by_time_of_day.',
    `metric_key` LowCardinality(String) COMMENT 'all, or the category, level or time of day that the sessions have.',
    `session_count` UInt64 COMMENT 'Sessions.',
    `pct_of_sessions` Float64 COMMENT 'Part of all sessions, in percent.',
    `total_messages` UInt64 COMMENT 'Messages of the user and the assistant.',
    `total_tool_calls` UInt64 COMMENT 'Tool calls.',
    `total_duration_minutes` Float64 COMMENT 'Minutes that the sessions lasted, the pauses among them.',
    `total_active_minutes` Float64 COMMENT 'The same without silences longer than the configured one.',
    `avg_duration_minutes` Float64 COMMENT 'Mean duration.',
    `median_duration_minutes` Float64 COMMENT 'Median duration, exact; of an even number, between the middle two.',
    `avg_messages_per_session` Float64 COMMENT 'Mean number of messages.',
    `median_messages_per_session` Float64 COMMENT 'Median number of messages, exact; of an even number, between the middle two.',
    `avg_tool_calls_per_session` Float64 COMMENT 'Mean number of tool calls.',
    `median_tool_calls_per_session` Float64 COMMENT 'Median number of tool calls, exact; of an even number, between the middle two.',
    `avg_response_time_seconds` Nullable(Float64) COMMENT 'Seconds that a response took on average over all responses that took more than no time; null without one.',
    `avg_content_length` Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    `avg_unique_tools_used` Float64 COMMENT 'Mean number of different tools.',
    `avg_tools_per_message` Nullable(Float64) COMMENT 'Tool calls for each message; null without messages.',
    `productivity_score` Nullable(Float64) COMMENT 'Tool calls for each message of the user: how much one request sets off. Null without such a message.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
COMMENT 'Sessions, all of them and by duration, activity and time of day. A key without sessions has no row.'
AS WITH
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress
SELECT
    metric.1 AS metric_type,
    metric.2 AS metric_key,
    count() AS session_count,
    (100 * session_count) / (
        SELECT count()
        FROM assistant.landing_sessions
        FINAL
        WHERE sign = 1
    ) AS pct_of_sessions,
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
    if(sum(sessions.response_count) > 0, (sum(toInt64(round(sessions.total_response_seconds * 1000))) / 1000) / sum(sessions.response_count), NULL) AS avg_response_time_seconds,
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
        arrayJoin([('overall', 'all'), ('by_duration_category', toString(session_duration_category)), ('by_activity_level', toString(activity_level)), ('by_time_of_day', toString(session_time_of_day))]) AS metric,
        message_count,
        user_message_count,
        tool_call_count,
        duration_seconds,
        active_seconds,
        response_count,
        total_response_seconds,
        total_content_length,
        unique_tools_used
    FROM assistant.dim_sessions
) AS sessions
GROUP BY metric;

CREATE VIEW assistant.agg_tool_efficiency
(
    `tool_name` String COMMENT 'The tool: unique. Joins dim_tools.',
    `tool_category` LowCardinality(String) COMMENT 'Its category in tool_categories; unknown without one.',
    `tool_description` String COMMENT 'What it does; empty when unknown.',
    `total_calls` UInt64 COMMENT 'Calls. A call and its result are one call.',
    `sessions_used` UInt64 COMMENT 'Sessions with a call.',
    `projects_used` UInt64 COMMENT 'Projects with a call.',
    `invocations` UInt64 COMMENT 'Entries of type tool_use: the same as total_calls.',
    `results` UInt64 COMMENT 'Calls that have their result.',
    `completion_rate_pct` Float64 COMMENT 'results / invocations, in percent: 100 when no call waits for its result.',
    `successes` UInt64 COMMENT 'Calls whose result says nothing of an error.',
    `success_rate_pct` Nullable(Float64) COMMENT 'successes / results, in percent; null without a result.',
    `avg_execution_seconds` Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    `median_execution_seconds` Nullable(Float64) COMMENT 'Median of the same, exact to the millisecond; of an even number, the lower of the middle two.',
    `max_execution_seconds` Nullable(Float64) COMMENT 'The longest of the same.',
    `peak_hour` UInt8 COMMENT 'Hour, 0 to 23, with the most calls, in the zone of assistant.variables; of several, the earliest.',
    `peak_hour_calls` UInt64 COMMENT 'Calls in that hour.',
    `popularity_rank` UInt64 COMMENT 'Place by total_calls: 1 has the most; equal ones share a place.',
    `usage_tier` LowCardinality(String) COMMENT 'By total_calls: rare up to 10, occasional up to 100, frequent up to 1000, else heavy.',
    `category_total_calls` UInt64 COMMENT 'Calls of all tools of its category.',
    `pct_of_category` Float64 COMMENT 'total_calls / category_total_calls, in percent.',
    `computed_at` DateTime64(3, 'UTC') COMMENT 'Now: the row is computed when it is read.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Never: it is over all time, and any entry can change it.'
)
COMMENT 'One row per tool that was called. Results are those of its own calls, paired by tool_use_id.'
AS WITH
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress
SELECT
    tools.tool_name AS tool_name,
    tools.tool_category AS tool_category,
    tools.tool_description AS tool_description,
    tools.total_calls AS total_calls,
    tools.sessions_used AS sessions_used,
    tools.projects_used AS projects_used,
    tools.invocation_count AS invocations,
    ifNull(peaks.paired, 0) AS results,
    (100 * ifNull(peaks.paired, 0)) / tools.invocation_count AS completion_rate_pct,
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
    (100 * tools.total_calls) / category_total_calls AS pct_of_category,
    now64(3, 'UTC') AS computed_at,
    progress.1 AS complete_through,
    false AS is_final
FROM
(
    SELECT *
    FROM assistant.dim_tools
    WHERE total_calls > 0
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
        SELECT
            store.tool_name AS tool_name,
            store.duration_ms AS duration_ms,
            sum(store.calls) AS calls
        FROM assistant.store_durations AS store
        GROUP BY
            tool_name,
            duration_ms
        HAVING calls > 0
    ) AS histogram
    GROUP BY tool_name
) AS durations ON durations.tool_name = tools.tool_name
LEFT JOIN
(
    SELECT
        tool_name,
        min((-by_hour.calls, by_hour.hour)) AS first,
        -(first.1) AS calls,
        first.2 AS hour,
        sum(by_hour.paired) AS paired
    FROM
    (
        SELECT
            toString(store.tool_name) AS tool_name,
            toHour(store.slot, ifNull((
                SELECT time_zone
                FROM assistant.variables
            ), 'UTC')) AS hour,
            sum(store.calls) AS calls,
            sum(store.paired) AS paired
        FROM assistant.store_tool_calls AS store
        GROUP BY
            tool_name,
            hour
    ) AS by_hour
    GROUP BY tool_name
) AS peaks ON peaks.tool_name = tools.tool_name;

CREATE VIEW assistant.agg_tools_by_session
(
    `date_key` Date COMMENT 'Day of the calls, in the zone of assistant.variables; joins dim_date.',
    `hour_of_day` UInt8 COMMENT 'Hour, 0 to 23, in the same zone.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `tool_name` LowCardinality(String) COMMENT 'Tool; joins dim_tools.',
    `file_type_category` LowCardinality(String) COMMENT 'Type of the file that the calls name; empty without one.',
    `tool_calls` UInt64 COMMENT 'Calls. A call and its result are one call.',
    `results` UInt64 COMMENT 'Calls that have their result.',
    `successes` UInt64 COMMENT 'Those of them whose result says nothing of an error.',
    `timed_calls` UInt64 COMMENT 'Calls whose duration is known.',
    `total_execution_seconds` Float64 COMMENT 'Seconds that those took together.',
    `content_length` UInt64 COMMENT 'Characters of the calls.',
    `complete_through` Nullable(DateTime('UTC')) COMMENT 'All entries up to this time, by their own clocks, have been counted, as far as the inputs tell; the same on every row, and null while it is not known. See orchestrator.progress.',
    `is_final` Bool COMMENT 'Whether the day ended so long before complete_through that no entry within the allowed lateness can be added to it any more. Not the results of its calls, which may come later.'
)
COMMENT 'Tool calls by session, project, tool, day and hour: for sums of any other grouping, narrowed by day, project or session.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT (max(complete_through), max(final_through))
        FROM orchestrator.progress
        WHERE domain = 'assistant'
    ) AS progress
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
    toBool(ifNull(toDateTime(date_key + 1, zone) <= (progress.2), false)) AS is_final
FROM assistant.store_tool_calls AS store
GROUP BY
    date_key,
    hour_of_day,
    session_id,
    project_id,
    tool_name,
    file_type_category
HAVING tool_calls > 0;

CREATE VIEW assistant.dim_date
(
    `date_key` Date COMMENT 'The day: unique.',
    `year` UInt16 COMMENT 'Year.',
    `quarter` UInt8 COMMENT 'Quarter, 1 to 4.',
    `month` UInt8 COMMENT 'Month, 1 to 12.',
    `week_of_year` UInt8 COMMENT 'ISO week, 1 to 53.',
    `day_of_month` UInt8 COMMENT 'Day of the month, 1 to 31.',
    `day_of_week` UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    `day_of_year` UInt16 COMMENT 'Day of the year, 1 to 366.',
    `year_month` String COMMENT 'Such as 2026-01.',
    `year_quarter` String COMMENT 'Such as 2026-Q1.',
    `month_name` LowCardinality(String) COMMENT 'January to December.',
    `month_name_short` LowCardinality(String) COMMENT 'Jan to Dec.',
    `day_name` LowCardinality(String) COMMENT 'Monday to Sunday.',
    `day_name_short` LowCardinality(String) COMMENT 'Mon to Sun.',
    `week_start` Date COMMENT 'Monday of its ISO week.',
    `week_end` Date COMMENT 'Sunday of its ISO week.',
    `month_start` Date COMMENT 'First day of its month.',
    `month_end` Date COMMENT 'Last day of its month.',
    `quarter_start` Date COMMENT 'First day of its quarter.',
    `quarter_end` Date COMMENT 'Last day of its quarter.',
    `is_weekend` Bool COMMENT 'Whether it is a Saturday or a Sunday.',
    `is_weekday` Bool COMMENT 'Whether it is neither.',
    `is_today` Bool COMMENT 'Whether it is today in the zone of assistant.variables. Decided when it is read, as all that follows.',
    `is_yesterday` Bool COMMENT 'Whether it is the day before.',
    `is_current_week` Bool COMMENT 'Whether it is in the ISO week of today.',
    `is_current_month` Bool COMMENT 'Whether it is in the month of today.',
    `days_ago` Int32 COMMENT 'Days before today; negative for days to come.',
    `weeks_ago` Int32 COMMENT 'ISO weeks before that of today; negative for weeks to come.'
)
COMMENT 'Every day from start_date to end_date, and on to the first and last day with an entry when those are further.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT if(count() = 0, toDateTime64('2100-01-01 00:00:00', 3, 'UTC'), min(first_at))
        FROM assistant.store_activity
    ) AS first_entry,
    (
        SELECT max(last_at)
        FROM assistant.store_activity
    ) AS last_entry,
    toDate(now(), zone) AS today_here
SELECT
    toDate(number) AS date_key,
    toYear(date_key) AS year,
    toQuarter(date_key) AS quarter,
    toMonth(date_key) AS month,
    toISOWeek(date_key) AS week_of_year,
    toDayOfMonth(date_key) AS day_of_month,
    toDayOfWeek(date_key) % 7 AS day_of_week,
    toDayOfYear(date_key) AS day_of_year,
    formatDateTime(date_key, '%Y-%m') AS year_month,
    concat(toString(year), '-Q', toString(quarter)) AS year_quarter,
    formatDateTime(date_key, '%M') AS month_name,
    formatDateTime(date_key, '%b') AS month_name_short,
    formatDateTime(date_key, '%W') AS day_name,
    formatDateTime(date_key, '%a') AS day_name_short,
    toMonday(date_key) AS week_start,
    toMonday(date_key) + 6 AS week_end,
    toStartOfMonth(date_key) AS month_start,
    toLastDayOfMonth(date_key) AS month_end,
    toStartOfQuarter(date_key) AS quarter_start,
    (toStartOfQuarter(date_key) + toIntervalMonth(3)) - 1 AS quarter_end,
    toBool(toDayOfWeek(date_key) > 5) AS is_weekend,
    toBool(toDayOfWeek(date_key) <= 5) AS is_weekday,
    toBool(date_key = today_here) AS is_today,
    toBool(date_key = (today_here - 1)) AS is_yesterday,
    toBool(toMonday(date_key) = toMonday(today_here)) AS is_current_week,
    toBool(toStartOfMonth(date_key) = toStartOfMonth(today_here)) AS is_current_month,
    toInt32(today_here) - toInt32(date_key) AS days_ago,
    intDiv(toInt32(toMonday(today_here)) - toInt32(toMonday(date_key)), 7) AS weeks_ago
FROM
(
    SELECT arrayJoin(range(toUInt32(least((
            SELECT start_date
            FROM assistant.variables
        ), toDate(first_entry, zone))), toUInt32(greatest((
            SELECT end_date
            FROM assistant.variables
        ), toDate(last_entry, zone))) + 1)) AS number
) AS days;

CREATE VIEW assistant.dim_projects
(
    `project_key` String COMMENT 'Key of the project: its project_id, unique.',
    `project_id` String COMMENT 'The project.',
    `first_seen` DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    `last_active` DateTime64(3, 'UTC') COMMENT 'Time of its last entry, in UTC.',
    `total_entries` UInt64 COMMENT 'Entries of every type.',
    `session_count` UInt64 COMMENT 'Sessions with an entry in it; one that spans projects counts in each.',
    `active_days` UInt64 COMMENT 'Days with an entry, in the zone of assistant.variables.',
    `total_messages` UInt64 COMMENT 'Messages of the user and the assistant.',
    `user_messages` UInt64 COMMENT 'Messages of the user.',
    `assistant_messages` UInt64 COMMENT 'Messages of the assistant.',
    `total_tool_calls` UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    `avg_messages_per_session` Float64 COMMENT 'total_messages / session_count.',
    `avg_tool_calls_per_session` Float64 COMMENT 'total_tool_calls / session_count.',
    `avg_messages_per_active_day` Float64 COMMENT 'total_messages / active_days.',
    `avg_session_minutes` Nullable(Float64) COMMENT 'Mean duration of the sessions that are mostly in it; null when none is.',
    `avg_content_length` Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    `days_since_active` Int32 COMMENT 'Days from the last entry to today; 0 when it is today.',
    `project_age_days` Int32 COMMENT 'Days from the first entry to today.',
    `activity_status` LowCardinality(String) COMMENT 'By days_since_active: active_today up to 1, active_this_week up to 7, active_this_month up to 30, else inactive.',
    `project_size` LowCardinality(String) COMMENT 'By session_count: single_session for 1, small up to 5, medium up to 20, else large.'
)
COMMENT 'One row per project that an entry names.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
SELECT
    project_id AS project_key,
    projects.project_id AS project_id,
    toDateTime64(projects.first_at, 3, 'UTC') AS first_seen,
    toDateTime64(projects.last_at, 3, 'UTC') AS last_active,
    projects.entries AS total_entries,
    projects.sessions AS session_count,
    projects.days AS active_days,
    projects.messages AS total_messages,
    projects.user_messages AS user_messages,
    projects.messages - projects.user_messages AS assistant_messages,
    ifNull(tools.calls, 0) AS total_tool_calls,
    total_messages / session_count AS avg_messages_per_session,
    total_tool_calls / session_count AS avg_tool_calls_per_session,
    total_messages / active_days AS avg_messages_per_active_day,
    if(ifNull(durations.sessions, 0) > 0, durations.minutes / durations.sessions, NULL) AS avg_session_minutes,
    if(projects.messages > 0, projects.content_length / projects.messages, NULL) AS avg_content_length,
    toInt32(toDate(now(), zone)) - toInt32(toDate(projects.last_at, zone)) AS days_since_active,
    toInt32(toDate(now(), zone)) - toInt32(toDate(projects.first_at, zone)) AS project_age_days,
    multiIf(days_since_active <= 1, 'active_today', days_since_active <= 7, 'active_this_week', days_since_active <= 30, 'active_this_month', 'inactive') AS activity_status,
    multiIf(session_count <= 1, 'single_session', session_count <= 5, 'small', session_count <= 20, 'medium', 'large') AS project_size
FROM
(
    SELECT
        toString(store.project_id) AS project_id,
        min(store.first_at) AS first_at,
        max(store.last_at) AS last_at,
        sum(store.entries) AS entries,
        uniqExact(store.session_id) AS sessions,
        uniqExact(toDate(store.slot, ifNull((
            SELECT time_zone
            FROM assistant.variables
        ), 'UTC'))) AS days,
        sum(store.user_messages + store.assistant_messages) AS messages,
        sum(store.user_messages) AS user_messages,
        sum(store.content_length) AS content_length
    FROM assistant.store_activity AS store
    GROUP BY project_id
) AS projects
LEFT JOIN
(
    SELECT
        toString(store.project_id) AS project_id,
        sum(store.calls) AS calls
    FROM assistant.store_tool_calls AS store
    GROUP BY project_id
) AS tools ON tools.project_id = projects.project_id
LEFT JOIN
(
    SELECT
        toString(sessions.project_id) AS project_id,
        count() AS sessions,
        sum(sessions.duration_minutes) AS minutes
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY project_id
) AS durations ON durations.project_id = projects.project_id;

CREATE VIEW assistant.dim_sessions
(
    `session_key` String COMMENT 'Key of the session: its session_id, unique.',
    `session_id` String COMMENT 'The session: unique, also when it spans projects.',
    `project_id` LowCardinality(String) COMMENT 'Project with the most of its entries; of several, the one that sorts first. Joins dim_projects.',
    `project_count` UInt32 COMMENT 'Projects that its entries name.',
    `date_key` Date COMMENT 'Day on which it began, in the zone of assistant.variables; joins dim_date.',
    `session_start` DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    `session_end` DateTime64(3, 'UTC') COMMENT 'Time of its last entry so far, in UTC.',
    `start_date` Date COMMENT 'Day on which it began, in the zone of assistant.variables.',
    `end_date` Date COMMENT 'Day of its last entry.',
    `total_entries` UInt32 COMMENT 'Entries of every type.',
    `duration_seconds` UInt32 COMMENT 'Whole seconds from its first to its last entry, the pauses among them: active_seconds leaves those out.',
    `duration_minutes` Float64 COMMENT 'The same in minutes.',
    `duration_hours` Float64 COMMENT 'The same in hours.',
    `active_seconds` UInt32 COMMENT 'Whole seconds of its activity periods together: without silences longer than the configured one.',
    `period_count` UInt32 COMMENT 'Its activity periods; see fct_activity_periods.',
    `message_count` UInt32 COMMENT 'Messages of the user and the assistant.',
    `user_message_count` UInt32 COMMENT 'Messages of the user.',
    `assistant_message_count` UInt32 COMMENT 'Messages of the assistant.',
    `total_content_length` UInt64 COMMENT 'Characters of its messages.',
    `avg_content_length` Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    `messages_with_code` UInt32 COMMENT 'Messages with a fenced code block.',
    `question_count` UInt32 COMMENT 'Messages with a question.',
    `response_count` UInt32 COMMENT 'Responses that took more than no time.',
    `total_response_seconds` Float64 COMMENT 'Seconds that those took together.',
    `avg_response_time_seconds` Nullable(Float64) COMMENT 'Seconds that a response took on average, of those that took more than no time; null without one.',
    `tool_call_count` UInt32 COMMENT 'Tool calls. A call and its result are one call.',
    `unique_tools_used` UInt32 COMMENT 'Tools called.',
    `tool_invocations` UInt32 COMMENT 'Entries of type tool_use.',
    `tool_results` UInt32 COMMENT 'Entries of type tool_result.',
    `tool_errors` UInt32 COMMENT 'Results that say that the call failed.',
    `primary_tool` LowCardinality(Nullable(String)) COMMENT 'Tool called most; of several, the one that sorts first. Null without a call.',
    `tools_per_message` Nullable(Float64) COMMENT 'Tool calls for each message; null without messages.',
    `session_duration_category` LowCardinality(String) COMMENT 'quick below 60 seconds, short below 600, medium below 3600, else long.',
    `activity_level` LowCardinality(String) COMMENT 'By messages: minimal up to 5, light up to 20, moderate up to 50, else heavy.',
    `primary_task_category` LowCardinality(Nullable(String)) COMMENT 'Category of the most messages; other only when there is no more. Null without messages.',
    `task_category_count` UInt32 COMMENT 'Categories that its messages have, other among them.',
    `start_hour` UInt8 COMMENT 'Hour, 0 to 23, at which it began, in the zone of assistant.variables.',
    `start_day_of_week` UInt8 COMMENT 'Day on which it began: 0 is Sunday, 6 is Saturday.',
    `session_time_of_day` LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night, by start_hour.',
    `session_day_type` LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    `messages_per_minute` Nullable(Float64) COMMENT 'message_count / duration_minutes; null when it took no time.',
    `tools_per_minute` Nullable(Float64) COMMENT 'tool_call_count / duration_minutes; null when it took no time.',
    `too_late_count` UInt32 COMMENT 'Entries that came too late to be placed. They count above, but for responses and periods.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
COMMENT 'One row per session, also of one that spans projects.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
SELECT
    session_id AS session_key,
    session_id,
    project_id,
    project_count,
    start_date AS date_key,
    session_start,
    session_end,
    start_date,
    end_date,
    total_entries,
    duration_seconds,
    duration_minutes,
    duration_hours,
    active_seconds,
    period_count,
    message_count,
    user_message_count,
    assistant_message_count,
    total_content_length,
    avg_content_length,
    messages_with_code,
    question_count,
    response_count,
    total_response_seconds,
    avg_response_time_seconds,
    tool_call_count,
    unique_tools_used,
    tool_invocations,
    tool_results,
    tool_errors,
    primary_tool,
    tools_per_message,
    session_duration_category,
    activity_level,
    primary_task_category,
    task_category_count,
    toHour(session_start, zone) AS start_hour,
    toDayOfWeek(session_start, 0, zone) % 7 AS start_day_of_week,
    multiIf((start_hour >= 6) AND (start_hour <= 11), 'morning', (start_hour >= 12) AND (start_hour <= 17), 'afternoon', (start_hour >= 18) AND (start_hour <= 21), 'evening', 'night') AS session_time_of_day,
    if((start_day_of_week IN (0, 6)), 'weekend', 'weekday') AS session_day_type,
    if(duration_minutes > 0, message_count / duration_minutes, NULL) AS messages_per_minute,
    if(duration_minutes > 0, tool_call_count / duration_minutes, NULL) AS tools_per_minute,
    too_late_count,
    extracted_at
FROM assistant.int_sessions_computed;

CREATE VIEW assistant.dim_tools
(
    `tool_key` String COMMENT 'Key of the tool: its tool_name, unique.',
    `tool_name` String COMMENT 'The tool.',
    `tool_category` LowCardinality(String) COMMENT 'Its category in tool_categories; unknown without one.',
    `tool_description` String COMMENT 'What it does; empty when unknown.',
    `is_file_tool` Bool COMMENT 'Whether its calls count as file operations.',
    `is_search_tool` Bool COMMENT 'Whether its calls count as searches.',
    `is_shell_tool` Bool COMMENT 'Whether its calls count as shell commands.',
    `total_calls` UInt64 COMMENT 'Calls. A call and its result are one call.',
    `sessions_used` UInt64 COMMENT 'Sessions with a call.',
    `projects_used` UInt64 COMMENT 'Projects with a call.',
    `days_used` UInt64 COMMENT 'Days with a call, in the zone of assistant.variables.',
    `first_used` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the first call, in UTC; null without one.',
    `last_used` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the last call, in UTC; null without one.',
    `invocation_count` UInt64 COMMENT 'Entries of type tool_use: the same as total_calls.',
    `result_count` UInt64 COMMENT 'Results of its calls; of unknown, also those without a call.',
    `success_count` UInt64 COMMENT 'Calls whose result says nothing of an error.',
    `avg_execution_seconds` Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    `primary_file_type` LowCardinality(Nullable(String)) COMMENT 'Type of the files that most calls name; of several, the one that sorts first. Null when no call names a file.',
    `success_rate` Nullable(Float64) COMMENT 'Share of the calls with a result whose result says nothing of an error, 0 to 1; null without a result.',
    `popularity_rank` UInt64 COMMENT 'Place by total_calls: 1 has the most; equal ones share a place.',
    `usage_tier` LowCardinality(String) COMMENT 'By total_calls: unused for 0, rare up to 10, occasional up to 100, frequent up to 1000, else heavy.'
)
COMMENT 'One row per tool that was called or that tool_categories names.'
AS SELECT
    tools.tool_name AS tool_key,
    tools.tool_name AS tool_name,
    tools.tool_category AS tool_category,
    tools.tool_description AS tool_description,
    toBool(tools.operation_kind = 'file') AS is_file_tool,
    toBool(tools.operation_kind = 'search') AS is_search_tool,
    toBool(tools.operation_kind = 'shell') AS is_shell_tool,
    ifNull(calls.calls, 0) AS total_calls,
    ifNull(calls.sessions, 0) AS sessions_used,
    ifNull(calls.projects, 0) AS projects_used,
    ifNull(calls.days, 0) AS days_used,
    toDateTime64(calls.first_called_at, 3, 'UTC') AS first_used,
    toDateTime64(calls.last_called_at, 3, 'UTC') AS last_used,
    ifNull(calls.calls, 0) AS invocation_count,
    ifNull(calls.results, 0) AS result_count,
    ifNull(calls.successes, 0) AS success_count,
    if(ifNull(calls.timed, 0) > 0, (calls.duration_ms / 1000) / calls.timed, NULL) AS avg_execution_seconds,
    nullIf(ifNull(types.file_type_category, ''), '') AS primary_file_type,
    if(ifNull(calls.paired, 0) > 0, calls.successes / calls.paired, NULL) AS success_rate,
    rank() OVER (ORDER BY ifNull(calls.calls, 0) DESC) AS popularity_rank,
    multiIf(total_calls = 0, 'unused', total_calls <= 10, 'rare', total_calls <= 100, 'occasional', total_calls <= 1000, 'frequent', 'heavy') AS usage_tier
FROM assistant.int_tools AS tools
LEFT JOIN
(
    SELECT
        toString(store.tool_name) AS tool_name,
        sum(store.calls) AS calls,
        sum(store.results) AS results,
        sum(store.paired) AS paired,
        sum(store.successes) AS successes,
        sum(store.timed) AS timed,
        sum(store.duration_ms) AS duration_ms,
        uniqExactIf(store.session_id, store.calls > 0) AS sessions,
        uniqExactIf(store.project_id, store.calls > 0) AS projects,
        uniqExactIf(toDate(store.slot, ifNull((
            SELECT time_zone
            FROM assistant.variables
        ), 'UTC')), store.calls > 0) AS days,
        min(store.first_called_at) AS first_called_at,
        max(store.last_called_at) AS last_called_at
    FROM assistant.store_tool_calls AS store
    GROUP BY tool_name
) AS calls ON calls.tool_name = tools.tool_name
LEFT JOIN
(
    SELECT
        tool_name,
        (min((-files, file_type))).2 AS file_type_category
    FROM
    (
        SELECT
            toString(store.tool_name) AS tool_name,
            toString(store.file_type_category) AS file_type,
            sum(store.calls) AS files
        FROM assistant.store_tool_calls AS store
        WHERE store.file_type_category != ''
        GROUP BY
            tool_name,
            file_type
    ) AS by_type
    GROUP BY tool_name
) AS types ON types.tool_name = tools.tool_name;

CREATE VIEW assistant.fct_activity_periods
(
    `period_key` String COMMENT 'session_id@start in milliseconds since 1970: unique.',
    `session_key` String COMMENT 'Joins dim_sessions.',
    `session_id` String COMMENT 'Session that it is a part of.',
    `project_id` LowCardinality(String) COMMENT 'Project of its first entry; joins dim_projects.',
    `date_key` Date COMMENT 'Day on which it began, in the zone of assistant.variables; joins dim_date.',
    `started_at` DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    `ended_at` DateTime64(3, 'UTC') COMMENT 'Time of its last entry so far, in UTC.',
    `duration_seconds` UInt32 COMMENT 'Whole seconds between the two.',
    `entry_count` UInt32 COMMENT 'Entries of every type.',
    `user_message_count` UInt32 COMMENT 'Messages of the user.',
    `assistant_message_count` UInt32 COMMENT 'Messages of the assistant.',
    `tool_call_count` UInt32 COMMENT 'Tool calls.'
)
COMMENT 'Sessions by inactivity: one row per stretch of a session without a silence longer than the configured one.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
FROM assistant.landing_activity_periods
FINAL
WHERE sign = 1;

CREATE VIEW assistant.fct_file_operations
(
    `file_operation_key` String COMMENT 'session_id/conversation_id: unique; the tool_call_key of fct_tool_calls.',
    `session_key` String COMMENT 'Joins dim_sessions.',
    `tool_key` String COMMENT 'Joins dim_tools.',
    `date_key` Date COMMENT 'Day of the call, in the zone of assistant.variables; joins dim_date.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `conversation_id` String COMMENT 'Id of the entry that is the call; unique with session_id.',
    `session_id` String COMMENT 'Session.',
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `operation_type` LowCardinality(String) COMMENT 'read (Read), write (Write), edit (Edit), multi_edit (MultiEdit) or other (NotebookEdit, and what tool_categories adds).',
    `file_path` Nullable(String) COMMENT 'File that the call names; null without one.',
    `file_extension` LowCardinality(Nullable(String)) COMMENT 'Its extension, in lower case without the dot; null without one.',
    `file_type_category` LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other.',
    `is_read` Bool COMMENT 'Whether operation_type is read.',
    `is_write` Bool COMMENT 'Whether operation_type is write.',
    `is_edit` Bool COMMENT 'Whether operation_type is edit or multi_edit.',
    `operation_content_length` UInt32 COMMENT 'Characters of the call\'s content; without one, of its input as JSON.',
    `duration_ms` Nullable(Int64) COMMENT 'Milliseconds until its result; null without one.',
    `is_success` Nullable(Bool) COMMENT 'Whether its result says nothing of an error; null without a result.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'Time of the call, in UTC.',
    `partition_date` Date COMMENT 'The same as date_key.',
    `source_file` LowCardinality(String) COMMENT 'File that the entry came from; empty when unknown.'
)
COMMENT 'One row per call of a tool that works on a file.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone,
    (
        SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none'))
        FROM assistant.int_tools
    ) AS kinds
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
    FROM assistant.landing_tool_calls
    FINAL
    WHERE (sign = 1) AND (call_conversation_id != '') AND (transform(toString(tool_name), kinds.1, kinds.2, 'none') = 'file')
) AS calls;

CREATE VIEW assistant.fct_file_ops
(
    `file_operation_key` String COMMENT 'session_id/conversation_id: unique; the tool_call_key of fct_tool_calls.',
    `session_key` String COMMENT 'Joins dim_sessions.',
    `tool_key` String COMMENT 'Joins dim_tools.',
    `date_key` Date COMMENT 'Day of the call, in the zone of assistant.variables; joins dim_date.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `conversation_id` String COMMENT 'Id of the entry that is the call; unique with session_id.',
    `session_id` String COMMENT 'Session.',
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `operation_type` LowCardinality(String) COMMENT 'read (Read), write (Write), edit (Edit), multi_edit (MultiEdit) or other (NotebookEdit, and what tool_categories adds).',
    `file_path` Nullable(String) COMMENT 'File that the call names; null without one.',
    `file_extension` LowCardinality(Nullable(String)) COMMENT 'Its extension, in lower case without the dot; null without one.',
    `file_type_category` LowCardinality(String) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other.',
    `is_read` Bool COMMENT 'Whether operation_type is read.',
    `is_write` Bool COMMENT 'Whether operation_type is write.',
    `is_edit` Bool COMMENT 'Whether operation_type is edit or multi_edit.',
    `operation_content_length` UInt32 COMMENT 'Characters of the call\'s content; without one, of its input as JSON.',
    `duration_ms` Nullable(Int64) COMMENT 'Milliseconds until its result; null without one.',
    `is_success` Nullable(Bool) COMMENT 'Whether its result says nothing of an error; null without a result.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'Time of the call, in UTC.',
    `partition_date` Date COMMENT 'The same as date_key.',
    `source_file` LowCardinality(String) COMMENT 'File that the entry came from; empty when unknown.'
)
COMMENT 'The same as fct_file_operations, under the name that the diagram of the document has.'
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
FROM assistant.fct_file_operations;

CREATE VIEW assistant.fct_messages
(
    `message_key` String COMMENT 'session_id/conversation_id: unique.',
    `session_key` String COMMENT 'Joins dim_sessions.',
    `date_key` Date COMMENT 'Day on which it was written, in the zone of assistant.variables; joins dim_date.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `role` LowCardinality(String) COMMENT 'user or assistant.',
    `turn_type` LowCardinality(Nullable(String)) COMMENT 'conversation_start, follow_up (user after assistant), response (assistant after user) or continuation; null when it came too late to be placed.',
    `message_sequence` Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    `content_length` UInt32 COMMENT 'Characters of the content.',
    `response_time_seconds` Nullable(Float64) COMMENT 'Of a response: seconds since the user\'s message; null otherwise.',
    `task_category` LowCardinality(String) COMMENT 'bug_fix, feature, refactor, testing, documentation, review or other: the first whose words it has.',
    `time_of_day` LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    `day_type` LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    `hour_of_day` UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    `day_of_week` UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    `has_code_block` Bool COMMENT 'Whether it has a fenced code block.',
    `has_url` Bool COMMENT 'Whether it has an http or https address.',
    `is_question` Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    `partition_date` Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    `previous_role` LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    `seconds_since_previous` Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
COMMENT 'One row per message of the user or the assistant.'
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
FROM assistant.int_messages_enriched;

CREATE VIEW assistant.fct_tool_calls
(
    `tool_call_key` String COMMENT 'session_id/conversation_id: unique.',
    `session_key` String COMMENT 'Joins dim_sessions.',
    `tool_key` String COMMENT 'Joins dim_tools.',
    `date_key` Date COMMENT 'Day on which it happened, in the zone of assistant.variables; joins dim_date.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `entry_type` LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    `tool_use_id` String COMMENT 'Id that a call and its result share; empty without one.',
    `tool_name` LowCardinality(String) COMMENT 'Tool; of a result, the tool of its call. unknown when neither names one.',
    `is_invocation` Bool COMMENT 'Whether it is a call.',
    `is_result` Bool COMMENT 'Whether it is a result.',
    `tool_sequence` Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
    `tool_category` LowCardinality(String) COMMENT 'Category of the tool in tool_categories; unknown without one.',
    `is_file_operation` Bool COMMENT 'Whether the tool\'s calls count as file operations: Read, Write, Edit, NotebookEdit, MultiEdit, and what tool_categories adds.',
    `is_search_operation` Bool COMMENT 'The same of searches: Glob, Grep, WebSearch, and what tool_categories adds.',
    `is_shell_command` Bool COMMENT 'The same of shell commands: Bash, and what tool_categories adds.',
    `file_path` Nullable(String) COMMENT 'File that the call names; null without one.',
    `file_extension` LowCardinality(Nullable(String)) COMMENT 'Extension of that file, in lower case without the dot; null without one.',
    `file_type_category` LowCardinality(Nullable(String)) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other; null without a file.',
    `tool_content_length` UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    `estimated_execution_seconds` Nullable(Float64) COMMENT 'Of a call: seconds until its result, measured between the two and not estimated; the name is the document\'s. Null without a result, and on results, so that sums count once.',
    `duration_ms` Nullable(Int64) COMMENT 'The same in milliseconds.',
    `is_success` Nullable(Bool) COMMENT 'Of a call: whether its result says nothing of an error; null without a result, and on results.',
    `is_error` Bool COMMENT 'Of a result: whether it says that the call failed.',
    `retry_count` Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    `partition_date` Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
COMMENT 'One row per tool call (is_invocation) and per tool result (is_result); durations and successes stand on the calls.'
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
FROM assistant.int_tool_usage;

CREATE VIEW assistant.int_messages_enriched
(
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `role` LowCardinality(String) COMMENT 'user or assistant.',
    `turn_type` LowCardinality(Nullable(String)) COMMENT 'conversation_start, follow_up (user after assistant), response (assistant after user) or continuation; null when it came too late to be placed.',
    `message_sequence` Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    `previous_role` LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    `seconds_since_previous` Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    `response_time_seconds` Nullable(Float64) COMMENT 'Of a response: seconds since the user\'s message; null otherwise.',
    `content_length` UInt32 COMMENT 'Characters of the content.',
    `content` Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    `task_category` LowCardinality(String) COMMENT 'bug_fix, feature, refactor, testing, documentation, review or other: the first whose words it has.',
    `hour_of_day` UInt8 COMMENT 'Hour, 0 to 23, in the zone of assistant.variables.',
    `day_of_week` UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    `week_of_year` UInt8 COMMENT 'ISO week, 1 to 53.',
    `month_of_year` UInt8 COMMENT 'Month, 1 to 12.',
    `time_of_day` LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night.',
    `day_type` LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    `has_code_block` Bool COMMENT 'Whether it has a fenced code block.',
    `has_url` Bool COMMENT 'Whether it has an http or https address.',
    `is_question` Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    `partition_date` Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
COMMENT 'Silver: messages with what they are about, and the hour and day in the configured zone.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
    multiIf((hour_of_day >= 6) AND (hour_of_day <= 11), 'morning', (hour_of_day >= 12) AND (hour_of_day <= 17), 'afternoon', (hour_of_day >= 18) AND (hour_of_day <= 21), 'evening', 'night') AS time_of_day,
    if((day_of_week IN (0, 6)), 'weekend', 'weekday') AS day_type,
    has_code_block,
    has_url,
    is_question,
    effective_timestamp,
    partition_date,
    extracted_at,
    is_too_late,
    source_file
FROM assistant.stg_messages;

CREATE VIEW assistant.int_sessions_computed
(
    `session_id` String COMMENT 'The session: unique, also when it spans projects.',
    `project_id` LowCardinality(String) COMMENT 'Project with the most of its entries; of several, the one that sorts first.',
    `project_count` UInt32 COMMENT 'Projects that its entries name.',
    `session_start` DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    `session_end` DateTime64(3, 'UTC') COMMENT 'Time of its last entry so far, in UTC.',
    `start_date` Date COMMENT 'Day on which it began, in the zone of assistant.variables.',
    `end_date` Date COMMENT 'Day of its last entry.',
    `total_entries` UInt32 COMMENT 'Entries of every type.',
    `duration_seconds` UInt32 COMMENT 'Whole seconds from its first to its last entry, the pauses among them: active_seconds leaves those out.',
    `duration_minutes` Float64 COMMENT 'The same in minutes.',
    `duration_hours` Float64 COMMENT 'The same in hours.',
    `active_seconds` UInt32 COMMENT 'Whole seconds of its activity periods together: without silences longer than the configured one.',
    `period_count` UInt32 COMMENT 'Its activity periods; see fct_activity_periods.',
    `message_count` UInt32 COMMENT 'Messages of the user and the assistant.',
    `user_message_count` UInt32 COMMENT 'Messages of the user.',
    `assistant_message_count` UInt32 COMMENT 'Messages of the assistant.',
    `total_content_length` UInt64 COMMENT 'Characters of its messages.',
    `avg_content_length` Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    `messages_with_code` UInt32 COMMENT 'Messages with a fenced code block.',
    `question_count` UInt32 COMMENT 'Messages with a question.',
    `response_count` UInt32 COMMENT 'Responses that took more than no time.',
    `total_response_seconds` Float64 COMMENT 'Seconds that those took together.',
    `avg_response_time_seconds` Nullable(Float64) COMMENT 'Seconds that a response took on average, of those that took more than no time; null without one.',
    `tool_call_count` UInt32 COMMENT 'Tool calls. A call and its result are one call.',
    `unique_tools_used` UInt32 COMMENT 'Tools called.',
    `tool_invocations` UInt32 COMMENT 'Entries of type tool_use.',
    `tool_results` UInt32 COMMENT 'Entries of type tool_result.',
    `tool_errors` UInt32 COMMENT 'Results that say that the call failed.',
    `primary_tool` LowCardinality(Nullable(String)) COMMENT 'Tool called most; of several, the one that sorts first. Null without a call.',
    `tools_per_message` Nullable(Float64) COMMENT 'Tool calls for each message; null without messages.',
    `session_duration_category` LowCardinality(String) COMMENT 'quick below 60 seconds, short below 600, medium below 3600, else long.',
    `activity_level` LowCardinality(String) COMMENT 'By messages: minimal up to 5, light up to 20, moderate up to 50, else heavy.',
    `primary_task_category` LowCardinality(Nullable(String)) COMMENT 'Category of the most messages; other only when there is no more. Null without messages.',
    `task_category_count` UInt32 COMMENT 'Categories that its messages have, other among them.',
    `too_late_count` UInt32 COMMENT 'Entries that came too late to be placed. They count above, but for responses and periods.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
COMMENT 'Silver: one row per session with its sums.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
    if(response_count > 0, (total_response_ms / 1000) / response_count, NULL) AS avg_response_time_seconds,
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
FROM assistant.landing_sessions AS landing
FINAL
WHERE sign = 1;

CREATE VIEW assistant.int_tool_usage
(
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `entry_type` LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    `tool_use_id` String COMMENT 'Id that a call and its result share; empty without one.',
    `tool_name` LowCardinality(String) COMMENT 'Tool; of a result, the tool of its call. unknown when neither names one.',
    `tool_category` LowCardinality(String) COMMENT 'Category of the tool in tool_categories; unknown without one.',
    `is_invocation` Bool COMMENT 'Whether it is a call.',
    `is_result` Bool COMMENT 'Whether it is a result.',
    `tool_sequence` Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
    `is_file_operation` Bool COMMENT 'Whether the tool\'s calls count as file operations: Read, Write, Edit, NotebookEdit, MultiEdit, and what tool_categories adds.',
    `is_search_operation` Bool COMMENT 'The same of searches: Glob, Grep, WebSearch, and what tool_categories adds.',
    `is_shell_command` Bool COMMENT 'The same of shell commands: Bash, and what tool_categories adds.',
    `file_path` Nullable(String) COMMENT 'File that the call names; null without one.',
    `file_extension` LowCardinality(Nullable(String)) COMMENT 'Extension of that file, in lower case without the dot; null without one.',
    `file_type_category` LowCardinality(Nullable(String)) COMMENT 'javascript, python, jvm, go, rust, sql, documentation, config, styles, html, shell, docker or other; null without a file.',
    `tool_content_length` UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    `estimated_execution_seconds` Nullable(Float64) COMMENT 'Of a call: seconds until its result, measured between the two and not estimated; the name is the document\'s. Null without a result, and on results, so that sums count once.',
    `duration_ms` Nullable(Int64) COMMENT 'The same in milliseconds.',
    `is_success` Nullable(Bool) COMMENT 'Of a call: whether its result says nothing of an error; null without a result, and on results.',
    `is_error` Bool COMMENT 'Of a result: whether it says that the call failed.',
    `retry_count` Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    `partition_date` Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
COMMENT 'Silver: one row per tool call and per tool result, each with the tool of the call, its category and its file.'
AS WITH
    (
        SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(tool_category)), 'unknown'), arrayPushBack(groupArray(toString(operation_kind)), 'none'))
        FROM assistant.int_tools
    ) AS tools
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
        arrayJoin(arrayFilter(id -> (id != ''), [call_conversation_id, result_conversation_id])) AS conversation_id,
        toString(tool_name) AS tool_name,
        file_path,
        toString(file_extension) AS file_extension,
        toString(file_type_category) AS file_type_category,
        duration_ms,
        is_success
    FROM assistant.landing_tool_calls
    FINAL
    WHERE sign = 1
) AS pairs ON (pairs.session_id = entries.session_id) AND (pairs.conversation_id = entries.conversation_id);

CREATE VIEW assistant.int_tools
(
    `tool_name` String COMMENT 'The tool: unique.',
    `tool_category` LowCardinality(String) COMMENT 'Its category in tool_categories, by its name or else by the longest name with a * that fits; unknown without one.',
    `tool_description` String COMMENT 'What it does; empty when unknown.',
    `operation_kind` LowCardinality(String) COMMENT 'What its calls count as: file, search, shell or none.',
    `is_seeded` Bool COMMENT 'Whether tool_categories has it or a name with a * that fits.'
)
COMMENT 'Silver: every tool that was called or that tool_categories names, with its category.'
AS WITH
    (
        SELECT arraySort(seed -> (endsWith(seed.1, '*'), -length(seed.1)), groupArray((tool_name, toString(tool_category), tool_description, toString(operation_kind))))
        FROM assistant.tool_categories
    ) AS seeds,
    arrayFirst(seed -> (((seed.1) = tools.tool_name) OR (endsWith(seed.1, '*') AND startsWith(tools.tool_name, substring(seed.1, 1, length(seed.1) - 1)))), seeds) AS found
SELECT
    tool_name,
    if((found.1) = '', 'unknown', found.2) AS tool_category,
    found.3 AS tool_description,
    multiIf((found.1) != '', found.4, (tool_name IN ('Read', 'Write', 'Edit', 'NotebookEdit', 'MultiEdit')), 'file', (tool_name IN ('Glob', 'Grep', 'WebSearch')), 'search', tool_name = 'Bash', 'shell', 'none') AS operation_kind,
    toBool((found.1) != '') AS is_seeded
FROM
(
    SELECT toString(tool_name) AS tool_name
    FROM assistant.store_tool_calls
    UNION DISTINCT
    SELECT tool_name
    FROM assistant.tool_categories
    WHERE NOT endsWith(tool_name, '*')
) AS tools;

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

CREATE TABLE assistant.landing_seeds
(
    `seed` LowCardinality(String) COMMENT 'Name of the seed: tool_categories, or variables.',
    `header` Array(String) COMMENT 'Names of its columns.',
    `cells` Array(String) COMMENT 'Its cells, row by row.',
    `checksum` String COMMENT 'SHA-256 of header and cells, in hexadecimal.',
    `origin` LowCardinality(String) COMMENT 'shipped with Parley, folder (a person\'s own) or configuration.',
    `loaded_at` DateTime64(3, 'UTC') COMMENT 'When it was loaded.',
    `sign` Int8 COMMENT '+1: the row is true; -1: it is withdrawn.',
    `row_version` UInt64 COMMENT 'The row with the largest version of a key holds.'
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY seed
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of seeds. Read assistant.tool_categories and assistant.variables.';

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

CREATE VIEW assistant.stg_conversations
(
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id: a tool that continues a session copies its entries into the new one.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `entry_type` LowCardinality(String) COMMENT 'user, assistant, tool_use, tool_result, system, summary, file-history-snapshot, queue-operation, progress or unknown.',
    `original_timestamp` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time that the entry has of itself, in UTC.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'Time that it counts under, in UTC: the same, since an entry without one is refused.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC: what freshness goes by.',
    `content_length` UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    `content` Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    `is_message` Bool COMMENT 'Whether it is of type user or assistant.',
    `is_tool_related` Bool COMMENT 'Whether it is of type tool_use or tool_result.',
    `is_user_message` Bool COMMENT 'Whether it is of type user.',
    `is_assistant_message` Bool COMMENT 'Whether it is of type assistant.',
    `partition_date` Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    `tool_name` LowCardinality(String) COMMENT 'Tool that the entry itself names; empty without one.',
    `tool_use_id` String COMMENT 'Id that a call and its result share; empty without one.',
    `is_error` Bool COMMENT 'Whether a tool result says that the call failed.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
COMMENT 'Bronze: one row per entry, of every type.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
FROM assistant.landing_entries
FINAL
WHERE sign = 1;

CREATE VIEW assistant.stg_messages
(
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `role` LowCardinality(String) COMMENT 'user or assistant: the type of the entry.',
    `message_sequence` Nullable(UInt32) COMMENT 'Number among the messages of its session by time, from 1; null when it came too late to be placed.',
    `previous_role` LowCardinality(Nullable(String)) COMMENT 'Role of the message before it; null for the first.',
    `seconds_since_previous` Nullable(Float64) COMMENT 'Seconds since that message; null for the first.',
    `turn_type` LowCardinality(Nullable(String)) COMMENT 'conversation_start (first of its session), follow_up (user after assistant), response (assistant after user) or continuation (the same role again); null when it came too late to be placed.',
    `response_time_seconds` Nullable(Float64) COMMENT 'Of a response: seconds since the user\'s message; null otherwise.',
    `task_category` LowCardinality(String) COMMENT 'First of bug_fix, feature, refactor, testing, documentation, review whose words it has, else other. Whole words only, as configured.',
    `has_code_block` Bool COMMENT 'Whether it has a fenced code block.',
    `has_url` Bool COMMENT 'Whether it has an http or https address.',
    `is_question` Bool COMMENT 'Whether it has a question mark at the end of a word or line.',
    `content_length` UInt32 COMMENT 'Characters of the content.',
    `content` Nullable(String) COMMENT 'The content; null unless Parley was configured to store it.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it was written, in UTC.',
    `partition_date` Date COMMENT 'Day on which it was written, in the zone of assistant.variables.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness: it is counted, and has no place in its session.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
COMMENT 'Bronze: one row per message of the user or the assistant, with its place among them.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
FROM assistant.landing_entries AS landing
FINAL
WHERE (entry_type IN ('user', 'assistant')) AND (sign = 1);

CREATE VIEW assistant.stg_tool_calls
(
    `conversation_id` String COMMENT 'Id of the entry; unique with session_id.',
    `session_id` String COMMENT 'Session; joins dim_sessions.',
    `project_id` LowCardinality(String) COMMENT 'Project; joins dim_projects.',
    `entry_type` LowCardinality(String) COMMENT 'tool_use (a call) or tool_result.',
    `tool_name` LowCardinality(String) COMMENT 'Tool that the entry itself names, else unknown. Results mostly name none: int_tool_usage has the tool of their call.',
    `tool_use_id` String COMMENT 'Id that a call and its result share; empty without one.',
    `is_invocation` Bool COMMENT 'Whether it is a call.',
    `is_result` Bool COMMENT 'Whether it is a result.',
    `is_error` Bool COMMENT 'Whether it is a result that says that the call failed.',
    `tool_sequence` Nullable(UInt32) COMMENT 'Number among the tool entries of its session by time, from 1; null when it came too late to be placed.',
    `retry_count` Nullable(UInt32) COMMENT 'Of a call: how many calls of the same tool with the same input failed right before it.',
    `content_length` UInt32 COMMENT 'Characters of the content; of a call without content, of its input as JSON.',
    `effective_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened, in UTC.',
    `partition_date` Date COMMENT 'Day on which it happened, in the zone of assistant.variables.',
    `extracted_at` DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.',
    `is_too_late` Bool COMMENT 'Whether it came later than the allowed lateness.',
    `source_file` LowCardinality(String) COMMENT 'File that it came from; empty when unknown.'
)
COMMENT 'Bronze: one row per tool call and per tool result.'
AS WITH
    ifNull((
        SELECT time_zone
        FROM assistant.variables
    ), 'UTC') AS zone
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
FROM assistant.landing_entries AS landing
FINAL
WHERE (entry_type IN ('tool_use', 'tool_result')) AND (sign = 1);

CREATE TABLE assistant.store_activity
(
    `slot` DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour.',
    `session_id` String COMMENT 'Session.',
    `project_id` LowCardinality(String) COMMENT 'Project.',
    `first_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'Time of the first entry.',
    `last_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Time of the last entry.',
    `entries` SimpleAggregateFunction(sum, Int64) COMMENT 'Entries of every type.',
    `user_messages` SimpleAggregateFunction(sum, Int64) COMMENT 'Messages of the user.',
    `assistant_messages` SimpleAggregateFunction(sum, Int64) COMMENT 'Messages of the assistant.',
    `content_length` SimpleAggregateFunction(sum, Int64) COMMENT 'Characters of the messages.',
    `messages_with_code` SimpleAggregateFunction(sum, Int64) COMMENT 'Messages with a fenced code block.',
    `questions` SimpleAggregateFunction(sum, Int64) COMMENT 'Messages with a question.',
    `responses` SimpleAggregateFunction(sum, Int64) COMMENT 'Responses later than the message that they follow.',
    `response_ms` SimpleAggregateFunction(sum, Int64) COMMENT 'Milliseconds that those took together.'
)
ENGINE = AggregatingMergeTree
ORDER BY (slot, session_id, project_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of activity. Read the aggregates.';

CREATE MATERIALIZED VIEW assistant.store_activity_feed TO assistant.store_activity
(
    `slot` DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour.',
    `session_id` String COMMENT 'Session.',
    `project_id` LowCardinality(String) COMMENT 'Project.',
    `first_at` DateTime64(3, 'UTC') COMMENT 'Time of the first entry.',
    `last_at` DateTime64(3, 'UTC') COMMENT 'Time of the last entry.',
    `entries` Int64 COMMENT 'Entries of every type.',
    `user_messages` Int64 COMMENT 'Messages of the user.',
    `assistant_messages` Int64 COMMENT 'Messages of the assistant.',
    `content_length` Int64 COMMENT 'Characters of the messages.',
    `messages_with_code` Int64 COMMENT 'Messages with a fenced code block.',
    `questions` Int64 COMMENT 'Messages with a question.',
    `responses` Int64 COMMENT 'Responses later than the message that they follow.',
    `response_ms` Int64 COMMENT 'Milliseconds that those took together.'
)
COMMENT 'Keeps store_activity.'
AS SELECT
    toStartOfFifteenMinutes(toDateTime(effective_timestamp)) AS slot,
    session_id,
    project_id,
    min(effective_timestamp) AS first_at,
    max(effective_timestamp) AS last_at,
    sum(sign) AS entries,
    sumIf(sign, entry_type = 'user') AS user_messages,
    sumIf(sign, entry_type = 'assistant') AS assistant_messages,
    sumIf(sign * toInt64(landing.content_length), (entry_type IN ('user', 'assistant'))) AS content_length,
    sumIf(sign, has_code_block) AS messages_with_code,
    sumIf(sign, is_question) AS questions,
    sumIf(sign, response_time_ms > 0) AS responses,
    sumIf(sign * assumeNotNull(response_time_ms), response_time_ms > 0) AS response_ms
FROM assistant.landing_entries AS landing
GROUP BY
    slot,
    session_id,
    project_id;

CREATE TABLE assistant.store_durations
(
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `duration_ms` Int64 COMMENT 'Milliseconds that a call took.',
    `calls` Int64 COMMENT 'Calls that took so long, to be summed.'
)
ENGINE = SummingMergeTree(calls)
ORDER BY (tool_name, duration_ms)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of durations of calls. Read assistant.agg_tool_efficiency.';

CREATE MATERIALIZED VIEW assistant.store_durations_feed TO assistant.store_durations
(
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `duration_ms` Int64 COMMENT 'Milliseconds that a call took.',
    `calls` Int64 COMMENT 'Calls that took so long, to be summed.'
)
COMMENT 'Keeps store_durations.'
AS SELECT
    tool_name,
    assumeNotNull(landing.duration_ms) AS duration_ms,
    sum(sign) AS calls
FROM assistant.landing_tool_calls AS landing
WHERE landing.duration_ms IS NOT NULL
GROUP BY
    tool_name,
    duration_ms;

CREATE TABLE assistant.store_tool_calls
(
    `slot` DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour of the call.',
    `session_id` String COMMENT 'Session.',
    `project_id` LowCardinality(String) COMMENT 'Project.',
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `file_path` String COMMENT 'File that the input names; empty without one.',
    `file_extension` LowCardinality(String) COMMENT 'Its extension; empty without one.',
    `file_type_category` LowCardinality(String) COMMENT 'Its type; empty without a file.',
    `first_called_at` SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Time of the first call; null when there are only results without a call.',
    `last_called_at` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) COMMENT 'Time of the last call; null when there are only results without a call.',
    `calls` SimpleAggregateFunction(sum, Int64) COMMENT 'Calls.',
    `results` SimpleAggregateFunction(sum, Int64) COMMENT 'Results, those without a call among them.',
    `paired` SimpleAggregateFunction(sum, Int64) COMMENT 'Calls with a result.',
    `successes` SimpleAggregateFunction(sum, Int64) COMMENT 'Those of them that say nothing of an error.',
    `timed` SimpleAggregateFunction(sum, Int64) COMMENT 'Calls with a duration.',
    `duration_ms` SimpleAggregateFunction(sum, Int64) COMMENT 'Milliseconds that those took together.',
    `input_length` SimpleAggregateFunction(sum, Int64) COMMENT 'Characters of the calls.'
)
ENGINE = AggregatingMergeTree
ORDER BY (slot, session_id, project_id, tool_name, file_path, file_extension, file_type_category)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192
COMMENT 'Storage of tool calls. Read the aggregates.';

CREATE MATERIALIZED VIEW assistant.store_tool_calls_feed TO assistant.store_tool_calls
(
    `slot` DateTime('UTC') COMMENT 'Start of the UTC quarter of an hour of the call.',
    `session_id` String COMMENT 'Session.',
    `project_id` LowCardinality(String) COMMENT 'Project.',
    `tool_name` LowCardinality(String) COMMENT 'Tool.',
    `file_path` String COMMENT 'File that the input names; empty without one.',
    `file_extension` LowCardinality(String) COMMENT 'Its extension; empty without one.',
    `file_type_category` LowCardinality(String) COMMENT 'Its type; empty without a file.',
    `first_called_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the first call; null when there are only results without a call.',
    `last_called_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the last call; null when there are only results without a call.',
    `calls` Int64 COMMENT 'Calls.',
    `results` Int64 COMMENT 'Results, those without a call among them.',
    `paired` Int64 COMMENT 'Calls with a result.',
    `successes` Int64 COMMENT 'Those of them that say nothing of an error.',
    `timed` Int64 COMMENT 'Calls with a duration.',
    `duration_ms` Int64 COMMENT 'Milliseconds that those took together.',
    `input_length` Int64 COMMENT 'Characters of the calls.'
)
COMMENT 'Keeps store_tool_calls.'
AS WITH
    call_conversation_id != '' AS has_call,
    result_conversation_id != '' AS has_result
SELECT
    toStartOfFifteenMinutes(toDateTime(occurred_at)) AS slot,
    session_id,
    project_id,
    tool_name,
    file_path,
    file_extension,
    file_type_category,
    min(called_at) AS first_called_at,
    max(called_at) AS last_called_at,
    sumIf(sign, has_call) AS calls,
    sumIf(sign, has_result) AS results,
    sumIf(sign, has_call AND has_result) AS paired,
    sumIf(sign, has_call AND has_result AND (is_success = 1)) AS successes,
    sumIf(sign, landing.duration_ms IS NOT NULL) AS timed,
    sumIf(sign * assumeNotNull(landing.duration_ms), landing.duration_ms IS NOT NULL) AS duration_ms,
    sumIf(sign * toInt64(landing.input_length), has_call) AS input_length
FROM assistant.landing_tool_calls AS landing
GROUP BY
    slot,
    session_id,
    project_id,
    tool_name,
    file_path,
    file_extension,
    file_type_category;

CREATE VIEW assistant.tool_categories
(
    `tool_name` String COMMENT 'Tool, spelled as in the entries; one that ends in * stands for all that begin so. Unique.',
    `tool_category` LowCardinality(String) COMMENT 'Category: file_op, search, shell, agent, planning, network, interaction, or what the file says.',
    `tool_description` String COMMENT 'What the tool does.',
    `operation_kind` LowCardinality(String) COMMENT 'What its calls count as: file, search, shell or none.',
    `loaded_at` DateTime64(3, 'UTC') COMMENT 'When the file was loaded.'
)
COMMENT 'The seed tool_categories: what `seeds/tool_categories.csv`, or a file of your own, says.'
AS WITH
    arrayJoin(range(0, length(cells), greatest(length(header), 1))) AS at
SELECT
    cells[at + indexOf(header, 'tool_name')] AS tool_name,
    cells[at + indexOf(header, 'tool_category')] AS tool_category,
    cells[at + indexOf(header, 'tool_description')] AS tool_description,
    multiIf((cells[at + indexOf(header, 'operation_kind')]) != '', cells[at + indexOf(header, 'operation_kind')], tool_category = 'file_op', 'file', (tool_category IN ('search', 'shell')), tool_category, 'none') AS operation_kind,
    loaded_at
FROM assistant.landing_seeds
FINAL
WHERE (seed = 'tool_categories') AND (sign = 1);

CREATE DICTIONARY assistant.tool_category
(
    `tool_name` String,
    `tool_category` String DEFAULT 'unknown',
    `tool_description` String DEFAULT '',
    `operation_kind` String DEFAULT 'none'
)
PRIMARY KEY tool_name
SOURCE(CLICKHOUSE(NAME parley QUERY 'SELECT tool_name, tool_category, tool_description, operation_kind FROM assistant.tool_categories' INVALIDATE_QUERY 'SELECT max(row_version) FROM assistant.landing_seeds'))
LIFETIME(MIN 5 MAX 15)
LAYOUT(COMPLEX_KEY_HASHED())
COMMENT 'The seed tool_categories for queries of your own, at most 15 seconds behind. Columns: tool_name (key), tool_category (unknown when there is none), tool_description, operation_kind. Names that end in * are matched by dim_tools only. Example: SELECT dictGet(\'assistant.tool_category\', \'tool_category\', tuple(tool_name)) FROM assistant.stg_tool_calls';

CREATE VIEW assistant.variables
(
    `start_date` Date COMMENT 'First day of dim_date and agg_daily_summary (configuration key assistant.startDate).',
    `end_date` Date COMMENT 'Last day of dim_date (configuration key assistant.endDate).',
    `time_zone` String COMMENT 'Zone of every day and hour in this database (configuration key assistant.timeZone); UTC when this server does not know it.'
)
COMMENT 'What these views take from the configuration: one row.'
AS SELECT
    ifNull(toDateOrNull(max(if((entry.1) = 'start_date', entry.2, ''))), toDate('2024-01-01')) AS start_date,
    ifNull(toDateOrNull(max(if((entry.1) = 'end_date', entry.2, ''))), toDate('2099-12-31')) AS end_date,
    if(((max(if((entry.1) = 'time_zone', entry.2, '')) AS wanted) IN (
        SELECT time_zone
        FROM system.time_zones
    )), wanted, 'UTC') AS time_zone
FROM
(
    WITH
        arrayJoin(range(0, length(cells), greatest(length(header), 1))) AS at
    SELECT (cells[at + 1], cells[at + 2]) AS entry
    FROM assistant.landing_seeds
    FINAL
    WHERE (seed = 'variables') AND (sign = 1)
) AS entries;

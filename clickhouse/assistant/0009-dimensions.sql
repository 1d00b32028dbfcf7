-- Every fact has its day here, whatever start_date and end_date say. What the clock decides is decided when the view is read.
CREATE VIEW IF NOT EXISTS assistant.dim_date
(
    date_key Date COMMENT 'The day: unique.',
    year UInt16 COMMENT 'Year.',
    quarter UInt8 COMMENT 'Quarter, 1 to 4.',
    month UInt8 COMMENT 'Month, 1 to 12.',
    week_of_year UInt8 COMMENT 'ISO week, 1 to 53.',
    day_of_month UInt8 COMMENT 'Day of the month, 1 to 31.',
    day_of_week UInt8 COMMENT '0 is Sunday, 6 is Saturday.',
    day_of_year UInt16 COMMENT 'Day of the year, 1 to 366.',
    year_month String COMMENT 'Such as 2026-01.',
    year_quarter String COMMENT 'Such as 2026-Q1.',
    month_name LowCardinality(String) COMMENT 'January to December.',
    month_name_short LowCardinality(String) COMMENT 'Jan to Dec.',
    day_name LowCardinality(String) COMMENT 'Monday to Sunday.',
    day_name_short LowCardinality(String) COMMENT 'Mon to Sun.',
    week_start Date COMMENT 'Monday of its ISO week.',
    week_end Date COMMENT 'Sunday of its ISO week.',
    month_start Date COMMENT 'First day of its month.',
    month_end Date COMMENT 'Last day of its month.',
    quarter_start Date COMMENT 'First day of its quarter.',
    quarter_end Date COMMENT 'Last day of its quarter.',
    is_weekend Bool COMMENT 'Whether it is a Saturday or a Sunday.',
    is_weekday Bool COMMENT 'Whether it is neither.',
    is_today Bool COMMENT 'Whether it is today in the zone of assistant.variables. Decided when it is read, as all that follows.',
    is_yesterday Bool COMMENT 'Whether it is the day before.',
    is_current_week Bool COMMENT 'Whether it is in the ISO week of today.',
    is_current_month Bool COMMENT 'Whether it is in the month of today.',
    days_ago Int32 COMMENT 'Days before today; negative for days to come.',
    weeks_ago Int32 COMMENT 'ISO weeks before that of today; negative for weeks to come.'
)
AS WITH
    ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone,
    (SELECT if(count() = 0, toDateTime64('2100-01-01 00:00:00', 3, 'UTC'), min(first_at)) FROM assistant.store_activity) AS first_entry,
    (SELECT max(last_at) FROM assistant.store_activity) AS last_entry,
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
    toStartOfQuarter(date_key) + INTERVAL 3 MONTH - 1 AS quarter_end,
    toBool(toDayOfWeek(date_key) > 5) AS is_weekend,
    toBool(toDayOfWeek(date_key) <= 5) AS is_weekday,
    toBool(date_key = today_here) AS is_today,
    toBool(date_key = today_here - 1) AS is_yesterday,
    toBool(toMonday(date_key) = toMonday(today_here)) AS is_current_week,
    toBool(toStartOfMonth(date_key) = toStartOfMonth(today_here)) AS is_current_month,
    toInt32(today_here) - toInt32(date_key) AS days_ago,
    intDiv(toInt32(toMonday(today_here)) - toInt32(toMonday(date_key)), 7) AS weeks_ago
FROM
(
    SELECT arrayJoin(range(
        toUInt32(least((SELECT start_date FROM assistant.variables), toDate(first_entry, zone))),
        toUInt32(greatest((SELECT end_date FROM assistant.variables), toDate(last_entry, zone))) + 1)) AS number
) AS days
COMMENT 'Every day from start_date to end_date, and on to the first and last day with an entry when those are further.';

CREATE VIEW IF NOT EXISTS assistant.dim_sessions
(
    session_key String COMMENT 'Key of the session: its session_id, unique.',
    session_id String COMMENT 'The session: unique, also when it spans projects.',
    project_id LowCardinality(String) COMMENT 'Project with the most of its entries; of several, the one that sorts first. Joins dim_projects.',
    project_count UInt32 COMMENT 'Projects that its entries name.',
    date_key Date COMMENT 'Day on which it began, in the zone of assistant.variables; joins dim_date.',
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
    start_hour UInt8 COMMENT 'Hour, 0 to 23, at which it began, in the zone of assistant.variables.',
    start_day_of_week UInt8 COMMENT 'Day on which it began: 0 is Sunday, 6 is Saturday.',
    session_time_of_day LowCardinality(String) COMMENT 'morning (6 to 11), afternoon (12 to 17), evening (18 to 21) or night, by start_hour.',
    session_day_type LowCardinality(String) COMMENT 'weekend (Saturday, Sunday) or weekday.',
    messages_per_minute Nullable(Float64) COMMENT 'message_count / duration_minutes; null when it took no time.',
    tools_per_minute Nullable(Float64) COMMENT 'tool_call_count / duration_minutes; null when it took no time.',
    too_late_count UInt32 COMMENT 'Entries that came too late to be placed. They count above, but for responses and periods.',
    extracted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse took this row in, in UTC.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
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
    multiIf(start_hour BETWEEN 6 AND 11, 'morning', start_hour BETWEEN 12 AND 17, 'afternoon', start_hour BETWEEN 18 AND 21, 'evening', 'night') AS session_time_of_day,
    if(start_day_of_week IN (0, 6), 'weekend', 'weekday') AS session_day_type,
    if(duration_minutes > 0, message_count / duration_minutes, NULL) AS messages_per_minute,
    if(duration_minutes > 0, tool_call_count / duration_minutes, NULL) AS tools_per_minute,
    too_late_count,
    extracted_at
FROM assistant.int_sessions_computed
COMMENT 'One row per session, also of one that spans projects.';

-- ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS assistant.dim_projects
(
    project_key String COMMENT 'Key of the project: its project_id, unique.',
    project_id String COMMENT 'The project.',
    first_seen DateTime64(3, 'UTC') COMMENT 'Time of its first entry, in UTC.',
    last_active DateTime64(3, 'UTC') COMMENT 'Time of its last entry, in UTC.',
    total_entries UInt64 COMMENT 'Entries of every type.',
    session_count UInt64 COMMENT 'Sessions with an entry in it; one that spans projects counts in each.',
    active_days UInt64 COMMENT 'Days with an entry, in the zone of assistant.variables.',
    total_messages UInt64 COMMENT 'Messages of the user and the assistant.',
    user_messages UInt64 COMMENT 'Messages of the user.',
    assistant_messages UInt64 COMMENT 'Messages of the assistant.',
    total_tool_calls UInt64 COMMENT 'Tool calls. A call and its result are one call.',
    avg_messages_per_session Float64 COMMENT 'total_messages / session_count.',
    avg_tool_calls_per_session Float64 COMMENT 'total_tool_calls / session_count.',
    avg_messages_per_active_day Float64 COMMENT 'total_messages / active_days.',
    avg_session_minutes Nullable(Float64) COMMENT 'Mean duration of the sessions that are mostly in it; null when none is.',
    avg_content_length Nullable(Float64) COMMENT 'Characters of a message on average; null without one.',
    days_since_active Int32 COMMENT 'Days from the last entry to today; 0 when it is today.',
    project_age_days Int32 COMMENT 'Days from the first entry to today.',
    activity_status LowCardinality(String) COMMENT 'By days_since_active: active_today up to 1, active_this_week up to 7, active_this_month up to 30, else inactive.',
    project_size LowCardinality(String) COMMENT 'By session_count: single_session for 1, small up to 5, medium up to 20, else large.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
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
        uniqExact(toDate(store.slot, ifNull((SELECT time_zone FROM assistant.variables), 'UTC'))) AS days,
        sum(store.user_messages + store.assistant_messages) AS messages,
        sum(store.user_messages) AS user_messages,
        sum(store.content_length) AS content_length
    FROM assistant.store_activity AS store
    GROUP BY project_id
) AS projects
LEFT JOIN
(
    SELECT toString(store.project_id) AS project_id, sum(store.calls) AS calls
    FROM assistant.store_tool_calls AS store
    GROUP BY project_id
) AS tools ON tools.project_id = projects.project_id
LEFT JOIN
(
    SELECT toString(sessions.project_id) AS project_id, count() AS sessions, sum(sessions.duration_minutes) AS minutes
    FROM assistant.int_sessions_computed AS sessions
    GROUP BY project_id
) AS durations ON durations.project_id = projects.project_id
COMMENT 'One row per project that an entry names.';

-- ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS assistant.dim_tools
(
    tool_key String COMMENT 'Key of the tool: its tool_name, unique.',
    tool_name String COMMENT 'The tool.',
    tool_category LowCardinality(String) COMMENT 'Its category in tool_categories; unknown without one.',
    tool_description String COMMENT 'What it does; empty when unknown.',
    is_file_tool Bool COMMENT 'Whether its calls count as file operations.',
    is_search_tool Bool COMMENT 'Whether its calls count as searches.',
    is_shell_tool Bool COMMENT 'Whether its calls count as shell commands.',
    total_calls UInt64 COMMENT 'Calls. A call and its result are one call.',
    sessions_used UInt64 COMMENT 'Sessions with a call.',
    projects_used UInt64 COMMENT 'Projects with a call.',
    days_used UInt64 COMMENT 'Days with a call, in the zone of assistant.variables.',
    first_used Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the first call, in UTC; null without one.',
    last_used Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the last call, in UTC; null without one.',
    invocation_count UInt64 COMMENT 'Entries of type tool_use: the same as total_calls.',
    result_count UInt64 COMMENT 'Results of its calls; of unknown, also those without a call.',
    success_count UInt64 COMMENT 'Calls whose result says nothing of an error.',
    avg_execution_seconds Nullable(Float64) COMMENT 'Seconds from a call to its result on average; null without a result.',
    primary_file_type LowCardinality(Nullable(String)) COMMENT 'Type of the files that most calls name; of several, the one that sorts first. Null when no call names a file.',
    success_rate Nullable(Float64) COMMENT 'Share of the calls with a result whose result says nothing of an error, 0 to 1; null without a result.',
    popularity_rank UInt64 COMMENT 'Place by total_calls: 1 has the most; equal ones share a place.',
    usage_tier LowCardinality(String) COMMENT 'By total_calls: unused for 0, rare up to 10, occasional up to 100, frequent up to 1000, else heavy.'
)
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
    if(ifNull(calls.timed, 0) > 0, calls.duration_ms / 1000 / calls.timed, NULL) AS avg_execution_seconds,
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
        uniqExactIf(toDate(store.slot, ifNull((SELECT time_zone FROM assistant.variables), 'UTC')), store.calls > 0) AS days,
        min(store.first_called_at) AS first_called_at,
        max(store.last_called_at) AS last_called_at
    FROM assistant.store_tool_calls AS store
    GROUP BY tool_name
) AS calls ON calls.tool_name = tools.tool_name
LEFT JOIN
(
    -- The least of the pairs: most calls first, then the name.
    SELECT tool_name, min((-files, file_type)).2 AS file_type_category
    FROM
    (
        SELECT toString(store.tool_name) AS tool_name, toString(store.file_type_category) AS file_type, sum(store.calls) AS files
        FROM assistant.store_tool_calls AS store
        WHERE store.file_type_category != ''
        GROUP BY tool_name, file_type
    ) AS by_type
    GROUP BY tool_name
) AS types ON types.tool_name = tools.tool_name
COMMENT 'One row per tool that was called or that tool_categories names.';

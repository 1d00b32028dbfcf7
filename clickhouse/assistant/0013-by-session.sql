CREATE VIEW IF NOT EXISTS assistant.agg_activity_by_session
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
    total_response_seconds Float64 COMMENT 'Seconds that those took together.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
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
    sum(store.response_ms) / 1000 AS total_response_seconds
FROM assistant.store_activity AS store
GROUP BY date_key, hour_of_day, session_id, project_id
COMMENT 'Activity by session, project, day and hour: for sums of any other grouping, narrowed by day, project or session.';

CREATE VIEW IF NOT EXISTS assistant.agg_tools_by_session
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
    content_length UInt64 COMMENT 'Characters of the calls.'
)
AS WITH ifNull((SELECT time_zone FROM assistant.variables), 'UTC') AS zone
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
    sum(store.input_length) AS content_length
FROM assistant.store_tool_calls AS store
GROUP BY date_key, hour_of_day, session_id, project_id, tool_name, file_type_category
HAVING tool_calls > 0
COMMENT 'Tool calls by session, project, tool, day and hour: for sums of any other grouping, narrowed by day, project or session.';

SELECT
    count() AS sessions,
    sum(sessions.message_count) AS messages,
    sum(sessions.tool_call_count) AS tool_calls,
    if(count() > 0, avg(sessions.duration_seconds), NULL) AS avg_duration_seconds,
    if(count() > 0, avg(sessions.active_seconds), NULL) AS avg_active_seconds,
    if(count() > 0, avg(sessions.message_count), NULL) AS avg_messages_per_session,
    if(sum(sessions.response_count) > 0, sum(sessions.total_response_seconds) / sum(sessions.response_count), NULL) AS avg_response_seconds,
    if(sum(sessions.user_message_count) > 0, sum(sessions.tool_call_count) / sum(sessions.user_message_count), NULL) AS tool_calls_per_request
FROM assistant.dim_sessions AS sessions
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR activity_level IN {activity:Array(String)})

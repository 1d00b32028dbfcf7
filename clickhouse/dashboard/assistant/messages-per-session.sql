SELECT
    date_key,
    avg(sessions.message_count) AS avg_messages_per_session,
    avg(sessions.tool_call_count) AS avg_tool_calls_per_session
FROM assistant.dim_sessions AS sessions
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR activity_level IN {activity:Array(String)})
GROUP BY date_key
ORDER BY date_key

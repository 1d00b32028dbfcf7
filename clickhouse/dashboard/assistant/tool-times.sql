SELECT
    tool_name,
    sum(calls.total_execution_seconds) / sum(calls.timed_calls) AS avg_execution_seconds
FROM assistant.agg_tools_by_session AS calls
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
GROUP BY tool_name
HAVING sum(calls.timed_calls) > 0
ORDER BY avg_execution_seconds DESC, tool_name
LIMIT 25

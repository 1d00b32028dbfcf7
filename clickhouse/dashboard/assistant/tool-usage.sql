SELECT tool_name, sum(calls.tool_calls) AS total_calls
FROM assistant.agg_tools_by_session AS calls
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
GROUP BY tool_name
ORDER BY total_calls DESC, tool_name
LIMIT 25

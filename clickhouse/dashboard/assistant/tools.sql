SELECT
    sum(calls.tool_calls) AS total_calls,
    uniqExact(calls.tool_name) AS tools,
    uniqExact(calls.session_id) AS sessions,
    if(sum(calls.results) > 0, 100 * sum(calls.successes) / sum(calls.results), NULL) AS success_rate_pct,
    if(sum(calls.timed_calls) > 0, sum(calls.total_execution_seconds) / sum(calls.timed_calls), NULL) AS avg_execution_seconds
FROM assistant.agg_tools_by_session AS calls
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))

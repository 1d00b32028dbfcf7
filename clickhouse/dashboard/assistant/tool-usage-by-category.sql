SELECT tools.tool_category AS tool_category, sum(used.total_calls) AS total_calls
FROM
(
    SELECT toString(calls.tool_name) AS tool_name, sum(calls.tool_calls) AS total_calls
    FROM assistant.agg_tools_by_session AS calls
    WHERE date_key BETWEEN {from:Date} AND {to:Date}
        AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
        AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
    GROUP BY tool_name
) AS used
GLOBAL LEFT JOIN assistant.dim_tools AS tools ON tools.tool_name = used.tool_name
GROUP BY tool_category
ORDER BY total_calls DESC, tool_category

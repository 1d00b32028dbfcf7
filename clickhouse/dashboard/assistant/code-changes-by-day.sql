-- Never empty lists: transform takes none.
WITH (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT
    date_key,
    sum(calls.tool_calls) AS file_operation_count,
    sumIf(calls.tool_calls, tool_name = 'Read') AS file_reads,
    sumIf(calls.tool_calls, tool_name = 'Write') AS file_writes,
    sumIf(calls.tool_calls, tool_name IN ('Edit', 'MultiEdit')) AS file_edits
FROM assistant.agg_tools_by_session AS calls
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
    AND transform(toString(tool_name), kinds.1, kinds.2, 'none') = 'file'
GROUP BY date_key
ORDER BY date_key WITH FILL

-- Never empty lists: transform takes none.
WITH (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT if(file_type_category = '', 'other', file_type_category) AS file_type, sum(calls.tool_calls) AS total_operations
FROM assistant.agg_tools_by_session AS calls
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
    AND transform(toString(tool_name), kinds.1, kinds.2, 'none') = 'file'
GROUP BY file_type
ORDER BY total_operations DESC, file_type

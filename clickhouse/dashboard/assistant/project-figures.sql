-- Never empty lists: transform takes none.
WITH (SELECT (arrayPushBack(groupArray(tool_name), ''), arrayPushBack(groupArray(toString(operation_kind)), 'none')) FROM assistant.int_tools) AS kinds
SELECT
    activity.projects AS projects,
    activity.active_days AS active_days,
    activity.messages AS messages,
    files.file_operations AS file_operations,
    files.changes AS changes
FROM
(
    SELECT uniqExact(activity.project_id) AS projects, uniqExact(date_key) AS active_days, sum(activity.message_count) AS messages
    FROM assistant.agg_activity_by_session AS activity
    WHERE date_key BETWEEN {from:Date} AND {to:Date}
        AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
        AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
) AS activity
CROSS JOIN
(
    SELECT
        sum(calls.tool_calls) AS file_operations,
        sumIf(calls.tool_calls, tool_name IN ('Write', 'Edit', 'MultiEdit')) AS changes
    FROM assistant.agg_tools_by_session AS calls
    WHERE date_key BETWEEN {from:Date} AND {to:Date}
        AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
        AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
        AND transform(toString(tool_name), kinds.1, kinds.2, 'none') = 'file'
) AS files

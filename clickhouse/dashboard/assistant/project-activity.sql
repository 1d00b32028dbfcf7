SELECT project_id, sum(activity.message_count) AS total_messages
FROM assistant.agg_activity_by_session AS activity
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
GROUP BY project_id
ORDER BY total_messages DESC, project_id
LIMIT 25

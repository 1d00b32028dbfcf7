SELECT date_key, count() AS session_count
FROM assistant.dim_sessions AS sessions
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR activity_level IN {activity:Array(String)})
GROUP BY date_key
ORDER BY date_key WITH FILL

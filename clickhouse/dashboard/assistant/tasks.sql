-- Of each session, what most of its messages are about.
SELECT primary_task_category AS task_category, count() AS sessions
FROM assistant.dim_sessions AS sessions
WHERE date_key BETWEEN {from:Date} AND {to:Date}
    AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
    AND (empty({activity:Array(String)}) OR activity_level IN {activity:Array(String)})
    AND primary_task_category IS NOT NULL
GROUP BY task_category
ORDER BY sessions DESC, task_category

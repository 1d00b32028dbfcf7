-- As of now, whatever the days.
SELECT activity_status, count() AS projects
FROM assistant.dim_projects
WHERE empty({project:Array(String)}) OR project_id IN {project:Array(String)}
GROUP BY activity_status
ORDER BY indexOf(['active_today', 'active_this_week', 'active_this_month', 'inactive'], activity_status)

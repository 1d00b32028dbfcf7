-- As of now, whatever the days.
SELECT
    project_id, session_count, total_messages, total_tool_calls, active_days, avg_session_minutes, last_active, activity_status, project_size
FROM assistant.dim_projects
WHERE empty({project:Array(String)}) OR project_id IN {project:Array(String)}
ORDER BY last_active DESC, project_id
LIMIT 200

-- The full week, Monday first: hours without activity are 0.
SELECT
    ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][weekday] AS day_name,
    leftPad(toString(hour), 2, '0') AS hour_of_day,
    sum(parts.total) AS total_activity
FROM
(
    SELECT toUInt8(intDiv(number, 24) + 1) AS weekday, toUInt8(number % 24) AS hour, toUInt64(0) AS total
    FROM numbers(168)
    UNION ALL
    SELECT toDayOfWeek(date_key) AS weekday, activity.hour_of_day AS hour, sum(activity.message_count) AS total
    FROM assistant.agg_activity_by_session AS activity
    WHERE date_key BETWEEN {from:Date} AND {to:Date}
        AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
        AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
    GROUP BY weekday, hour
    UNION ALL
    SELECT toDayOfWeek(date_key) AS weekday, calls.hour_of_day AS hour, sum(calls.tool_calls) AS total
    FROM assistant.agg_tools_by_session AS calls
    WHERE date_key BETWEEN {from:Date} AND {to:Date}
        AND (empty({project:Array(String)}) OR project_id IN {project:Array(String)})
        AND (empty({activity:Array(String)}) OR session_id GLOBAL IN (SELECT session_id FROM assistant.dim_sessions WHERE activity_level IN {activity:Array(String)}))
    GROUP BY weekday, hour
) AS parts
GROUP BY weekday, hour
ORDER BY weekday, hour

-- When sessions start, in UTC.
SELECT
    toDayOfWeek(started_at) AS weekday_number,
    ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][weekday_number] AS weekday,
    toHour(started_at) AS hour_of_day,
    count() AS sessions
FROM conversations.fact_sessions
WHERE started_at >= toDateTime64({from:Date}, 3, 'UTC') AND started_at < toDateTime64({to:Date}, 3, 'UTC') + INTERVAL 1 DAY
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY weekday_number, hour_of_day
ORDER BY weekday_number, hour_of_day

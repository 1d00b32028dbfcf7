SELECT
    toDate(started_at) AS date_id,
    count() AS sessions,
    avg(message_count) AS messages_per_session,
    avg(duration_seconds) AS mean_duration_seconds
FROM conversations.fact_sessions
WHERE started_at >= toDateTime64({from:Date}, 3, 'UTC') AND started_at < toDateTime64({to:Date}, 3, 'UTC') + INTERVAL 1 DAY
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY date_id
ORDER BY date_id

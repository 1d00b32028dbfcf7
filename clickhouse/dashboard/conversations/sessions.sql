-- Sessions that started within the days, in UTC.
SELECT
    count() AS sessions,
    if(sessions > 0, avg(message_count), NULL) AS messages_per_session,
    if(sessions > 0, avg(duration_seconds), NULL) AS mean_duration_seconds,
    if(sessions > 0, quantileExactInclusiveIf(0.5)(duration_seconds, message_count > 1), NULL) AS p50_talking_seconds,
    if(sessions > 0, 100 * countIf(message_count = 1) / sessions, NULL) AS single_percent,
    if(sessions > 0, 100 * countIf(in_count > 0 AND out_count > 0) / sessions, NULL) AS answered_percent,
    countIf(is_open) AS open_sessions
FROM conversations.fact_sessions
WHERE started_at >= toDateTime64({from:Date}, 3, 'UTC') AND started_at < toDateTime64({to:Date}, 3, 'UTC') + INTERVAL 1 DAY
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})

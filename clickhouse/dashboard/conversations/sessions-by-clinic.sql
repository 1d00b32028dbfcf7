SELECT
    if(names.clinic_name = '', toString(held.clinic_code), names.clinic_name) AS clinic,
    held.sessions AS sessions,
    held.messages_per_session AS messages_per_session,
    held.mean_duration_seconds AS mean_duration_seconds,
    held.single_percent AS single_percent
FROM
(
    SELECT
        clinic_code,
        count() AS sessions,
        avg(message_count) AS messages_per_session,
        avg(duration_seconds) AS mean_duration_seconds,
        100 * countIf(message_count = 1) / sessions AS single_percent
    FROM conversations.fact_sessions
    WHERE started_at >= toDateTime64({from:Date}, 3, 'UTC') AND started_at < toDateTime64({to:Date}, 3, 'UTC') + INTERVAL 1 DAY
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
    GROUP BY clinic_code
) AS held
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = held.clinic_code
ORDER BY sessions DESC, clinic
LIMIT 500

SELECT
    ['1 message', '2', '3', '4 or 5', '6 to 10', 'over 10'][band] AS messages,
    count() AS sessions,
    100 * sessions / greatest(sum(sessions) OVER (), 1) AS share_percent
FROM
(
    SELECT toUInt8(multiIf(message_count < 4, message_count, message_count < 6, 4, message_count < 11, 5, 6)) AS band
    FROM conversations.fact_sessions
    WHERE started_at >= toDateTime64({from:Date}, 3, 'UTC') AND started_at < toDateTime64({to:Date}, 3, 'UTC') + INTERVAL 1 DAY
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
)
GROUP BY band
ORDER BY band

-- Tags that conversations first had within the days, and how the last whole month of the days compares with the one before.
WITH (
    SELECT toStartOfMonth(least({to:Date}, max(date_id)) + 1) - INTERVAL 1 MONTH
    FROM conversations.agg_engagement_daily
) AS last_month
SELECT
    toString(tag) AS tag,
    countIf(is_within) AS conversations,
    countIf(is_within AND is_urgent) AS urgent_conversations,
    countIf(is_within AND is_sensitive) AS sensitive_conversations,
    uniqExactIf(clinic_code, is_within) AS clinics,
    countIf(date_id >= last_month AND date_id < last_month + INTERVAL 1 MONTH) AS month_conversations,
    countIf(date_id >= last_month - INTERVAL 1 MONTH AND date_id < last_month) AS month_before_conversations,
    toInt64(month_conversations) - toInt64(month_before_conversations) AS change,
    multiIf(
        month_conversations = 0 AND month_before_conversations = 0, '–',
        month_before_conversations = 0, 'New',
        month_conversations >= 1.2 * month_before_conversations, 'Rising',
        month_conversations <= 0.8 * month_before_conversations, 'Falling',
        'Steady') AS trend
FROM
(
    SELECT tag, date_id, clinic_code, is_urgent, is_sensitive, date_id BETWEEN {from:Date} AND {to:Date} AS is_within
    FROM conversations.fact_conversation_tags
    WHERE empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)}
)
GROUP BY tag
HAVING conversations > 0
ORDER BY conversations DESC, tag
LIMIT 50

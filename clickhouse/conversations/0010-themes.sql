-- Themes are read straight from the tags: a row per conversation and tag is few beside its messages, and a correction
-- replaces it. ifNull: a BI tool may set join_use_nulls.
CREATE VIEW IF NOT EXISTS conversations.agg_themes
(
    month Date COMMENT 'First day of the month, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the month.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the month before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A month that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.'
)
AS SELECT
    now.month AS month,
    now.tag AS tag,
    now.conversations AS conversations,
    now.urgent_conversations AS urgent_conversations,
    now.sensitive_conversations AS sensitive_conversations,
    now.clinics AS clinics,
    ifNull(before.conversations, 0) AS previous_conversations,
    toInt64(conversations) - toInt64(previous_conversations) AS change,
    multiIf(
        previous_conversations = 0, 'New',
        conversations >= 1.2 * previous_conversations, 'Rising',
        conversations <= 0.8 * previous_conversations, 'Falling',
        'Steady') AS trend
FROM
(
    SELECT
        toStartOfMonth(date_id) AS month,
        tag,
        count() AS conversations,
        countIf(is_urgent) AS urgent_conversations,
        countIf(is_sensitive) AS sensitive_conversations,
        uniqExact(clinic_code) AS clinics
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS now
LEFT JOIN
(
    SELECT toStartOfMonth(date_id) + INTERVAL 1 MONTH AS month, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY month, tag
) AS before ON before.month = now.month AND before.tag = now.tag
COMMENT 'Themes of conversations by month: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

CREATE VIEW IF NOT EXISTS conversations.agg_themes_weekly
(
    week Date COMMENT 'Monday of the ISO week, in UTC.',
    tag LowCardinality(String) COMMENT 'Tag of the conversations.',
    conversations UInt64 COMMENT 'Conversations that first had the tag in the week.',
    urgent_conversations UInt64 COMMENT 'Those of them that were urgent then.',
    sensitive_conversations UInt64 COMMENT 'Those of them that were sensitive then.',
    clinics UInt64 COMMENT 'Clinics that they belong to.',
    previous_conversations UInt64 COMMENT 'conversations of the week before; 0 when there was none.',
    change Int64 COMMENT 'conversations - previous_conversations. A week that is not over is compared with a whole one.',
    trend LowCardinality(String) COMMENT 'New when previous_conversations is 0, Rising from 20 % more, Falling from 20 % less, else Steady.'
)
AS SELECT
    now.week AS week,
    now.tag AS tag,
    now.conversations AS conversations,
    now.urgent_conversations AS urgent_conversations,
    now.sensitive_conversations AS sensitive_conversations,
    now.clinics AS clinics,
    ifNull(before.conversations, 0) AS previous_conversations,
    toInt64(conversations) - toInt64(previous_conversations) AS change,
    multiIf(
        previous_conversations = 0, 'New',
        conversations >= 1.2 * previous_conversations, 'Rising',
        conversations <= 0.8 * previous_conversations, 'Falling',
        'Steady') AS trend
FROM
(
    SELECT
        toMonday(date_id) AS week,
        tag,
        count() AS conversations,
        countIf(is_urgent) AS urgent_conversations,
        countIf(is_sensitive) AS sensitive_conversations,
        uniqExact(clinic_code) AS clinics
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS now
LEFT JOIN
(
    SELECT toMonday(date_id) + INTERVAL 7 DAY AS week, tag, count() AS conversations
    FROM conversations.fact_conversation_tags
    GROUP BY week, tag
) AS before ON before.week = now.week AND before.tag = now.tag
COMMENT 'Themes of conversations by week: how often, how urgent, how it changes. By clinic: fact_conversation_tags.';

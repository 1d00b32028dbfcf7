-- A conversation that is active on two days counts on both: the level is that of a clinic's usual day.
SELECT
    if(names.clinic_name = '', toString(activity.clinic_code), names.clinic_name) AS clinic,
    activity.messages AS messages,
    activity.in_messages AS in_messages,
    activity.out_messages AS out_messages,
    activity.new_conversations AS new_conversations,
    activity.sessions AS sessions,
    if(activity.conversation_days > 0, activity.messages / activity.conversation_days, NULL) AS messages_per_conversation,
    multiIf(messages_per_conversation >= 10, 'High', messages_per_conversation >= 5, 'Medium', 'Low') AS level
FROM
(
    SELECT
        clinic_code,
        sum(daily.messages) AS messages,
        sum(daily.in_messages) AS in_messages,
        sum(daily.out_messages) AS out_messages,
        sum(daily.new_conversations) AS new_conversations,
        sum(daily.sessions) AS sessions,
        sum(daily.active_conversations) AS conversation_days
    FROM conversations.agg_engagement_daily AS daily
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
    GROUP BY clinic_code
) AS activity
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = activity.clinic_code
ORDER BY messages DESC, clinic
LIMIT 500

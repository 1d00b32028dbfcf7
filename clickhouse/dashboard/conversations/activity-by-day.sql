SELECT
    date_id,
    sum(daily.messages) AS messages,
    sum(daily.in_messages) AS in_messages,
    sum(daily.out_messages) AS out_messages,
    sum(daily.active_conversations) AS active_conversations,
    sum(daily.new_conversations) AS new_conversations,
    sum(daily.sessions) AS sessions
FROM conversations.agg_engagement_daily AS daily
WHERE date_id BETWEEN {from:Date} AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY date_id
ORDER BY date_id

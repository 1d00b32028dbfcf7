-- Whole weeks: every one that the days touch. A conversation active twice in a week counts once.
SELECT
    periods.week AS week,
    sum(periods.messages) AS messages,
    sum(periods.active_conversations) AS active_conversations,
    sum(periods.new_conversations) AS new_conversations,
    sum(periods.active_customers) AS active_customers,
    sum(periods.sessions) AS sessions,
    messages / nullIf(active_conversations, 0) AS messages_per_conversation,
    active_conversations / nullIf(active_customers, 0) AS conversations_per_customer
FROM conversations.agg_engagement_weekly AS periods
WHERE periods.week BETWEEN toMonday({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY periods.week
HAVING messages > 0
ORDER BY periods.week

-- The first and last day with a message.
SELECT min(date_id) AS first, max(date_id) AS last
FROM conversations.agg_engagement_daily
HAVING count() > 0

-- The first and last day with an entry, in the zone of assistant.variables.
SELECT min(date_key) AS first, max(date_key) AS last
FROM assistant.agg_activity_by_session
HAVING count() > 0

-- The six tags that most conversations first had within the days, by week; a week without one is a zero, not a gap.
WITH
    counted AS
    (
        SELECT toMonday(date_id) AS week, toString(tag) AS tag, count() AS conversations
        FROM conversations.fact_conversation_tags
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        GROUP BY week, tag
    ),
    busiest AS
    (
        SELECT tag FROM counted GROUP BY tag ORDER BY sum(conversations) DESC, tag LIMIT 6
    )
SELECT weeks.week AS week, tags.tag AS tag, counted.conversations AS conversations
FROM (SELECT DISTINCT week FROM counted) AS weeks
CROSS JOIN busiest AS tags
LEFT JOIN counted ON counted.week = weeks.week AND counted.tag = tags.tag
ORDER BY week, tag

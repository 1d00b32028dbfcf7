-- Clinics by their level in each whole week that the days touch.
SELECT
    week,
    toString(engagement_level) AS level,
    count() AS clinics
FROM conversations.agg_engagement_weekly
WHERE week BETWEEN toMonday({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY week, engagement_level
ORDER BY week, level

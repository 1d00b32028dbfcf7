SELECT
    toString(code) AS code,
    toString(topic) AS topic,
    count() AS records,
    countIf(replayed_at IS NULL) AS waiting,
    countIf(replayed_at IS NOT NULL) AS replayed,
    max(dead_at) AS last_at
FROM orchestrator.dead_letters
WHERE toDate(dead_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
GROUP BY code, topic
ORDER BY waiting DESC, records DESC, code, topic
LIMIT 200

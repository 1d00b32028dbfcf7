-- The last records that were refused. Their bytes stay in the warehouse: `parley dlq show` prints them.
SELECT
    dead_at,
    toString(code) AS code,
    toString(topic) AS topic,
    shard,
    offset,
    left(message, 300) AS message,
    size,
    replayed_at
FROM orchestrator.dead_letters
WHERE toDate(dead_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
ORDER BY dead_at DESC, topic, shard, offset DESC
LIMIT 50

-- Batches that failed, and those planned more than a minute ago that have not ended, the last first.
SELECT
    started_at,
    toString(stage) AS stage,
    partition,
    plan,
    toString(status) AS status,
    ifNull(error, '') AS error
FROM orchestrator.runs
WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
    AND (status = 'FAILED' OR (status = 'RUNNING' AND started_at < now64(3, 'UTC') - INTERVAL 1 MINUTE))
ORDER BY started_at DESC, stage, partition, plan DESC
LIMIT 50

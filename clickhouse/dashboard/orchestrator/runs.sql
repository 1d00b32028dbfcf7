-- The last batches.
SELECT
    started_at,
    toString(stage) AS stage,
    partition,
    plan,
    toString(status) AS status,
    elapsed_ms / 1000 AS elapsed_seconds,
    events,
    rows,
    rejected,
    late,
    duplicates,
    ifNull(error, '') AS error
FROM orchestrator.runs
WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
ORDER BY started_at DESC, stage, partition, plan DESC
LIMIT 50

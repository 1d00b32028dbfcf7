-- Events a second while a stage worked: a batch is timed from its plan to its commit, and batches of one task overlap.
SELECT
    toString(stage) AS stage,
    uniqExact(partition) AS partitions,
    count() AS batches,
    sum(runs.events) AS events,
    sum(runs.rows) AS rows,
    quantileExactIf(0.5)(elapsed_ms, elapsed_ms IS NOT NULL) / 1000 AS p50_batch_seconds,
    quantileExactIf(0.9)(elapsed_ms, elapsed_ms IS NOT NULL) / 1000 AS p90_batch_seconds,
    countIf(status = 'FAILED') AS failed,
    countIf(status = 'RECOVERED') AS recovered,
    sum(runs.rejected) AS rejected
FROM orchestrator.runs AS runs
WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
    AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
GROUP BY stage
ORDER BY stage

-- Where each task stands by what it has committed. A process that has tasks answers this itself, with their state and lag.
SELECT
    CAST(stage, 'String') AS stage,
    partition,
    range.topic AS topic,
    range.shard AS shard,
    '' AS state,
    toNullable(max(range.to)) AS position,
    CAST(NULL, 'Nullable(UInt64)') AS lag,
    CAST(NULL, 'Nullable(Float64)') AS restored_percent,
    CAST(NULL, 'Nullable(Float64)') AS waiting_seconds,
    CAST(NULL, 'Nullable(String)') AS failure
FROM
(
    SELECT
        stage,
        partition,
        arrayJoin(JSONExtract(ranges, 'Array(Tuple(shard String, topic String, `from` UInt64, `to` UInt64))')) AS range
    FROM orchestrator.runs
    WHERE status IN ('COMPLETED', 'RECOVERED')
        AND (empty({stage:Array(String)}) OR stage IN {stage:Array(String)})
)
GROUP BY stage, partition, topic, shard
ORDER BY stage, partition, topic, shard
LIMIT 5000

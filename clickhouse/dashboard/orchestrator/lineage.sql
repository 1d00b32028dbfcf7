-- What is made from what, a step a row, of all that runs: topics, stages, storage, tables. Metrics are left out, and so
-- is the warehouse's own bookkeeping unless it is asked for.
SELECT
    if(source_kind IN ('topic', 'stage'), concat(source_kind, ' ', source), source) AS source,
    if(target_kind IN ('topic', 'stage'), concat(target_kind, ' ', target), target) AS target
FROM orchestrator.lineage AS steps
WHERE target_kind != 'metric' AND (domain != 'orchestrator' OR has({domain:Array(String)}, 'orchestrator'))
    AND (empty({domain:Array(String)}) OR domain IN {domain:Array(String)})
ORDER BY source, target
LIMIT 5000

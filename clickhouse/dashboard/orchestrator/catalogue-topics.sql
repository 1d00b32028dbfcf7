-- What producers write to, and after how long without a newer event it counts as stale.
SELECT
    domain,
    name,
    definition,
    warn_after_hours,
    error_after_hours
FROM orchestrator.catalogue
WHERE kind = 'topic' AND layer = 'source'
    AND (empty({domain:Array(String)}) OR domain IN {domain:Array(String)})
ORDER BY domain, name
LIMIT 1000

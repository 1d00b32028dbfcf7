-- Tests by how they ended, for each run of them.
SELECT
    started_at,
    countIf(status = 'pass') AS passed,
    countIf(status = 'warn') AS warned,
    countIf(status IN ('fail', 'error')) AS failed
FROM orchestrator.test_results
WHERE toDate(started_at) BETWEEN {from:Date} AND {to:Date}
GROUP BY run_id, started_at
ORDER BY started_at
LIMIT 5000

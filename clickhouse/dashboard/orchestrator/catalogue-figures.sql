-- How much there is, and whether its tests passed when they were last run.
SELECT
    (SELECT count() FROM orchestrator.catalogue WHERE layer IN ('fact', 'dimension', 'aggregate', 'staging', 'intermediate', 'other')) AS tables,
    (SELECT count() FROM orchestrator.catalogue WHERE kind = 'metric') AS metrics,
    (SELECT uniqExact(test) FROM (SELECT arrayJoin(tests) AS test FROM orchestrator.catalogue)) AS tests,
    countIf(status = 'pass') AS passed,
    countIf(status = 'warn') AS warned,
    countIf(status IN ('fail', 'error')) AS failed,
    if(count() = 0, NULL, max(started_at)) AS tested_at
FROM
(
    SELECT status, started_at
    FROM orchestrator.test_results
    ORDER BY started_at DESC
    LIMIT 1 BY test
)

-- The last result of every data test, those that failed first.
SELECT
    test,
    toString(type) AS type,
    toString(status) AS status,
    failures,
    message,
    started_at AS tested_at,
    elapsed_ms
FROM
(
    SELECT *
    FROM orchestrator.test_results
    ORDER BY started_at DESC
    LIMIT 1 BY test
)
ORDER BY indexOf(['error', 'fail', 'warn', 'pass'], status), test
LIMIT 2000

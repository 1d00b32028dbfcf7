-- Choices of the filter.
SELECT DISTINCT toString(stage) AS value, value AS label
FROM orchestrator.runs
ORDER BY label
LIMIT 200

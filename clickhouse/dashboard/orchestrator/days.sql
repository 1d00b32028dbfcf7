-- The first and last day on which a batch was planned.
SELECT toDate(min(started_at)) AS first, toDate(max(started_at)) AS last
FROM orchestrator.runs
HAVING count() > 0

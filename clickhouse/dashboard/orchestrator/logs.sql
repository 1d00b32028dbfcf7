-- The last warnings and errors.
SELECT time, toString(level) AS level, toString(component) AS component, left(message, 300) AS message, run
FROM orchestrator.logs
WHERE toDate(time) BETWEEN {from:Date} AND {to:Date} AND level IN ('warn', 'error', 'fatal')
ORDER BY time DESC
LIMIT 50

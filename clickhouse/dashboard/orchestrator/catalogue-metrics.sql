-- Metrics: what each means, how it is computed, and where it stands.
SELECT
    domain,
    substring(name, length(domain) + length('.metrics.') + 1) AS metric,
    definition,
    unit,
    formula,
    arrayStringConcat(columns, ', ') AS columns,
    length(tests) AS tests,
    arrayStringConcat(questions, ' ') AS questions
FROM orchestrator.catalogue
WHERE kind = 'metric' AND (empty({domain:Array(String)}) OR domain IN {domain:Array(String)})
ORDER BY domain, metric
LIMIT 1000

-- What analysts read: tables, views and dictionaries, with what each row stands for and what it is made from.
SELECT
    name,
    layer,
    definition,
    arrayStringConcat(grain, ', ') AS grain,
    arrayStringConcat(inputs, ', ') AS inputs,
    arrayStringConcat(questions, ' ') AS questions,
    length(tests) AS tests
FROM orchestrator.catalogue
WHERE kind IN ('table', 'view', 'dictionary') AND layer NOT IN ('landing', 'storage')
    AND (empty({domain:Array(String)}) OR domain IN {domain:Array(String)})
ORDER BY domain = 'orchestrator', domain, indexOf(['fact', 'dimension', 'aggregate'], layer) = 0, indexOf(['fact', 'dimension', 'aggregate'], layer), name
LIMIT 1000

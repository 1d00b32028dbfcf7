-- Every column that analysts read, with its comment.
SELECT
    concat(columns.database, '.', columns.table) AS table_name,
    columns.name AS column_name,
    columns.type AS type,
    columns.comment AS definition
FROM system.columns AS columns
INNER JOIN
(
    SELECT name
    FROM orchestrator.catalogue
    WHERE kind IN ('table', 'view') AND layer NOT IN ('landing', 'storage')
        AND (empty({domain:Array(String)}) OR domain IN {domain:Array(String)})
) AS entries ON entries.name = concat(columns.database, '.', columns.table)
ORDER BY table_name, columns.position
LIMIT 5000

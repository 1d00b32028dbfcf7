-- Versions of conversations that began in a month, by what they were changed to. The first version of one is no change.
SELECT
    toStartOfMonth(valid_from) AS month,
    if(status = '', 'unknown', toString(status)) AS status,
    countIf(version > 1) AS changes,
    countIf(version = 1) AS begun
FROM conversations.dim_conversations
WHERE toStartOfMonth(valid_from) BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
    AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
GROUP BY month, status
ORDER BY month, status

-- Customers as they are now, by how many conversations they have had; the days do not narrow it.
SELECT
    ['1', '2', '3 or 4', '5 to 9', '10 or more'][band] AS conversations,
    count() AS customers,
    100 * customers / greatest(sum(customers) OVER (), 1) AS share_percent
FROM
(
    SELECT toUInt8(multiIf(total_conversations < 2, 1, total_conversations < 3, 2, total_conversations < 5, 3, total_conversations < 10, 4, 5)) AS band
    FROM conversations.dim_customers
    WHERE is_current AND total_conversations > 0
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
)
GROUP BY band
ORDER BY band

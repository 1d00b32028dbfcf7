SELECT
    date_id,
    sum(buckets.number) AS responses,
    quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0))) AS quantiles,
    quantiles[1] AS p50_response_seconds,
    quantiles[2] AS p90_response_seconds
FROM
(
    SELECT date_id, bucket_seconds, sum(slots.responses) AS number
    FROM conversations.agg_response_slots AS slots
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    GROUP BY date_id, bucket_seconds
) AS buckets
GROUP BY date_id
HAVING responses > 0
ORDER BY date_id

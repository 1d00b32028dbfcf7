-- How many responses took how long.
SELECT
    ['under 1 min', '1 to 5 min', '5 to 15 min', '15 to 60 min', '1 to 4 h', '4 to 24 h', 'over a day'][band] AS took,
    sum(buckets.number) AS responses,
    100 * responses / greatest(sum(responses) OVER (), 1) AS share_percent
FROM
(
    SELECT
        toUInt8(multiIf(bucket_seconds < 60, 1, bucket_seconds < 300, 2, bucket_seconds < 900, 3, bucket_seconds < 3600, 4, bucket_seconds < 14400, 5, bucket_seconds < 86400, 6, 7)) AS band,
        sum(slots.responses) AS number
    FROM conversations.agg_response_slots AS slots
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    GROUP BY band
) AS buckets
GROUP BY band
HAVING responses > 0
ORDER BY band

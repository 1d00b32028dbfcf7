-- Response times in figures. Means are exact; quantiles come from the histogram, at most 2 % off.
SELECT
    sum(buckets.number) AS responses,
    if(responses > 0, sum(buckets.seconds) / responses, NULL) AS mean_response_seconds,
    if(responses > 0, quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0)))[1], NULL) AS p50_response_seconds,
    if(responses > 0, quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0)))[2], NULL) AS p90_response_seconds,
    sum(buckets.firsts) AS first_responses,
    if(first_responses > 0, quantileExactWeighted(0.5)(bucket_seconds, toUInt64(greatest(firsts, 0))), NULL) AS p50_first_response_seconds,
    if(responses > 0, 100 * sumIf(number, bucket_seconds <= 3600) / responses, NULL) AS within_hour_percent
FROM
(
    SELECT
        bucket_seconds,
        sum(slots.responses) AS number,
        sum(slots.response_seconds) AS seconds,
        sumIf(slots.responses, is_first_response) AS firsts
    FROM conversations.agg_response_slots AS slots
    WHERE date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    GROUP BY bucket_seconds
) AS buckets

SELECT
    if(names.clinic_name = '', toString(answered.clinic_code), names.clinic_name) AS clinic,
    answered.responses AS responses,
    answered.seconds / answered.responses AS mean_response_seconds,
    answered.quantiles[1] AS p50_response_seconds,
    answered.quantiles[2] AS p90_response_seconds,
    if(answered.first_responses > 0, answered.first_quantile, NULL) AS p50_first_response_seconds,
    100 * answered.within_hour / answered.responses AS within_hour_percent
FROM
(
    SELECT
        clinic_code,
        sum(buckets.number) AS responses,
        sum(buckets.seconds) AS seconds,
        sum(buckets.firsts) AS first_responses,
        sumIf(buckets.number, bucket_seconds <= 3600) AS within_hour,
        quantilesExactWeighted(0.5, 0.9)(bucket_seconds, toUInt64(greatest(number, 0))) AS quantiles,
        quantileExactWeighted(0.5)(bucket_seconds, toUInt64(greatest(firsts, 0))) AS first_quantile
    FROM
    (
        SELECT
            clinic_code,
            bucket_seconds,
            sum(slots.responses) AS number,
            sum(slots.response_seconds) AS seconds,
            sumIf(slots.responses, is_first_response) AS firsts
        FROM conversations.agg_response_slots AS slots
        WHERE date_id BETWEEN {from:Date} AND {to:Date}
            AND (empty({clinic:Array(String)}) OR clinic_code IN {clinic:Array(String)})
            AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
        GROUP BY clinic_code, bucket_seconds
    ) AS buckets
    GROUP BY clinic_code
    HAVING responses > 0
) AS answered
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = answered.clinic_code
ORDER BY responses DESC, clinic
LIMIT 500

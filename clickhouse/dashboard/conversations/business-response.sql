SELECT
    count() AS responses,
    quantileExactLowOrNull(0.5)(times.response_seconds) AS p50_response_seconds,
    quantileExactLowOrNull(0.5)(times.business_response_seconds) AS p50_business_response_seconds,
    quantileExactLowOrNull(0.9)(times.response_seconds) AS p90_response_seconds,
    quantileExactLowOrNull(0.9)(times.business_response_seconds) AS p90_business_response_seconds,
    avgOrNull(times.response_seconds) AS mean_response_seconds,
    avgOrNull(times.business_response_seconds) AS mean_business_response_seconds
FROM conversations.fact_response_times AS times
WHERE times.date_id BETWEEN {from:Date} AND {to:Date}
    AND (empty({clinic:Array(String)}) OR times.clinic_code IN {clinic:Array(String)})
    AND (empty({channel:Array(String)}) OR times.channel IN {channel:Array(String)})

SELECT
    if(names.clinic_name = '', compared.clinic_code, names.clinic_name) AS clinic,
    compared.number AS responses,
    compared.quantiles[1] AS p50_response_seconds,
    compared.business_quantiles[1] AS p50_business_response_seconds,
    compared.quantiles[2] AS p90_response_seconds,
    compared.business_quantiles[2] AS p90_business_response_seconds
FROM
(
    SELECT
        toString(times.clinic_code) AS clinic_code,
        count() AS number,
        quantilesExactLow(0.5, 0.9)(times.response_seconds) AS quantiles,
        quantilesExactLow(0.5, 0.9)(times.business_response_seconds) AS business_quantiles
    FROM conversations.fact_response_times AS times
    WHERE times.date_id BETWEEN {from:Date} AND {to:Date}
        AND (empty({clinic:Array(String)}) OR times.clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR times.channel IN {channel:Array(String)})
    GROUP BY times.clinic_code
) AS compared
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = compared.clinic_code
ORDER BY responses DESC, clinic
LIMIT 500

SELECT
    if(names.clinic_name = '', waiting.clinic_code, names.clinic_name) AS clinic,
    waiting.conversations AS waiting_conversations,
    waiting.urgent AS urgent_conversations,
    waiting.longest_seconds AS longest_waiting_seconds,
    waiting.p50_seconds AS p50_waiting_seconds,
    waiting.p50_business_seconds AS p50_waiting_business_seconds,
    waiting.over_1_hour AS waiting_over_1_business_hour,
    waiting.over_8_hours AS waiting_over_8_business_hours
FROM
(
    SELECT
        toString(clinic_code) AS clinic_code,
        count() AS conversations,
        countIf(is_urgent) AS urgent,
        max(waiting_seconds) AS longest_seconds,
        quantileExactLow(0.5)(waiting_seconds) AS p50_seconds,
        quantileExactLow(0.5)(waiting_business_seconds) AS p50_business_seconds,
        countIf(waiting_business_seconds > 3600) AS over_1_hour,
        countIf(waiting_business_seconds > 28800) AS over_8_hours
    FROM conversations.waiting_now AS now
    WHERE (empty({clinic:Array(String)}) OR now.clinic_code IN {clinic:Array(String)})
        AND (empty({channel:Array(String)}) OR channel IN {channel:Array(String)})
    GROUP BY now.clinic_code
) AS waiting
LEFT JOIN conversations.dim_clinics_current AS names ON names.clinic_code = waiting.clinic_code
ORDER BY waiting_conversations DESC, clinic
LIMIT 500
